"""A provider's object storage: a real S3 server (versitygw) with versions, locks, accounts and bucket policies."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import secrets
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.credentials
from botocore.exceptions import ClientError

from engine.setup import VERSITYGW
from sandbox.cloud import CloudError
from sandbox.servers.process import Server, accepts

REGION: Final = "us-east-1"
"""The server's own; the simulated clouds check regions themselves."""


class ObjectStorage:
    """One provider's S3 server and what an administrator may do there."""

    def __init__(self, provider: str, folder: Path, port: int) -> None:
        self._provider = provider
        self._folder = folder
        self._port = port
        self._policies = threading.Lock()
        self.endpoint = f"http://127.0.0.1:{port}"
        for name in ("data", "versions", "accounts"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._access, self._secret = self._root()

    def _root(self) -> tuple[str, str]:
        file = self._folder / "root.json"
        if not file.exists():
            unfinished = file.with_suffix(".unfinished")
            unfinished.touch(0o600)
            unfinished.write_text(json.dumps([f"root{secrets.token_hex(8)}", secrets.token_hex(20)]))
            unfinished.replace(file)
        access, secret = json.loads(file.read_text())
        return access, secret

    def start(self) -> Server:
        """Start the server and wait until it answers."""
        command = [
            str(VERSITYGW.binary),
            "--port",
            f"127.0.0.1:{self._port}",
            "--iam-dir",
            str(self._folder / "accounts"),
            "--quiet",
            "posix",
            "--versioning-dir",
            str(self._folder / "versions"),
            str(self._folder / "data"),
        ]
        # In the environment and not in the arguments, which everybody on the machine can read.
        environment = {**os.environ, "ROOT_ACCESS_KEY_ID": self._access, "ROOT_SECRET_ACCESS_KEY": self._secret}
        server = Server(
            f"object storage of {self._provider}", command, self._port, self._folder / "server.log", environment
        )
        server.wait_until(lambda: accepts(self._port))
        return server

    @functools.cached_property
    def _s3(self) -> Any:
        config = botocore.client.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2})
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self._access,
            aws_secret_access_key=self._secret,
            config=config,
        )

    # Buckets

    def create_bucket(self, name: str, *, versioned: bool, locked: bool) -> None:
        """Create a bucket; one that an interrupted call has left behind is taken over while it is empty."""
        if self.versioning(name) is not None:
            self.delete_bucket(name, force=False)
        self._s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        if versioned and not locked:
            self.set_versioning(name, enabled=True)

    def buckets(self) -> set[str]:
        """The buckets that the server has."""
        return {bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]}

    def set_versioning(self, name: str, *, enabled: bool) -> None:
        """Keep old versions, or stop to."""
        status = "Enabled" if enabled else "Suspended"
        if enabled or self.versioning(name) == "ENABLED":
            self._s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})

    def versioning(self, name: str) -> str | None:
        """ENABLED, SUSPENDED or DISABLED; None where there is no such bucket."""
        try:
            status = self._s3.get_bucket_versioning(Bucket=name).get("Status", "Disabled")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
                return None
            if error.response["Error"]["Code"] == "VersioningNotConfigured":
                return "DISABLED"
            raise CloudError(f"502 object storage of {self._provider}: {error}") from None
        return str(status).upper()

    def lock_by_default(self, name: str, mode: str, days: int) -> None:
        """Lock every new version for some days."""
        retention = {"DefaultRetention": {"Mode": mode, "Days": days}}
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": retention}
        self._s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)

    def delete_bucket(self, name: str, *, force: bool) -> None:
        """Delete a bucket, which must be empty unless `force` empties it; locked versions stay in any case."""
        try:
            if force:
                self._empty(name)
            self._s3.delete_bucket(Bucket=name)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code != "NoSuchBucket":
                raise CloudError(f"409 {code}: bucket {name} cannot be deleted; empty it first") from None

    def _empty(self, name: str) -> None:
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self._s3.delete_object(Bucket=name, Key=entry["Key"], VersionId=entry["VersionId"])

    # Accounts

    def create_user(self, access: str, secret: str) -> None:
        """Create a key pair that opens nothing yet."""
        account = (
            f"<Account><Access>{escape(access)}</Access><Secret>{escape(secret)}</Secret><Role>user</Role>"
            "<UserID>0</UserID><GroupID>0</GroupID><ProjectID>0</ProjectID></Account>"
        )
        self._administer("create-user", account.encode())

    def delete_user(self, access: str) -> None:
        """Remove a key pair, also from the policies of buckets: they may not name accounts that do not exist."""
        for bucket in self.buckets():
            self.withdraw(bucket, [access])
        self._administer(f"delete-user?access={urllib.parse.quote(access)}", b"")

    def secret_of(self, access: str) -> str:
        """The secret of a key pair."""
        return str(self._accounts()[access]["secret"])

    def users(self) -> set[str]:
        """The key pairs that the server knows."""
        return set(self._accounts())

    def _accounts(self) -> dict[str, Any]:
        """The server's own list."""
        listed = json.loads((self._folder / "accounts" / "users.json").read_text())
        accounts: dict[str, Any] = listed["accessAccounts"]
        return accounts

    def _administer(self, call: str, body: bytes) -> None:
        request = botocore.awsrequest.AWSRequest("PATCH", f"{self.endpoint}/{call}", data=body)
        request.headers["X-Amz-Content-Sha256"] = hashlib.sha256(body).hexdigest()
        credentials = botocore.credentials.Credentials(self._access, self._secret)
        botocore.auth.S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
        prepared = urllib.request.Request(  # noqa: S310 - our own server on loopback
            request.url, data=body, headers=dict(request.headers.items()), method="PATCH"
        )
        try:
            with urllib.request.urlopen(prepared, timeout=30):  # noqa: S310 - our own server on loopback
                return
        except urllib.error.HTTPError as error:
            raise CloudError(f"502 object storage of {self._provider}: {call.split('?')[0]}: {error.code}") from None

    # Rights

    def grant(self, bucket: str, keys: Sequence[str], actions: Sequence[str]) -> None:
        """Let key pairs do some things in a bucket."""
        with self._policies:
            statements = [s for s in self._statements(bucket) if not set(s["Principal"]["AWS"]) & set(keys)]
            of_bucket = [action for action in actions if "Bucket" in action]
            of_objects = [action for action in actions if "Bucket" not in action]
            for some, resource in ((of_bucket, bucket), (of_objects, f"{bucket}/*")):
                if some:
                    statements.append(
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": list(keys)},
                            "Action": some,
                            "Resource": f"arn:aws:s3:::{resource}",
                        }
                    )
            if keys:
                self._put_policy(bucket, statements)

    def withdraw(self, bucket: str, keys: Sequence[str]) -> None:
        """Shut a bucket to key pairs."""
        with self._policies:
            statements = self._statements(bucket)
            kept = [s for s in statements if not set(s["Principal"]["AWS"]) & set(keys)]
            if kept != statements:
                self._put_policy(bucket, kept)

    def _statements(self, bucket: str) -> list[dict[str, Any]]:
        try:
            policy = self._s3.get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchBucketPolicy", "NoSuchBucket"):
                return []
            raise
        statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
        return statements

    def _put_policy(self, bucket: str, statements: list[dict[str, Any]]) -> None:
        if self.versioning(bucket) is None:
            return
        if statements:
            policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
            self._s3.put_bucket_policy(Bucket=bucket, Policy=policy)
        else:
            self._s3.delete_bucket_policy(Bucket=bucket)
