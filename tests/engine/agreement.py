"""The clouds hold exactly what the state says: nothing is orphaned, nothing is doubled, nothing is missing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import hvac

from engine.workspace import Workspace
from sandbox import daemon
from sandbox.servers.object_storage import ObjectStorage
from sandbox.store import Store

LOCAL = ("random:", "tls:", "command:local", "pulumi:", "platform:")
"""Types that no cloud holds."""
BUCKETS = ("ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket", "scaleway:object/bucket:Bucket")
KEYS = ("ovh:CloudProject/s3Credential:S3Credential", "scaleway:iam/apiKey:ApiKey")
POLICY = "vault:index/policy:Policy"
OWN_POLICIES = {"root", "default"}


def assert_agreement(workspace: Workspace, stack: str, directory: Path) -> None:
    """Compare the state with the clouds' list, and that with what the real servers behind it have."""
    resources = workspace.export(stack)["deployment"].get("resources", [])
    in_state = [(r["type"], r["id"]) for r in resources if r.get("id") and not r["type"].startswith(LOCAL)]
    assert len(in_state) == len(set(in_state)), "the state names something twice"
    assert list(workspace.state.rglob("*.attrs")) == [], "files that a kill leaves half-written, and no engine reads"
    store = Store(directory / "clouds.sqlite")
    rows = store.rows()
    vault = next(account for account in store.accounts("vault") if account.name == daemon.OPERATOR)
    store.close()
    in_clouds = {(row.token, row.id) for row in rows}
    assert len({row.urn for row in rows}) == len(rows), "a cloud holds something twice"
    assert in_clouds - set(in_state) == set(), "orphans"
    assert set(in_state) - in_clouds == set(), "the state names what is not there"

    running = daemon.running(directory)
    assert running is not None

    def named(tokens: Iterable[str], provider: str) -> set[str]:
        return {row.id.rsplit("/", 1)[-1] for row in rows if row.token in tokens and row.provider == provider}

    for provider, endpoint in running.object_storage.items():
        folder = daemon.storage_folder(directory, provider)
        storage = ObjectStorage(provider, folder, urlsplit(endpoint).port or 0)
        assert storage.buckets() == named(BUCKETS, provider)
        assert storage.users() == named(KEYS, provider)
    policies = hvac.Client(url=vault.access, token=vault.secret).sys.list_acl_policies()["data"]["keys"]
    assert set(policies) - OWN_POLICIES == named([POLICY], "vault")
