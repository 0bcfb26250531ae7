"""The Ansible roles of a machine as one archive, the same bytes for the same files."""

from __future__ import annotations

import functools
import io
import lzma
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ANSIBLE: Final = Path(__file__).parent / "ansible"
ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "bastion": ("common", "bastion"),
    "link": ("common", "secrets", "link"),
    "front": ("common", "secrets", "front", "waf"),
    "app": ("common", "secrets", "app"),
    "sql": ("common", "secrets", "sql"),
    "database": ("common", "secrets", "database"),
    "files": ("common", "secrets", "files"),
    "vault": ("common", "vault"),
}
"""Ansible roles by the machine's role, in the order in which they run."""


@functools.cache
def bundle(role: str) -> bytes:
    """A tar.xz of the playbook and the Ansible roles of a machine's role; KeyError for a role that nobody knows."""
    folders = [ANSIBLE / "roles" / name for name in ROLES[role]]
    files = [ANSIBLE / "site.yml", *(file for folder in folders for file in folder.rglob("*") if file.is_file())]
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in sorted(files):
            content = file.read_bytes()
            entry = tarfile.TarInfo(str(file.relative_to(ANSIBLE)))
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 0
            tar.addfile(entry, io.BytesIO(content))
    return lzma.compress(archive.getvalue(), format=lzma.FORMAT_XZ, preset=9)
