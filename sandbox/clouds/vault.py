"""Vault: not simulated, but a real OpenBao server behind the engine's protocol.

What a resource is, is read from the server itself. The list of the sandbox keeps only which resources there are, and
no secret of theirs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, ClassVar, Final

import hvac
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, VaultError

from sandbox import rules
from sandbox.cloud import Call, Cloud, CloudError, Kind, Reference, by_token
from sandbox.properties import Properties
from sandbox.schema import Failure
from sandbox.store import Row

MOUNT: Final = "vault:index/mount:Mount"
AUTH: Final = "vault:index/authBackend:AuthBackend"
APPROLE: Final = "vault:appRole/authBackendRole:AuthBackendRole"
TYPES: Final = ("kv", "pki", "ssh", "transit", "database", "totp")
NOT_READY: Final = "Upgrading from non-versioned to versioned data"
"""What a KV mount says for a moment after it was made."""
READY_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.1
AUTH_TYPES: Final = ("approle", "cert", "jwt", "kubernetes", "ldap", "oidc", "userpass")


def client(call: Call) -> hvac.Client:
    """The server, with the token of whoever configured the provider."""
    return hvac.Client(url=call.servers.vault_address, token=call.session.account.secret, timeout=30)


class VaultKind(Kind):
    """Something at a path of the server."""

    def path(self, inputs: Properties) -> str:
        """Where it is."""
        raise NotImplementedError

    def body(self, inputs: Properties) -> Properties:
        """What is written there."""
        raise NotImplementedError

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its path."""
        return self.path(inputs)

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Write it."""
        _server(call, "write", self.path(inputs), self.body(inputs))

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Write it again."""
        self.on_create(row.id, inputs, outputs, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """Delete it."""
        _server(call, "delete", self.path(row.inputs))

    def observe(self, row: Row, call: Call) -> Properties | None:
        """As it is at the server; None where it is gone."""
        found = _server(call, "read", self.path(row.inputs))
        return None if found is None else {**row.outputs, **self.reported(found, row)}

    def reported(self, found: Properties, row: Row) -> Properties:
        """The properties that the server reports."""
        return {}


def _ask(server: hvac.Client, method: str, path: str, body: Properties) -> Any:
    if method == "read":
        return server.read(path)
    return server.write_data(path, data=body) if method == "write" else server.delete(path)


def _server(call: Call, method: str, path: str, body: Properties | None = None) -> Any:
    """One call of the server's API; what it answers under `data`, or None where there is nothing.

    A KV mount that is not ready yet is waited for, as the real provider does.
    """
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            answer = _ask(client(call), method, path, body or {})
            break
        except InvalidPath:
            return None
        except (VaultError, OSError) as error:
            if NOT_READY not in str(error) or time.monotonic() > deadline:
                raise CloudError(f"{method} {path}: {error}") from None
            time.sleep(POLL_SECONDS)
    if not isinstance(answer, dict):
        return None
    return answer.get("data") or answer.get("auth") or answer.get("wrap_info")


class Mount(VaultKind):
    """A secrets engine at a path."""

    token = MOUNT
    replace_on = frozenset({"path", "type", "local", "sealWrap"})
    unique = frozenset({"path"})
    prefix: ClassVar[str] = "sys/mounts"
    types: ClassVar[tuple[str, ...]] = TYPES

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Engines are those that the server has; paths have no slash at their ends."""
        yield from rules.one_of(inputs, "type", self.types)
        yield from rules.matches(inputs, "path", r"^[^/ ](.*[^/ ])?$", "a path without a slash at its ends")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Its path."""
        return str(inputs.get("path") or inputs["type"])

    def path(self, inputs: Properties) -> str:
        """In the server's list of mounts."""
        return f"{self.prefix}/{inputs.get('path') or inputs['type']}"

    def body(self, inputs: Properties) -> Properties:
        """Type, description and options."""
        return {name: value for name, value in inputs.items() if name in ("type", "description", "options")}

    def on_create(self, identifier: str, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Mount it; one that an interrupted call has left behind is taken over."""
        if self._find(identifier, call) is None:
            super().on_create(identifier, inputs, outputs, call)

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """Change what can be changed of a mount."""
        _server(call, "write", f"{self.path(inputs)}/tune", {"description": inputs.get("description", "")})

    def observe(self, row: Row, call: Call) -> Properties | None:
        """As the server lists it."""
        found = self._find(row.id, call)
        if found is None:
            return None
        reported = {
            name: value for name, value in found.items() if name in ("type", "description") and name in row.inputs
        }
        return {**row.outputs, **reported}

    def _find(self, path: str, call: Call) -> Properties | None:
        listed = _server(call, "read", self.prefix) or {}
        found: Properties | None = listed.get(f"{path}/")
        return found


class AuthBackend(Mount):
    """A way to log in, at a path."""

    token = AUTH
    replace_on = frozenset({"path", "type", "local"})
    prefix = "sys/auth"
    types = AUTH_TYPES

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """The path is the type's name where none is given."""
        return {"path": identifier}


class Policy(VaultKind):
    """Who may do what at which paths."""

    token = "vault:index/policy:Policy"  # noqa: S105 - a type
    replace_on = frozenset({"name"})
    unique = frozenset({"name"})

    def path(self, inputs: Properties) -> str:
        """In the server's list of policies."""
        return f"sys/policies/acl/{inputs['name']}"

    def body(self, inputs: Properties) -> Properties:
        """The text."""
        return {"policy": inputs["policy"]}

    def reported(self, found: Properties, row: Row) -> Properties:
        """The text, as it is there."""
        return {"policy": found["policy"]}


class SecretV2(VaultKind):
    """A secret in a KV engine of version 2."""

    token = "vault:kv/secretV2:SecretV2"  # noqa: S105 - a type
    replace_on = frozenset({"mount", "name"})
    references = (Reference("mount", (MOUNT,), output="path"),)
    hidden = frozenset({"dataJson", "dataJsonWo", "data"})

    def path(self, inputs: Properties) -> str:
        """Where its data is."""
        return f"{inputs['mount']}/data/{inputs['name']}"

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """Data is one JSON object."""
        for name in ("dataJson", "dataJsonWo"):
            text = inputs.get(name)
            if rules.known(text) and not _is_object(str(text)):
                yield Failure(name, "is not a JSON object")
        if inputs.get("name") is None:
            yield Failure("name", "is required (a path)")

    def body(self, inputs: Properties) -> Properties:
        """The data."""
        return {"data": json.loads(inputs.get("dataJson") or inputs.get("dataJsonWo") or "{}")}

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """Its path."""
        return {"path": identifier}

    def observe(self, row: Row, call: Call) -> Properties | None:
        """Gone, if the server has it no more."""
        found = _server(call, "read", self.path(row.inputs))
        return None if found is None else row.outputs

    def handed_over(self, row: Row, call: Call) -> Properties:
        """The data, as it is at the server, so that a change behind our back is seen."""
        found = _server(call, "read", self.path(row.inputs))
        return {"dataJson": json.dumps(found["data"], sort_keys=True)} if found else {}

    def on_delete(self, row: Row, call: Call) -> None:
        """Delete all versions where that was asked for, else the latest."""
        if row.inputs.get("deleteAllVersions"):
            _server(call, "delete", f"{row.inputs['mount']}/metadata/{row.inputs['name']}")
        else:
            super().on_delete(row, call)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


class AppRole(VaultKind):
    """A role that machines log in as."""

    token = APPROLE
    replace_on = frozenset({"backend", "roleName", "roleId"})
    references = (Reference("backend", (AUTH,), output="path"),)
    fields: ClassVar[dict[str, str]] = {
        "bindSecretId": "bind_secret_id",
        "secretIdBoundCidrs": "secret_id_bound_cidrs",
        "secretIdNumUses": "secret_id_num_uses",
        "secretIdTtl": "secret_id_ttl",
        "tokenBoundCidrs": "token_bound_cidrs",
        "tokenMaxTtl": "token_max_ttl",
        "tokenNoDefaultPolicy": "token_no_default_policy",
        "tokenNumUses": "token_num_uses",
        "tokenPeriod": "token_period",
        "tokenPolicies": "token_policies",
        "tokenTtl": "token_ttl",
        "tokenType": "token_type",
    }

    def path(self, inputs: Properties) -> str:
        """Among the roles of its backend."""
        return f"auth/{inputs.get('backend', 'approle')}/role/{inputs['roleName']}"

    def body(self, inputs: Properties) -> Properties:
        """Its settings, by the server's names."""
        return {theirs: inputs[ours] for ours, theirs in self.fields.items() if ours in inputs}

    def reported(self, found: Properties, row: Row) -> Properties:
        """Its settings, as they are there."""
        reported = {
            ours: found[theirs] for ours, theirs in self.fields.items() if ours in row.inputs and theirs in found
        }
        for name in ("tokenBoundCidrs", "secretIdBoundCidrs", "tokenPolicies"):
            if name in reported and sorted(reported[name] or []) == sorted(row.outputs[name]):
                reported[name] = row.outputs[name]  # the server sorts its lists
        return reported

    def handed_over(self, row: Row, call: Call) -> Properties:
        """The public half of the login."""
        found = _server(call, "read", f"{self.path(row.inputs)}/role-id")
        return {"roleId": found["role_id"]} if found else {}


class AppRoleSecretId(VaultKind):
    """The secret half of a role's login, wrapped so that it can be read once."""

    token = "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId"  # noqa: S105 - a type
    replace_on = frozenset(
        {"backend", "roleName", "cidrLists", "metadata", "secretId", "wrappingTtl", "ttl", "numUses"}
    )
    references = (Reference("roleName", (APPROLE,), output="roleName", same=("backend",)),)
    hidden = frozenset({"secretId", "wrappingToken"})

    def _role(self, inputs: Properties) -> str:
        return f"auth/{inputs.get('backend', 'approle')}/role/{inputs['roleName']}"

    def create(self, inputs: Properties, call: Call) -> tuple[str, Properties]:
        """Ask for a secret id, wrapped where a time for that is given."""
        with call.store.transaction():
            targets = self.targets(inputs, call)
            path = f"/v1/{self._role(inputs)}/secret-id"
            given = {"metadata": inputs["metadata"]} if "metadata" in inputs else {}
            try:
                answer = client(call).adapter.post(path, json=given, wrap_ttl=inputs.get("wrappingTtl"))
            except VaultError as error:
                raise CloudError(str(error)) from None
            if "wrappingTtl" in inputs:
                wrapped = answer["wrap_info"]
                accessor = wrapped["wrapped_accessor"] if inputs.get("withWrappedAccessor") else wrapped["accessor"]
                secret = {
                    "wrappingToken": wrapped["token"],
                    "wrappingAccessor": wrapped["accessor"],
                    "accessor": accessor,
                }
            else:
                secret = {"secretId": answer["data"]["secret_id"], "accessor": answer["data"]["secret_id_accessor"]}
            identifier = (
                f"backend={inputs.get('backend', 'approle')}::role={inputs['roleName']}::accessor={accessor}"
                if ("wrappingTtl" in inputs)
                else secret["accessor"]
            )
            outputs = {**inputs, **secret}
            kept = {name: value for name, value in outputs.items() if name not in self.hidden}
            call.store.insert(
                Row(0, call.provider, self.token, identifier, self.project(inputs, call), call.urn, inputs, kept),
                targets,
            )
            return identifier, outputs

    def observe(self, row: Row, call: Call) -> Properties | None:
        """Gone, if the server knows its accessor no more: that of a wrapping is worthless once it was opened."""
        if self._is_wrapping(row):
            try:
                found = client(call).auth.token.lookup_accessor(row.outputs["accessor"])
            except (Forbidden, InvalidPath, InvalidRequest):
                return None
            return row.outputs if found["data"]["num_uses"] > 0 else None  # what is used up goes a moment later
        found = _server(call, "write", f"{self._role(row.inputs)}/secret-id-accessor/lookup", self._accessor(row))
        return row.outputs if found is not None else None

    def on_delete(self, row: Row, call: Call) -> None:
        """Make it worthless."""
        if self.observe(row, call) is None:
            return
        if self._is_wrapping(row):
            _server(call, "write", "auth/token/revoke-accessor", {"accessor": row.outputs["accessor"]})
        else:
            _server(call, "write", f"{self._role(row.inputs)}/secret-id-accessor/destroy", self._accessor(row))

    def _is_wrapping(self, row: Row) -> bool:
        """Whether the accessor is that of the wrapping, as it is where the other was not asked for."""
        return "wrappingTtl" in row.inputs and not row.inputs.get("withWrappedAccessor")

    def _accessor(self, row: Row) -> Properties:
        return {"secret_id_accessor": row.outputs["accessor"]}


class TransitKey(VaultKind):
    """A key that encrypts without ever leaving the server."""

    token = "vault:transit/secretBackendKey:SecretBackendKey"  # noqa: S105 - a type
    replace_on = frozenset({"backend", "name", "type", "derived", "convergentEncryption"})
    references = (Reference("backend", (MOUNT,), output="path"),)

    def path(self, inputs: Properties) -> str:
        """Among the keys of its engine."""
        return f"{inputs['backend']}/keys/{inputs['name']}"

    def body(self, inputs: Properties) -> Properties:
        """Its type."""
        return {"type": inputs.get("type", "aes256-gcm96")}

    def on_update(self, row: Row, inputs: Properties, outputs: Properties, call: Call) -> None:
        """What may change of a key is whether it may be deleted."""
        _server(call, "write", f"{self.path(inputs)}/config", {"deletion_allowed": bool(inputs.get("deletionAllowed"))})

    def delete(self, row: Row, call: Call) -> None:
        """Only with deletionAllowed, as at the real provider."""
        if not row.inputs.get("deletionAllowed"):
            raise CloudError(f"key {row.id} cannot be deleted; set deletionAllowed first")
        super().delete(row, call)

    def on_delete(self, row: Row, call: Call) -> None:
        """The server wants to hear that it is allowed."""
        _server(call, "write", f"{self.path(row.inputs)}/config", {"deletion_allowed": True})
        super().on_delete(row, call)


CLOUD: Final = Cloud(
    name="vault",
    kinds=by_token(Mount(), AuthBackend(), Policy(), SecretV2(), AppRole(), AppRoleSecretId(), TransitKey()),
    credentials=("address", "token"),
    variables=("VAULT_ADDR", "VAULT_TOKEN"),
)
