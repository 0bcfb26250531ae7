"""Files and archives as the engine sends them."""

from __future__ import annotations

import io
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from engine.setup import ROOT
from sandbox.cloud import CloudError
from sandbox.properties import ARCHIVE_SIGNATURE, ASSET_SIGNATURE, SIGNATURE_KEY

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same content is the same archive."""


def content(asset: Mapping[str, Any]) -> bytes:
    """What a file or an archive holds."""
    if asset.get("text") is not None:
        return str(asset["text"]).encode()
    if asset.get("path"):
        return _file(asset["path"])
    if asset.get("uri"):
        return _fetched(asset["uri"])
    if asset.get(SIGNATURE_KEY) == ARCHIVE_SIGNATURE:
        return archive(asset)
    return b""


def archive(asset: Mapping[str, Any]) -> bytes:
    """An archive as a zip file."""
    path = ROOT / str(asset.get("path") or "")
    if asset.get("path") and path.is_file():
        return path.read_bytes()
    if asset.get("uri"):
        return _fetched(asset["uri"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in sorted(_entries(asset, "")):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, data)
    return packed.getvalue()


def is_asset(value: Any) -> bool:
    """Whether a property is a file or an archive."""
    return isinstance(value, Mapping) and value.get(SIGNATURE_KEY) in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE)


def _entries(asset: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, bytes]]:
    if asset.get("path"):
        folder = ROOT / asset["path"]
        if not folder.is_dir():
            raise CloudError(f"the archive {folder} is not there")
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield f"{prefix}{file.relative_to(folder).as_posix()}", file.read_bytes()
        return
    for name, inner in (asset.get("assets") or {}).items():
        if inner.get(SIGNATURE_KEY) == ARCHIVE_SIGNATURE:
            yield from _entries(inner, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", content(inner)


def _file(path: str) -> bytes:
    file = ROOT / path
    if not file.is_file():
        raise CloudError(f"the file {file} is not there")
    return Path(file).read_bytes()


def _fetched(uri: str) -> bytes:
    if not uri.startswith("file:"):
        raise CloudError(f"{uri}: the sandbox fetches nothing from the network; accepted are files, texts and archives")
    with urllib.request.urlopen(uri) as found:  # noqa: S310 - a file, as was just checked
        data: bytes = found.read()
        return data
