"""Clouds that know every resource type of the SDKs, for previews: inputs are checked against the SDKs' types alone.

The sandbox's clouds have the types that the systems use; policies speak of many more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sandbox import server
from sandbox.cloud import Cloud, Kind, Servers
from sandbox.schema import SDK_PACKAGES
from sandbox.store import Store

PROVIDERS: Final = ("aws", "ovh", "scaleway", "vault", "random", "command")


class EveryKind(Mapping[str, Kind]):
    """A kind without rules for every type."""

    def __getitem__(self, token: str) -> Kind:
        kind: Kind = type("AnyKind", (Kind,), {"token": token})()
        return kind

    def __iter__(self) -> Iterator[str]:
        raise TypeError("every type of an SDK is too many to list")

    def __len__(self) -> int:
        raise TypeError("every type of an SDK is too many to count")


@contextmanager
def every_type(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the clouds while the context lasts; what the engine needs in its environment to find them."""
    store = Store(folder / "clouds.sqlite")
    clouds = [Cloud(name, EveryKind()) for name in PROVIDERS if name in SDK_PACKAGES]
    started = server.serve(clouds, store, Servers(), {})
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, (_, port) in started.items())}
    finally:
        for one, _ in started.values():
            one.stop(grace=None).wait()
        store.close()
