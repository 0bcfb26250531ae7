"""The chat's secrets in Vault: a document for each service, which that service alone may read."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.sdk import lazy
from settings.chat.model import Service

vault = lazy("pulumi_vault")
random = lazy("pulumi_random")

PASSWORD_LENGTH: Final = 48
"""ElastiCache takes 16 to 128 characters."""
CURVE_BYTES: Final = 32
_BASE85: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_Z85: Final = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


@dataclass(frozen=True)
class SecretsArgs:
    """`name` is that of the mount, and the prefix of all others."""

    name: str


class Secrets(pulumi.ComponentResource):
    """What the services must know and nobody else.

    Creates a KV mount (version 2); `keep` adds a service's document and the policy that reads it. Which task may have
    which policy is decided by Vault's owners, by the role of the task (docs/chat.md has the command): the program that
    writes secrets does not say who reads them.
    """

    def __init__(self, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:aws:Secrets", args.name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.mount = args.name
        self._kv = vault.Mount(
            args.name,
            path=args.name,
            type="kv",
            options={"version": "2"},
            description="Secrets of the chat",
            opts=self._child,
        )
        self.register_outputs({"mount": self._kv.path})

    def password(self, name: str) -> pulumi.Output[str]:
        """Invent a password of letters and digits."""
        invented = random.RandomPassword(
            f"{self._args.name}-{name}", length=PASSWORD_LENGTH, special=False, opts=self._child
        )
        result: pulumi.Output[str] = invented.result
        return result

    def curve_key(self, name: str) -> pulumi.Output[str]:
        """Invent a secret key for ZMQ's encryption: 32 bytes, written in Z85."""
        key = random.RandomBytes(f"{self._args.name}-{name}", length=CURVE_BYTES, opts=self._child)
        written: pulumi.Output[str] = pulumi.Output.secret(key.base64.apply(z85))
        return written

    def keep(self, service: Service, fields: Mapping[str, pulumi.Input[str]]) -> pulumi.Resource:
        """Write a service's document, which is returned, and the policy that reads it."""
        name = f"{self._args.name}-{service}"
        path = f"{self.mount}/data/{service}"
        vault.Policy(name, name=name, policy=f'path "{path}" {{\n  capabilities = ["read"]\n}}\n', opts=self._child)
        data: Any = pulumi.Output.json_dumps(fields, sort_keys=True)
        document: pulumi.Resource = vault.kv.SecretV2(
            name,
            mount=self._kv.path,
            name=service.value,
            data_json=pulumi.Output.secret(data),
            delete_all_versions=True,
            opts=self._child,
        )
        return document


def z85(encoded: str) -> str:
    """Base64 as Z85 (ZeroMQ RFC 32), which differs from Python's base 85 in the alphabet alone."""
    return base64.b85encode(base64.b64decode(encoded)).translate(bytes.maketrans(_BASE85, _Z85)).decode()
