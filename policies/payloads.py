"""What is inside a text: base64 that carries text, gzip, xz, bzip2 or tar is unpacked, however deep it is packed."""

from __future__ import annotations

import base64
import binascii
import bz2
import functools
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LIMIT_BYTES: Final = 32 * 1024 * 1024
"""A payload that unpacks to more is not a machine's user data, whatever else it may be."""
DEPTH: Final = 6
LAYOUT: Final = dict.fromkeys(map(ord, "\n\r\t\f"))
"""Characters that are not printable, and in every text."""
LINE: Final = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
LAST_LINE: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
PUBLIC: Final = re.compile(
    r"-----BEGIN (?P<kind>CERTIFICATE|PUBLIC KEY|PGP PUBLIC KEY BLOCK)-----.*?-----END (?P=kind)-----"
    r"|(?:ssh-[a-z0-9-]+|ecdsa-[a-z0-9-]+|sk-[a-z0-9@.-]+) AAAA[A-Za-z0-9+/=]+",
    re.S,
)
"""Keys and certificates that everybody may know."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text: where it is (`cloud-init > bundle.tar.xz > site.yml`), and its content.

    `text` is None where the content is neither text nor packed text: nobody can look into it.
    """

    where: tuple[str, ...]
    text: str | None


@functools.lru_cache(maxsize=64)
def parts(text: str) -> tuple[Part, ...]:
    """The text without what is packed in it, then everything that was packed; several policies ask about one text."""
    return tuple(_text(text, (), DEPTH))


def _text(text: str, where: tuple[str, ...], depth: int) -> Iterator[Part]:
    if '\\"' in text:  # JSON in JSON
        text = text.replace('\\"', '"').replace("\\n", "\n")
    if "AAAA" in text or "-----BEGIN" in text:
        text = PUBLIC.sub("", text)
    rest, blobs = _split(text)
    yield Part(where, rest)
    for line, blob in blobs:
        for part in _packed(blob, depth):
            yield Part((*where, f"base64 in line {line}", *part.where), part.text)


def _split(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text without its base64 blobs, and the blobs with the lines where they begin."""
    if len(text) < 40:
        return text, []
    kept: list[str] = []
    blobs: list[tuple[int, str]] = []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        stripped = line.strip()
        if LINE.fullmatch(stripped):
            first = index
            block = [stripped]
            while not block[-1].endswith("=") and index + 1 < len(lines):
                following = lines[index + 1].strip()
                if LAST_LINE.fullmatch(following) is None or len(following) > len(stripped):
                    break
                block.append(following)
                index += 1
                if len(following) < len(stripped):
                    break
            blob = "".join(block)
            kept.extend([""] * len(block))
            if _opens(blob):
                blobs.append((first + 1, blob))
            else:
                kept[-len(block) :] = block
        else:
            for found in LINE.finditer(line):
                if _opens(found[0]):
                    blobs.append((index + 1, found[0]))
                    line = line.replace(found[0], "")
            kept.append(line)
        index += 1
    return "\n".join(kept), blobs


def _opens(blob: str) -> bool:
    """Whether a run of base64's characters is base64 that carries something we know how to read."""
    content = _decoded(blob)
    return content is not None and (_is_packed(content) or _as_text(content[:4096], cut=True) is not None)


def _decoded(blob: str) -> bytes | None:
    if len(blob) % 4:
        return None
    try:
        return base64.b64decode(blob, validate=True)
    except binascii.Error:
        return None


def _is_packed(content: bytes) -> bool:
    return content.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh")) or content[257:262] == b"ustar"


@functools.lru_cache(maxsize=512)
def _packed(blob: str, depth: int) -> tuple[Part, ...]:
    content = _decoded(blob)
    return tuple(_bytes(content, (), depth - 1)) if content is not None else ()


def _bytes(content: bytes, where: tuple[str, ...], depth: int) -> Iterator[Part]:
    if depth < 0:
        yield Part(where, None)
        return
    if content.startswith((b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh")):
        unpacked = _unpack(content)
        if unpacked is None:
            yield Part(where, None)
        else:
            yield from _bytes(unpacked, where, depth - 1)
    elif content[257:262] == b"ustar":
        yield from _archive(content, where, depth)
    else:
        text = _as_text(content)
        if text is None:
            yield Part(where, None)
        else:
            yield from _text(text, where, depth - 1)


def _unpack(content: bytes) -> bytes | None:
    """The unpacked content; None where it is damaged or too large."""
    try:
        if content.startswith(b"\x1f\x8b"):
            unpacked = zlib.decompressobj(wbits=31).decompress(content, LIMIT_BYTES + 1)
        elif content.startswith(b"BZh"):
            unpacked = bz2.BZ2Decompressor().decompress(content, LIMIT_BYTES + 1)
        else:
            unpacked = lzma.LZMADecompressor().decompress(content, LIMIT_BYTES + 1)
    except (zlib.error, OSError, lzma.LZMAError):
        return None
    return unpacked if len(unpacked) <= LIMIT_BYTES else None


def _archive(content: bytes, where: tuple[str, ...], depth: int) -> Iterator[Part]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    yield from _bytes(file.read(), (*where, member.name), depth - 1)
    except tarfile.TarError:
        yield Part(where, None)


def _as_text(content: bytes, *, cut: bool = False) -> str | None:
    """The content as text; None where it is none. `cut` content may end inside a character."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        if not cut or error.start < len(content) - 3:
            return None
        text = content[: error.start].decode("utf-8")
    return text if text.translate(LAYOUT).isprintable() else None
