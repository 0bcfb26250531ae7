"""Vault is a real OpenBao server: what is declared is there, and behaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from sandbox.cloud import Servers
from sandbox.servers.vault import VaultServer
from tests.unit.sandbox import servers
from tests.unit.sandbox.customer import Clouds, Customer, RefusedError, Resource

MOUNT: Final = "vault:index/mount:Mount"
AUTH: Final = "vault:index/authBackend:AuthBackend"
POLICY: Final = "vault:index/policy:Policy"
SECRET: Final = "vault:kv/secretV2:SecretV2"
ROLE: Final = "vault:appRole/authBackendRole:AuthBackendRole"
SECRET_ID: Final = "vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId"
KEY: Final = "vault:transit/secretBackendKey:SecretBackendKey"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultServer]:
    with servers.vault(tmp_path_factory.mktemp("vault")) as running:
        yield running


@pytest.fixture
def clouds(tmp_path: Path, server: VaultServer) -> Iterator[Clouds]:
    clouds = Clouds(tmp_path, Servers(vault_address=server.address))
    clouds.store.open_account("vault", "operator", server.address, server.token)
    yield clouds
    clouds.stop()


@pytest.fixture
def vault(clouds: Clouds, server: VaultServer) -> Iterator[Customer]:
    """The provider; what a test has made is removed from the server, newest first."""
    customer = clouds.customer("vault", address=server.address, token=server.token)
    yield customer
    for row in reversed(clouds.store.rows("vault")):
        resource = Resource(row.token, "it", row.id, row.inputs, row.outputs)
        if row.token == KEY:
            resource = customer.update(resource, deletionAllowed=True)
        customer.delete(resource)


@pytest.fixture
def root(server: VaultServer) -> hvac.Client:
    return server.client(server.token)


def kv(vault: Customer) -> Resource:
    return vault.create(MOUNT, path="apps", type="kv", options={"version": "2"})


def test_a_wrong_token_is_refused(clouds: Clouds, server: VaultServer) -> None:
    with pytest.raises(RefusedError, match="UNAUTHENTICATED: vault: 401 the credentials are not valid: give address"):
        Customer("vault", clouds.port("vault"), {"address": server.address, "token": "s.wrong"})


def test_secrets_are_kept_by_the_server_and_by_nobody_else(vault: Customer, root: hvac.Client, clouds: Clouds) -> None:
    mount = kv(vault)
    secret = vault.create(SECRET, mount=mount.outputs["path"], name="front/tls", dataJson=json.dumps({"key": "canary"}))
    read = root.secrets.kv.v2.read_secret_version("front/tls", mount_point="apps", raise_on_deleted_version=True)
    assert read["data"]["data"] == {"key": "canary"}
    assert "canary" not in str([(row.inputs, row.outputs) for row in clouds.store.rows()])
    root.secrets.kv.v2.create_or_update_secret("front/tls", {"key": "changed"}, mount_point="apps")
    assert json.loads((vault.read(secret) or {})["dataJson"]) == {"key": "changed"}
    vault.update(secret, dataJson=json.dumps({"key": "mended"}))
    read = root.secrets.kv.v2.read_secret_version("front/tls", mount_point="apps", raise_on_deleted_version=True)
    assert read["data"]["data"] == {"key": "mended"}
    with pytest.raises(RefusedError, match="is in use by SecretV2"):
        vault.delete(mount)
    vault.delete(secret)
    with pytest.raises(InvalidPath):
        root.secrets.kv.v2.read_secret_version("front/tls", mount_point="apps", raise_on_deleted_version=True)


def test_a_role_logs_in_with_a_wrapped_secret_once_and_reads_what_its_policy_says(
    vault: Customer, root: hvac.Client, server: VaultServer
) -> None:
    mount = kv(vault)
    for name in ("front/tls", "app/key"):
        vault.create(SECRET, mount=mount.outputs["path"], name=name, dataJson='{"a": "b"}')
    vault.create(POLICY, name="front", policy='path "apps/data/front/*" { capabilities = ["read"] }')
    auth = vault.create(AUTH, type="approle")
    role = vault.create(ROLE, backend=auth.outputs["path"], roleName="front", tokenPolicies=["front"])
    wanted = {"backend": auth.outputs["path"], "roleName": "front", "wrappingTtl": "300s"}
    secret = vault.create(SECRET_ID, withWrappedAccessor=True, **wanted)
    assert "secretId" not in secret.outputs

    wrapped = server.client(secret.outputs["wrappingToken"])
    identifier = wrapped.sys.unwrap()["data"]["secret_id"]
    with pytest.raises(InvalidRequest):
        server.client(secret.outputs["wrappingToken"]).sys.unwrap()
    machine = server.client("")
    machine.auth.approle.login(role.outputs["roleId"], identifier)
    read = machine.secrets.kv.v2.read_secret_version("front/tls", mount_point="apps", raise_on_deleted_version=True)
    assert read["data"]["data"] == {"a": "b"}
    with pytest.raises(Forbidden):
        machine.secrets.kv.v2.read_secret_version("app/key", mount_point="apps", raise_on_deleted_version=True)

    assert vault.read(secret) is not None, "to be opened is what a wrapping is for"

    vault.delete(secret)
    with pytest.raises(InvalidRequest):
        server.client("").auth.approle.login(role.outputs["roleId"], identifier)
    root.auth.approle.delete_role("front")
    assert vault.read(role) is None


def test_a_wrapping_whose_own_accessor_is_kept_is_gone_once_it_was_opened(vault: Customer, server: VaultServer) -> None:
    auth = vault.create(AUTH, type="approle")
    vault.create(ROLE, backend=auth.outputs["path"], roleName="app")
    opened, revoked = (
        vault.create(SECRET_ID, name, backend=auth.outputs["path"], roleName="app", wrappingTtl="300s")
        for name in ("opened", "revoked")
    )
    assert vault.read(opened) is not None
    server.client(opened.outputs["wrappingToken"]).sys.unwrap()
    assert vault.read(opened) is None
    vault.delete(revoked)
    with pytest.raises(InvalidRequest):
        server.client(revoked.outputs["wrappingToken"]).sys.unwrap()


def test_policies_are_read_from_the_server(vault: Customer, root: hvac.Client) -> None:
    policy = vault.create(POLICY, name="drift", policy='path "a" { capabilities = ["read"] }')
    root.sys.create_or_update_acl_policy("drift", 'path "b" { capabilities = ["read"] }')
    assert (vault.read(policy) or {})["policy"] == 'path "b" { capabilities = ["read"] }'
    with pytest.raises(RefusedError, match="409 name 'drift' is taken by"):
        vault.create(POLICY, name="drift", policy="")


def test_what_the_server_refuses_is_said_and_leaves_nothing(vault: Customer, clouds: Clouds, root: hvac.Client) -> None:
    with pytest.raises(RefusedError, match=r"vault: create it: write sys/policies/acl/broken: .*[Ff]ailed to parse"):
        vault.create(POLICY, name="broken", policy="path {")
    assert clouds.store.rows() == []
    assert "broken" not in root.sys.list_acl_policies()["data"]["keys"]


@pytest.mark.parametrize(
    ("token", "given", "at", "reason"),
    [
        (MOUNT, {"path": "a", "type": "sql"}, "type", "is 'sql', but accepted is one of kv, pki, ssh, "),
        (MOUNT, {"path": "a/", "type": "kv"}, "path", "is 'a/', but accepted is a path without a slash at its ends"),
        (AUTH, {"type": "telepathy"}, "type", "is 'telepathy', but accepted is one of approle, "),
        (SECRET, {"mount": "apps", "name": "a", "dataJson": "[1]"}, "dataJson", "is not a JSON object"),
        (SECRET, {"mount": "apps", "dataJson": "{}"}, "name", "is required (a path)"),
        (POLICY, {"name": "p"}, "policy", "is required (a string)"),
    ],
)
def test_values_that_the_api_does_not_take(
    vault: Customer, token: str, given: dict[str, Any], at: str, reason: str
) -> None:
    failures = vault.failures(token, **given)
    assert failures.keys() == {at}
    assert failures[at].startswith(reason)


def test_references_lead_to_what_exists(vault: Customer) -> None:
    with pytest.raises(RefusedError, match="mount: there is no Mount 'nowhere' in this account"):
        vault.create(SECRET, mount="nowhere", name="a", dataJson="{}")
    with pytest.raises(RefusedError, match="roleName: there is no AuthBackendRole 'nobody' in this account"):
        vault.create(SECRET_ID, backend="approle", roleName="nobody")


def test_stacks_may_call_their_roles_alike(vault: Customer) -> None:
    for path in ("one", "two"):
        auth = vault.create(AUTH, path, type="approle", path=path)
        vault.create(ROLE, path, backend=auth.outputs["path"], roleName="app")
        vault.create(SECRET_ID, path, backend=auth.outputs["path"], roleName="app", wrappingTtl="300s")
    vault.create(AUTH, "three", type="approle", path="three")
    with pytest.raises(RefusedError, match=r"roleName: .* but this resource is in three; both must be in the same"):
        vault.create(SECRET_ID, "three", backend="three", roleName="app", wrappingTtl="300s")


def test_a_transit_key_encrypts_and_stays_unless_deleting_was_allowed(vault: Customer, root: hvac.Client) -> None:
    mount = vault.create(MOUNT, path="crypt", type="transit")
    key = vault.create(KEY, backend=mount.outputs["path"], name="media")
    plain = "aGVsbG8="
    cipher = root.secrets.transit.encrypt_data("media", plain, mount_point="crypt")["data"]["ciphertext"]
    assert root.secrets.transit.decrypt_data("media", cipher, mount_point="crypt")["data"]["plaintext"] == plain
    with pytest.raises(RefusedError, match="key crypt/keys/media cannot be deleted; set deletionAllowed first"):
        vault.delete(key)
    vault.delete(vault.update(key, deletionAllowed=True))
    assert vault.read(key) is None


@pytest.mark.parametrize(
    ("token", "replacing", "kept"),
    [
        (MOUNT, {"path", "type"}, {"description"}),
        (AUTH, {"path", "type"}, {"description"}),
        (POLICY, {"name"}, {"policy"}),
        (SECRET, {"mount", "name"}, {"dataJson"}),
        (ROLE, {"backend", "roleName"}, {"tokenPolicies", "secretIdTtl"}),
        (SECRET_ID, {"backend", "roleName", "wrappingTtl"}, set()),
        (KEY, {"backend", "name", "type"}, {"deletionAllowed"}),
    ],
    ids=lambda value: value.rsplit(":", 1)[-1] if isinstance(value, str) else "",
)
def test_a_change_replaces_where_the_provider_does(
    vault: Customer, token: str, replacing: set[str], kept: set[str]
) -> None:
    for name in replacing:
        assert list(vault.diff(token, {name: "old"}, {name: "new"}).replaces) == [name]
    for name in kept:
        assert list(vault.diff(token, {name: "old"}, {name: "new"}).replaces) == []


def test_the_server_keeps_its_secrets_over_a_restart(tmp_path: Path) -> None:
    with servers.vault(tmp_path) as first:
        client, address = first.client(first.token), first.address
        client.sys.enable_secrets_engine("kv", "apps", options={"version": "2"})
        client.secrets.kv.v2.create_or_update_secret("a", {"b": "c"}, mount_point="apps")
        token = first.token
    again = VaultServer(tmp_path / "vault", int(address.rsplit(":", 1)[-1]))
    running = again.start()
    try:
        read = again.client(token).secrets.kv.v2.read_secret_version(
            "a", mount_point="apps", raise_on_deleted_version=True
        )
        assert read["data"]["data"] == {"b": "c"}
    finally:
        running.stop()
