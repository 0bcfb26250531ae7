"""Cases of secrets-from-vault. Secrets here are random text of the right form that opens nothing."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any, Final

from tests.policy.cases import UNKNOWN, Case, Declared, Hidden, Kind, System, bare

PASSWORD: Final = "Eshoh3ahb7ai"
VAULT_TOKEN: Final = "hvs." + "CAESIJ7mQ2vR9wXk4LbT1zYp8NcH"
AWS_KEY: Final = "AKIA" + "Z7QX4NPLM2VRTK6D"
GITHUB_TOKEN: Final = "ghp_" + "a8Kd03jfLs92mXn4vBq7Zt5RwYe1UcPo6HgI"
RANDOM: Final = "pX9vK2mQ7wZr4TnB6yHc8LdF3sJa5GeU1"
MARKED: Final = "holds a secret that is not marked as one: it would be readable in the state"


def packed(text: str) -> str:
    """In base64 of gzip, the same every time."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def machine(**inputs: Any) -> Declared:
    return Declared("scaleway.instance.Server", {"type": "DEV1-S", "zone": "nl-ams-1", **inputs})


def cloud_init(text: str) -> Declared:
    return machine(cloud_init=f"#cloud-config\n{text}")


def file(content: str, encoding: str = "text/plain") -> str:
    document = {"write_files": [{"path": "/etc/app.conf", "encoding": encoding, "content": content}]}
    return json.dumps(document, indent=1)


def command(text: Any, **inputs: Any) -> Declared:
    return Declared("command.local.Command", {"create": text, **inputs})


def database(password: Any, **inputs: Any) -> Declared:
    given = {"instance_class": "db.t3.micro", "engine": "mysql", "username": "app", "allocated_storage": 20}
    return Declared("aws.rds.Instance", {**given, **({} if password is None else {"password": password}), **inputs})


def function(variables: Any) -> Declared:
    return Declared("aws.lambda_.Function", {"role": "r", "environment": {"variables": variables}})


def task(**container: Any) -> Declared:
    definitions = json.dumps([{"name": "app", "image": "app@sha256:" + "0" * 64, **container}])
    return Declared("aws.ecs.TaskDefinition", {"family": "app", "container_definitions": definitions})


def vault_secret(data: Any) -> Declared:
    return Declared("vault.kv.SecretV2", {"mount": "m", "name": "n", "data_json": data})


CASES: Final = (
    # User data
    Case(Kind.PASS, "user data without a secret", cloud_init("packages: [nginx]")),
    Case(
        Kind.FAIL,
        "user data with a password",
        cloud_init(file(f'database_password = "{PASSWORD}"')),
        ["cloudInit contains a secret in plain text: a value for database_password"],
    ),
    *(
        Case(
            Kind.FAIL,
            f"user data with {title}",
            cloud_init(text),
            [f"cloudInit contains a secret in plain text: {kind}"],
        )
        for title, text, kind in (
            ("a vault token", f"runcmd: [bao login {VAULT_TOKEN}]", "a Vault token (line 2)"),
            ("an access key of aws", f"runcmd: [aws --id {AWS_KEY}]", "AWS Access Key"),
            ("a private key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "Private Key"),
            ("a password in an address", f"db: mysql://app:{PASSWORD}@10.0.0.1/app", "Basic Auth Credentials"),
            ("the hash of a password", "passwd: $6$rounds=4096$saltsalt$" + "a1B2" * 21, "a password's hash"),
            ("a random value", f"runcmd: [join {RANDOM}]", "a random value"),
            ("an age key", "runcmd: [age AGE-SECRET-KEY-1" + "Q2W3E4R5T6" * 6 + "]", "an age key"),
            ("an unseal key", "Unseal Key 1: abcdefghijklmnopqrstuvwxyz", "a Vault unseal key or recovery token"),
        )
    ),
    Case(
        Kind.NESTED,
        "user data with a packed password",
        cloud_init(file(packed(f"password: {PASSWORD}\n" * 3), "gz+b64")),
        ["a value for password (base64 in line"] * 3,
    ),
    Case(
        Kind.NESTED,
        "user data with a password that is packed twice",
        cloud_init(
            file(
                packed(
                    file(packed(f"password: {PASSWORD}")),
                ),
                "gz+b64",
            )
        ),
        ["a value for password (base64 in line"],
    ),
    Case(
        Kind.NESTED,
        "user data with what nobody can look into",
        cloud_init(file(base64.b64encode(b"\x1f\x8b" + bytes(range(60))).decode(), "b64")),
        ["a payload that cannot be looked into"],
    ),
    Case(
        Kind.SECRET,
        "user data that is hidden and has a password",
        machine(cloud_init=Hidden(f"#cloud-config\n{file(f'password = {PASSWORD}')}")),
        ["cloudInit contains a secret in plain text: a value for password"],
    ),
    Case(Kind.UNKNOWN, "user data that is not known yet", machine(cloud_init=UNKNOWN)),
    Case(
        Kind.NESTED,
        "user data by key",
        machine(user_data={"cloud-init": f"password: {PASSWORD}"}),
        ["userData.cloud-init contains a secret in plain text: a value for password (line 1)"],
    ),
    Case(
        Kind.PASS,
        "user data with one wrapped token",
        machine(cloud_init=Hidden(f"#cloud-config\n# wrapped, for one use\ntoken_file: {VAULT_TOKEN}")),
    ),
    Case(
        Kind.FAIL,
        "user data with two wrapped tokens",
        machine(cloud_init=f"#cloud-config\n# wrapped\na: {VAULT_TOKEN}\nb: {VAULT_TOKEN[:-1]}X"),
        ["a Vault token"],
    ),
    Case(
        Kind.PASS,
        "user data with the path of a secret, a template and public keys",
        cloud_init(
            "vault_path: hosting/database/app\npassword: '{{ vault_password }}'\ntoken: ${TOKEN}\n"
            "ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH0mGTpZ0bFkmuDTwPvJrHSjRwPNjV7MT6Q5eXkTvK2M x]\n"
            "password: required\nsecret: /etc/app/secret\npassword_file: /run/secrets/app\n"
            f"sha256: {'0123456789abcdef' * 4}"
        ),
    ),
    # Texts where people write settings
    Case(Kind.PASS, "a command", command("systemctl reload nginx")),
    Case(
        Kind.FAIL,
        "a command with a password",
        command(f"mysql --password={PASSWORD}"),
        ["create contains a secret in plain text: a value for"],
    ),
    Case(
        Kind.PASS,
        "the units of a token's life",
        Declared(
            "aws.cognito.UserPoolClient",
            {"user_pool_id": "p", "token_validity_units": {"access_token": "minutes", "refresh_token": "days"}},
        ),
    ),
    Case(Kind.SECRET, "a command that is hidden", command(Hidden(f"mysql --password={PASSWORD}"))),
    Case(
        Kind.NESTED,
        "a trigger with a token",
        command("true", triggers=[{"a": [VAULT_TOKEN]}]),
        ["triggers[0].a[0] contains a secret in plain text: a Vault token"],
    ),
    Case(
        Kind.FAIL,
        "the environment of a command with a secret",
        command("true", environment={"DB_PASSWORD": PASSWORD}),
        [f"environment.DB_PASSWORD {MARKED}"],
    ),
    Case(
        Kind.SECRET,
        "the environment of a command with a hidden secret",
        command("true", environment={"DB_PASSWORD": Hidden(PASSWORD)}),
    ),
    Case(
        Kind.NESTED,
        "a function with a secret in a variable",
        function({"LOG": "info", "API_TOKEN": "tok-4711-abcd"}),
        [f"environment.variables.API_TOKEN {MARKED}"],
    ),
    Case(
        Kind.NESTED,
        "a function with a token of a known form in any variable",
        function({"GIT": GITHUB_TOKEN}),
        [
            "environment.variables.GIT contains a secret in plain text: GitHub Token",
            "environment.variables.GIT contains a secret in plain text: a random value",
        ],
    ),
    Case(Kind.UNKNOWN, "a function with a variable that is not known yet", function({"API_TOKEN": UNKNOWN})),
    Case(
        Kind.PASS,
        "a function with the name of a secret",
        function({"API_TOKEN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app"}),
    ),
    Case(
        Kind.NESTED,
        "a container with a secret in its environment",
        task(environment=[{"name": "X", "value": f"postgres://app:{PASSWORD}@10.0.0.1/app"}]),
        ["containerDefinitions contains a secret in plain text: Basic Auth Credentials"],
    ),
    Case(
        Kind.PASS,
        "a container that takes its secret from a store",
        task(secrets=[{"name": "DB", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/db"}]),
    ),
    Case(
        Kind.FAIL,
        "a tag with a token",
        Declared("aws.s3.Bucket", {"tags": {"deploy": GITHUB_TOKEN}}),
        [
            "tags.deploy contains a secret in plain text: GitHub Token",
            "tags.deploy contains a secret in plain text: a random value",
        ],
    ),
    Case(
        Kind.FAIL,
        "a tag of a list with a token",
        machine(tags=[f"deploy={VAULT_TOKEN}"]),
        ["tags[0] contains a secret in plain text: a Vault token"],
    ),
    Case(
        Kind.FAIL,
        "a description with a key",
        Declared("aws.ec2.SecurityGroup", {"description": f"for {AWS_KEY}"}),
        ["description contains a secret in plain text: AWS Access Key"],
    ),
    # Properties that are secrets
    Case(Kind.MISSING, "a database without a password", database(None, manage_master_user_password=True)),
    # The SDK marks what it knows to be secret by itself.
    Case(Kind.SECRET, "a database whose password the sdk marks", database(PASSWORD)),
    Case(Kind.SECRET, "a database whose password is hidden", database(Hidden(PASSWORD))),
    Case(Kind.UNKNOWN, "a database whose password is not known yet", database(UNKNOWN)),
    Case(
        Kind.FAIL,
        "a cluster's token that the sdk does not mark",
        Declared(
            "aws.cognito.IdentityProvider",
            {
                "user_pool_id": "p",
                "provider_name": "n",
                "provider_type": "OIDC",
                "attribute_mapping": {},
                "provider_details": {"client_id": "c", "client_secret": PASSWORD},
            },
        ),
        [f"providerDetails.client_secret {MARKED}"],
    ),
    Case(
        Kind.SECRET,
        "a cluster's token that the program marks",
        Declared(
            "aws.cognito.IdentityProvider",
            {
                "user_pool_id": "p",
                "provider_name": "n",
                "provider_type": "OIDC",
                "attribute_mapping": {},
                "provider_details": {"client_id": "c", "client_secret": Hidden(PASSWORD)},
            },
        ),
    ),
    Case(
        Kind.PASS,
        "a cluster's token that is a reference",
        Declared(
            "aws.cognito.IdentityProvider",
            {
                "user_pool_id": "p",
                "provider_name": "n",
                "provider_type": "OIDC",
                "attribute_mapping": {},
                "provider_details": {"client_id": "c", "client_secret": "${secret}"},
            },
        ),
    ),
    Case(
        Kind.PASS,
        "a token that makes a request happen once",
        Declared("aws.efs.FileSystem", {"creation_token": "media-files", "encrypted": True}),
    ),
    *(
        Case(
            Kind.FAIL,
            f"{key} of {token} that is not marked",
            Declared(token, {key: "opaque-value-1"}),
            [f"{key} {MARKED}"],
        )
        for token, key in (
            ("vault:kv/secretV2:SecretV2", "dataJson"),
            ("vault:kv/secret:Secret", "dataJson"),
            ("vault:generic/secret:Secret", "dataJson"),
            ("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", "secretId"),
            ("vault:appRole/authBackendLogin:AuthBackendLogin", "secretId"),
            ("scaleway:secrets/version:Version", "data"),
        )
    ),
    Case(
        Kind.NESTED,
        "a build whose commands have a random value",
        Declared(
            "aws.codebuild.Project",
            {
                "service_role": "r",
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": {"compute_type": "S", "image": "i", "type": "LINUX_CONTAINER"},
                "source": {"type": "NO_SOURCE", "buildspec": f"commands: [join {RANDOM}]"},
            },
        ),
        ["source.buildspec contains a secret in plain text: a random value"],
    ),
    Case(
        Kind.NESTED,
        "a fleet whose machines have a random value in their user data",
        bare(
            "aws:ec2/spotFleetRequest:SpotFleetRequest",
            launchSpecifications=[{"ami": "a", "instanceType": "t3.micro", "userData": f"join {RANDOM}"}],
        ),
        ["launchSpecifications[0].userData contains a secret in plain text: a random value"],
    ),
    Case(
        Kind.PASS,
        "a description with a random value, such as a commit",
        Declared("aws.ec2.SecurityGroup", {"description": f"for {RANDOM}"}),
    ),
    Case(Kind.SECRET, "a secret of vault", vault_secret(Hidden('{"password": "x-y-z-1"}'))),
    Case(
        Kind.PASS,
        "a password's policy is no password",
        Declared("aws.iam.AccountPasswordPolicy", {"minimum_password_length": 14, "require_symbols": True}),
    ),
)

SYSTEMS: Final = (
    System(Kind.PASS, "resources that report no secret", {"pet": Declared("random.RandomPet", {})}),
    System(Kind.SECRET, "a password that its provider hides", {"p": Declared("random.RandomPassword", {"length": 24})}),
)
