"""Vault as the keeper of every secret: a mount, a policy and an AppRole a role, a single-use token a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy
from components.secrets.paths import Secret, paths_of
from settings import Role

vault = lazy("pulumi_vault")
random = lazy("pulumi_random")

TOKEN_TTL_SECONDS: Final = 3600
"""How long a machine's token lives before it logs in anew; a revoked role loses access within this time."""
WRAPPING_TTL: Final = "24h"
"""How long a new machine has for its first boot, until the token in its user data is worthless."""
PASSWORD_LENGTH: Final = 32


@dataclass(frozen=True)
class VaultArgs:
    """`name` is the prefix of mounts and policies; `networks` says from which addresses each role may log in."""

    name: str
    networks: Mapping[Role, Sequence[str]]


class Vault(pulumi.ComponentResource):
    """The secrets of one system.

    Creates a KV (version 2) mount `<name>`, an AppRole mount `<name>-machines`, and for every role that has secrets
    a policy that reads exactly its paths and an AppRole that is bound to the role's addresses.
    """

    def __init__(self, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:secrets:Vault", args.name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.mount = args.name
        self._kv = vault.Mount(
            args.name,
            path=args.name,
            type="kv",
            options={"version": "2"},
            description="Secrets of the hosting system",
            opts=self._child,
        )
        self._auth = vault.AuthBackend(
            f"{args.name}-machines", path=f"{args.name}-machines", type="approle", opts=self._child
        )
        self._roles = {
            role: self._role(args.name, role, networks) for role, networks in args.networks.items() if paths_of(role)
        }
        self.register_outputs({"mount": self._kv.path})

    @property
    def auth_path(self) -> str:
        """The AppRole mount that machines log in at."""
        return f"{self.mount}-machines"

    def _role(self, name: str, role: Role, networks: Sequence[str]) -> Any:
        policy = vault.Policy(
            f"{name}-{role}", name=f"{name}-{role}", policy=policy_text(self.mount, role), opts=self._child
        )
        return vault.approle.AuthBackendRole(
            f"{name}-{role}",
            backend=self._auth.path,
            role_name=role.value,
            token_policies=[policy.name],
            token_no_default_policy=True,
            token_ttl=TOKEN_TTL_SECONDS,
            token_max_ttl=TOKEN_TTL_SECONDS,
            token_bound_cidrs=list(networks),
            secret_id_bound_cidrs=list(networks),
            opts=self._child,
        )

    def role_id(self, role: Role) -> pulumi.Output[str] | None:
        """The public half of a role's login; None where the role has no secrets."""
        return self._roles[role].role_id if role in self._roles else None

    def first_token(self, machine: str, role: Role) -> pulumi.Output[str] | None:
        """A response-wrapped secret id for one machine: it can be unwrapped once; None where it has no secrets."""
        if role not in self._roles:
            return None
        secret_id = vault.approle.AuthBackendRoleSecretId(
            machine,
            backend=self._auth.path,
            role_name=self._roles[role].role_name,
            metadata=json.dumps({"machine": machine}),
            wrapping_ttl=WRAPPING_TTL,
            with_wrapped_accessor=True,
            opts=self._child,
        )
        token: pulumi.Output[str] = pulumi.Output.secret(secret_id.wrapping_token)
        return token

    def password(self, secret: Secret, **fields: pulumi.Input[str]) -> pulumi.Output[str]:
        """Invent a password, keep it at the secret's path beside other fields, and return it."""
        invented = random.RandomPassword(
            secret.path.replace("/", "-"), length=PASSWORD_LENGTH, special=False, opts=self._child
        )
        self.keep(secret, password=invented.result, **fields)
        result: pulumi.Output[str] = invented.result
        return result

    def keep(self, secret: Secret, **fields: pulumi.Input[str]) -> None:
        """Write a secret."""
        data: Any = pulumi.Output.json_dumps(fields, sort_keys=True)
        vault.kv.SecretV2(
            secret.path.replace("/", "-"),
            mount=self._kv.path,
            name=secret.path,
            data_json=pulumi.Output.secret(data),
            delete_all_versions=True,
            opts=self._child,
        )


def policy_text(mount: str, role: Role) -> str:
    """The Vault policy of a role: its own secrets and nothing else, and only to read."""
    rules = [f'path "{mount}/data/{path}" {{\n  capabilities = ["read"]\n}}\n' for path in paths_of(role)]
    return "\n".join(rules)
