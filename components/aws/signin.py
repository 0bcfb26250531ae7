"""Who may ask: users, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy

aws = lazy("pulumi_aws")

PASSWORD_LENGTH: Final = 14
TOKEN_HOURS: Final = 1
SESSION_DAYS: Final = 1
INVITATION_DAYS: Final = 3


@dataclass(frozen=True)
class SignInArgs:
    """`name` is the pool's; users sign in at <prefix>.auth.<region>.amazoncognito.com; tokens are good for the scope
    `<resource>/read`. With `protect`, AWS and the engine refuse to delete the users."""

    name: str
    region: str
    prefix: str
    resource: str
    protect: bool


class SignIn(pulumi.ComponentResource):
    """A Cognito user pool.

    Creates the pool, whose users are invited, sign in by mail address and password, and have a second factor (an app
    that makes codes); the pages where they sign in; and what tokens can be good for. `client` adds a program.

    Outputs: `issuer` (URL of who issues tokens), `scope`, `host` (where the pages are), `pool` (id).
    """

    def __init__(self, args: SignInArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:SignIn", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        pool = aws.cognito.UserPool(
            args.name,
            name=args.name,
            username_attributes=["email"],
            auto_verified_attributes=["email"],
            username_configuration={"case_sensitive": False},
            admin_create_user_config={"allow_admin_create_user_only": True},
            password_policy={
                "minimum_length": PASSWORD_LENGTH,
                "require_lowercase": True,
                "require_uppercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "temporary_password_validity_days": INVITATION_DAYS,
            },
            mfa_configuration="ON",
            software_token_mfa_configuration={"enabled": True},
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            deletion_protection="ACTIVE" if args.protect else "INACTIVE",
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.pool: pulumi.Output[str] = pool.id
        self.issuer = pulumi.Output.concat("https://", pool.endpoint)
        aws.cognito.UserPoolDomain(args.name, domain=args.prefix, user_pool_id=self.pool, opts=self._child)
        self._resource = aws.cognito.ResourceServer(
            args.name,
            user_pool_id=self.pool,
            identifier=args.resource,
            name=args.resource,
            scopes=[{"scope_name": "read", "scope_description": f"To read {args.resource}"}],
            opts=self._child,
        )
        self.scope = f"{args.resource}/read"
        self.host = f"{args.prefix}.auth.{args.region}.amazoncognito.com"
        self.register_outputs({"issuer": self.issuer, "host": self.host})

    def client(self, name: str, page: pulumi.Input[str]) -> pulumi.Output[str]:
        """Add the program that runs at the address `page` in a browser, and return its id.

        It gets a code by redirection and a token for that (RFC 7636, PKCE); it has no secret, since it could keep none.
        """
        client: Any = aws.cognito.UserPoolClient(
            name,
            name=name,
            user_pool_id=self.pool,
            generate_secret=False,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", self.scope],
            callback_urls=[page],
            logout_urls=[page],
            supported_identity_providers=["COGNITO"],
            explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=TOKEN_HOURS,
            id_token_validity=TOKEN_HOURS,
            refresh_token_validity=SESSION_DAYS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._resource]),
        )
        identifier: pulumi.Output[str] = client.id
        return identifier
