"""Users, and the programs that they sign in with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox import rules
from sandbox.cloud import Call, CloudError, Kind, Reference
from sandbox.clouds.aws.base import HOME_REGION, Api, AwsKind, Reading
from sandbox.clouds.aws.tokens import FUNCTION
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

POOL: Final = "aws:cognito/userPool:UserPool"
CLIENT: Final = "aws:cognito/userPoolClient:UserPoolClient"
_POLICIES: Final = {"PasswordPolicy": "{passwordPolicy}", "SignInPolicy": "{signInPolicy}"}
_TRIGGERS: Final = (
    "createAuthChallenge",
    "customMessage",
    "defineAuthChallenge",
    "postAuthentication",
    "postConfirmation",
    "preAuthentication",
    "preSignUp",
    "preTokenGeneration",
    "userMigration",
    "verifyAuthChallengeResponse",
)


class UserPool(AwsKind):
    """Users."""

    token = POOL
    service = "cognito-idp"
    references = tuple(Reference(f"lambdaConfig.{name}", (FUNCTION,), output="arn") for name in _TRIGGERS)
    replace_on = frozenset({"aliasAttributes", "usernameAttributes", "usernameConfiguration", "schemas"})
    renames = {
        "emailConfiguration.fromEmailAddress": "From",
        "emailConfiguration.configurationSet": "ConfigurationSet",
        "tags": "UserPoolTags",
    }
    creation = Api("CreateUserPool", {"Policies": _POLICIES}, mapped=True)
    identity = "UserPool.Id"
    settings = (
        Api(
            "SetUserPoolMfaConfig",
            {
                "UserPoolId": "{id}",
                "MfaConfiguration": "{mfaConfiguration}",
                "SoftwareTokenMfaConfiguration": "{softwareTokenMfaConfiguration}",
            },
            when=lambda p: bool(p.get("softwareTokenMfaConfiguration")),
        ),
    )
    changes = (Api("UpdateUserPool", {"UserPoolId": "{id}", "Policies": _POLICIES}, mapped=True),)
    deletion = (Api("DeleteUserPool", {"UserPoolId": "{id}"}),)
    readings = (
        Reading(
            "DescribeUserPool",
            {"UserPoolId": "{id}"},
            "merge(UserPool, {PasswordPolicy: UserPool.Policies.PasswordPolicy})",
        ),
    )
    outputs = {"endpoint": "cognito-idp.{region}.amazonaws.com/{id}"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """A second factor needs a way."""
        yield from super().check(inputs, call)
        ways = ("softwareTokenMfaConfiguration", "smsConfiguration", "emailMfaConfiguration", "webAuthnConfiguration")
        if inputs.get("mfaConfiguration") in ("ON", "OPTIONAL") and not any(inputs.get(way) for way in ways):
            yield Failure(
                "mfaConfiguration", f"is {inputs['mfaConfiguration']!r}, which needs one of {', '.join(ways)}"
            )
        yield from rules.between(inputs, "passwordPolicy.minimumLength", 6, 99, "characters")

    def on_delete(self, row: Row, call: Call) -> None:
        """Protected users stay."""
        if row.outputs.get("deletionProtection") == "ACTIVE":
            raise CloudError(
                f"InvalidParameterException: {row.name} is protected; set deletionProtection to INACTIVE first"
            )
        super().on_delete(row, call)


class UserPoolClient(AwsKind):
    """A program that users sign in with; its secret is asked for anew whenever it is handed out."""

    token = CLIENT
    service = "cognito-idp"
    tag_operations = None
    references = (Reference("userPoolId", (POOL,)),)
    replace_on = frozenset({"userPoolId", "generateSecret"})
    hidden = frozenset({"clientSecret"})
    creation = Api("CreateUserPoolClient", mapped=True)
    identity = "UserPoolClient.ClientId"
    changes = (Api("UpdateUserPoolClient", {"UserPoolId": "{userPoolId}", "ClientId": "{id}"}, mapped=True),)
    deletion = (Api("DeleteUserPoolClient", {"UserPoolId": "{userPoolId}", "ClientId": "{id}"}),)
    readings = (
        Reading("DescribeUserPoolClient", {"UserPoolId": "{userPoolId}", "ClientId": "{id}"}, "UserPoolClient"),
    )

    def handed_over(self, row: Row, call: Call) -> Properties:
        """The program's secret."""
        found = self._found(self._properties(row.id, row.inputs, row.outputs, call), call) or {}
        return {"clientSecret": found["ClientSecret"]} if found.get("ClientSecret") else {}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Sign-in by redirection needs to know where to."""
        yield from super().check(inputs, call)
        if "code" in (inputs.get("allowedOauthFlows") or []) and not inputs.get("callbackUrls"):
            yield Failure("callbackUrls", "is required with the flow code")
        for index, address in enumerate(inputs.get("callbackUrls") or []):
            if rules.known(address) and not str(address).startswith(("https://", "http://localhost")):
                yield Failure(f"callbackUrls[{index}]", f"is {address!r}, but accepted begins with https://")


class UserPoolDomain(AwsKind):
    """Where users sign in."""

    token = "aws:cognito/userPoolDomain:UserPoolDomain"
    service = "cognito-idp"
    naming = "domain"
    autoname = False
    tag_operations = None
    references = (Reference("userPoolId", (POOL,)),)
    unique = frozenset({"domain", "userPoolId"})
    replace_on = frozenset({"userPoolId"})
    creation = Api(
        "CreateUserPoolDomain",
        {
            "Domain": "{domain}",
            "UserPoolId": "{userPoolId}",
            "CustomDomainConfig": {"CertificateArn": "{certificateArn}"},
            "ManagedLoginVersion": "{managedLoginVersion}",
        },
    )
    identity = "{domain}"
    deletion = (Api("DeleteUserPoolDomain", {"Domain": "{domain}", "UserPoolId": "{userPoolId}"}),)
    readings = (Reading("DescribeUserPoolDomain", {"Domain": "{domain}"}, "DomainDescription"),)
    outputs = {"cloudfrontDistribution": "CloudFrontDistribution"}

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """AWS's own domains take a prefix; a domain of one's own has a certificate in the region of CloudFront."""
        yield from super().check(inputs, call)
        certificate = inputs.get("certificateArn")
        if certificate is None:
            yield from rules.matches(
                inputs,
                "domain",
                r"^(?!.*(aws|amazon|cognito))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
                "1 to 63 of a-z, 0-9 and -, without aws, amazon and cognito, or a domain with certificateArn",
            )
        elif rules.known(certificate) and f":{HOME_REGION}:" not in str(certificate):
            yield Failure("certificateArn", f"is {certificate!r}, but accepted is a certificate in {HOME_REGION}")


class ResourceServer(AwsKind):
    """What tokens may be good for: moto cannot change or delete one, so that the sandbox's list alone keeps it."""

    token = "aws:cognito/resourceServer:ResourceServer"
    naming = "identifier"
    service = "cognito-idp"
    tag_operations = None
    references = (Reference("userPoolId", (POOL,)),)
    replace_on = frozenset({"userPoolId", "identifier"})
    creation = Api("CreateResourceServer", mapped=True, held=False)
    changes = (Api("UpdateResourceServer", mapped=True, held=False),)
    identity = "{userPoolId}|{identifier}"
    outputs = {
        "scopeIdentifiers": lambda p: [f"{p['identifier']}/{scope['scopeName']}" for scope in p.get("scopes") or []]
    }


KINDS: Final[tuple[Kind, ...]] = (UserPool(), UserPoolClient(), UserPoolDomain(), ResourceServer())
