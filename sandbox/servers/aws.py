"""AWS: moto, in this process, started when it is first needed and filled again from the sandbox's journal.

moto keeps everything in memory and invents ids at random. So every call of ours that changes something is written into
the journal together with the seed of the random numbers that it was answered with; the same calls in the same order
with the same seeds make the same cloud with the same ids. What programs other than the sandbox put into it (objects,
messages, documents, drift) lives as long as this process.
"""

from __future__ import annotations

import base64
import fnmatch
import functools
import json
import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
import botocore.config
from botocore import xform_name
from cryptography.fernet import Fernet

from sandbox.servers import mending
from sandbox.store import Store

LOG: Final = logging.getLogger("sandbox")
PROVIDER: Final = "aws"
SEED_HEADER: Final = "X-Sandbox-Seed"
_BYTES_KEY: Final = "__bytes__"


@dataclass(frozen=True)
class Ask:
    """One call of AWS's API, ready to be made."""

    service: str
    region: str
    operation: str
    arguments: Mapping[str, Any]


class Aws:
    """The simulated AWS: calls that change it are journaled, those that read it are not."""

    def __init__(self, store: Store, port: int, key_file: Path) -> None:
        self._store = store
        self._port = port
        self._key_file = key_file
        self._starting = threading.Lock()
        self._started = False
        self._filled = threading.Event()
        self.then: list[Callable[[], None]] = []
        """What begins when moto holds all that the journal says."""
        self._held: dict[str, list[Ask]] = {}
        self._seen: dict[str, Mapping[str, Any]] = {}
        self.endpoint = f"http://127.0.0.1:{port}"

    def read(self, ask: Ask) -> dict[str, Any]:
        """The answer to a call that changes nothing."""
        self.start()
        return self._send(ask, None)

    def change(self, ask: Ask) -> dict[str, Any]:
        """The answer to a call that changes something; it is part of the store's transaction."""
        self.start()
        seed = secrets.token_hex(16)
        answer = self._send(ask, seed)
        self._write({"ask": _packed(ask), "seed": seed})
        return answer

    def hold(self, token: str, identifier: str, undo: Iterable[Ask]) -> None:
        """Remember how a new resource is removed, should the sandbox's list lose it."""
        asks = list(undo)
        self._held[f"{token} {identifier}"] = asks
        self._write({"held": f"{token} {identifier}", "undo": [_packed(ask) for ask in asks]})

    def see(self, token: str, identifier: str, values: Mapping[str, Any]) -> None:
        """Remember what a resource looked like when the sandbox had last changed it."""
        self._seen[f"{token} {identifier}"] = values
        self._write({"seen": f"{token} {identifier}", "values": values})

    def seen(self, token: str, identifier: str) -> Mapping[str, Any]:
        """What a resource looked like when the sandbox had last changed it."""
        return self._seen.get(f"{token} {identifier}", {})

    def release(self, token: str, identifier: str) -> None:
        """A resource is gone; with the last one, the journal begins anew."""
        self._held.pop(f"{token} {identifier}", None)
        self._seen.pop(f"{token} {identifier}", None)
        self._write({"released": f"{token} {identifier}"})
        if not self._held:
            self._reset()
            self._store.empty_journal(PROVIDER)

    def _reset(self) -> None:
        """Make moto as empty as the list, also of what it does not delete itself, such as keys."""
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
        mending.unfurnish()

    def undo(self, asks: Iterable[Ask]) -> None:
        """Take back what has half succeeded; that it was there is written nowhere."""
        for ask in asks:
            try:
                self._send(ask, None)
            except Exception as error:
                LOG.warning("aws: %s could not be taken back: %s", ask.operation, error)

    def sweep(self) -> None:
        """Remove what the sandbox's list has lost, such as what recovery has struck out after a kill."""
        self.start()
        listed = {f"{token} {identifier}" for token, identifier in self._store.ids(PROVIDER)}
        for name in [name for name in reversed(self._held) if name not in listed]:
            for ask in self._held[name]:
                try:
                    self.change(ask)
                except Exception as error:
                    LOG.info("aws: %s of the lost %s: %s", ask.operation, name, error)
            self.release(*name.split(" ", 1))

    # The server

    def start(self) -> None:
        """Start moto and make the journal's calls again, unless that was done."""
        with self._starting:
            if not self._started:
                self._serve()
                self._replay()
                self._filled.set()
                for begin in self.then:
                    begin()
                self._started = True

    def _serve(self) -> None:
        # moto takes seconds to import, and most stacks have nothing at AWS.
        from moto.core.config import default_user_config
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from moto.s3.models import FakeBucket
        from werkzeug.serving import make_server

        default_user_config["iam"] = {"load_aws_managed_policies": True}
        FakeBucket._log_permissions_enabled_policy = staticmethod(_may_deliver_logs)
        dispatcher = DomainDispatcherApplication(create_backend_app)
        numbers = mending.numbers_by_thread()
        mending.mend_bucket_policies()
        mending.mend_delete_markers()
        mending.mend_queue_policies()

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            seed = environ.get(f"HTTP_{SEED_HEADER.upper().replace('-', '_')}")
            if seed is None:  # not the journal's own call, and so one that must see all that the journal says
                self._filled.wait()
            mending.furnish(environ.get("HTTP_AUTHORIZATION", ""), numbers)
            numbers.random = random.Random(seed)  # noqa: S311
            return dispatcher(environ, start_response)

        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        server = make_server("127.0.0.1", self._port, application, threaded=True, request_handler=MotoRequestHandler)
        threading.Thread(target=server.serve_forever, name="moto", daemon=True).start()

    def _replay(self) -> None:
        for entry in self._store.journal(PROVIDER):
            found = json.loads(self._cipher.decrypt(entry))
            if "ask" in found:
                ask = _unpacked(found["ask"])
                try:
                    self._send(ask, found["seed"])
                except Exception:
                    LOG.exception("aws: the journal's %s %s failed", ask.service, ask.operation)
            elif "held" in found:
                self._held[found["held"]] = [_unpacked(one) for one in found["undo"]]
            elif "seen" in found:
                self._seen[found["seen"]] = found["values"]
            else:
                self._held.pop(found["released"], None)

    # Calls

    def _send(self, ask: Ask, seed: str | None) -> dict[str, Any]:
        _SEED.value = seed
        client = _client(self.endpoint, ask.service, ask.region)
        answer: dict[str, Any] = getattr(client, xform_name(ask.operation))(**ask.arguments)
        if (ask.service, ask.operation) == ("elasticache", "DeleteReplicationGroup"):
            mending.let_go_of_cache(ask.region, ask.arguments["ReplicationGroupId"])
        return answer

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._store.write(PROVIDER, self._cipher.encrypt(json.dumps(entry).encode()))

    @functools.cached_property
    def _cipher(self) -> Fernet:
        """Calls carry secrets, which AWS would not keep in plain text either."""
        if not self._key_file.exists():
            unfinished = self._key_file.with_suffix(".unfinished")
            unfinished.touch(0o600)
            unfinished.write_bytes(Fernet.generate_key())
            unfinished.replace(self._key_file)
        return Fernet(self._key_file.read_bytes())


class _Seed(threading.local):
    value: str | None = None


_SEED: Final = _Seed()


@functools.cache
def _client(endpoint: str, service: str, region: str) -> Any:
    """A client of moto; who may call was decided when the provider was configured."""
    client = boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 - moto asks for some
        config=botocore.config.Config(
            retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False
        ),
    )
    client.meta.events.register("before-sign", _seed)
    return client


def _seed(request: Any, **_: Any) -> None:
    if _SEED.value is not None:
        request.headers[SEED_HEADER] = _SEED.value


def _packed(ask: Ask) -> Sequence[Any]:
    return [ask.service, ask.region, ask.operation, _to_json(ask.arguments)]


def _unpacked(found: Sequence[Any]) -> Ask:
    service, region, operation, arguments = found
    return Ask(service, region, operation, _from_json(arguments))


def _to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES_KEY: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {key: _to_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(inner) for inner in value]
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {_BYTES_KEY}:
            return base64.b64decode(value[_BYTES_KEY])
        return {key: _from_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_from_json(inner) for inner in value]
    return value


def _may_deliver_logs(target_bucket: Any, target_prefix: str | None) -> bool:
    """Whether a bucket's policy lets S3 write access logs there. moto fails over statements about everybody, and takes a
    resource for the prefix only where it ends with it."""
    document = json.loads(target_bucket.policy or "{}")
    name = f"arn:aws:s3:::{target_bucket.name}/{target_prefix or ''}x"
    for statement in document.get("Statement", []):
        principal, resources = statement.get("Principal"), statement.get("Resource")
        if (
            statement.get("Effect") == "Allow"
            and isinstance(principal, dict)
            and principal.get("Service") == "logging.s3.amazonaws.com"
            and "s3:PutObject" in statement.get("Action", [])
            and any(
                fnmatch.fnmatchcase(name, one) for one in ([resources] if isinstance(resources, str) else resources)
            )
        ):
            return True
    return False
