"""The Ansible roles of a machine as one archive, the same bytes for the same files."""

from __future__ import annotations

import functools
import io
import lzma
import tarfile
from pathlib import Path
from typing import Final

import yaml

ANSIBLE: Final = Path(__file__).parent / "ansible"


@functools.cache
def roles(role: str) -> tuple[str, ...]:
    """The Ansible roles of a machine's role, in the order in which its playbook runs them."""
    (play,) = yaml.safe_load(playbook(role).read_text())
    return tuple(entry["role"] for entry in play["roles"])


def playbook(role: str) -> Path:
    """The playbook of a machine's role."""
    return ANSIBLE / f"{role}.yml"


@functools.cache
def bundle(role: str) -> bytes:
    """A tar.xz of the playbook, as `site.yml`, and the Ansible roles of a machine's role.

    Raises FileNotFoundError for a role that has no playbook.
    """
    folders = [ANSIBLE / "roles" / name for name in roles(role)]
    files = {str(file.relative_to(ANSIBLE)): file for folder in folders for file in folder.rglob("*") if file.is_file()}
    files["site.yml"] = playbook(role)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, file in sorted(files.items()):
            content = file.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(content), 0o644, 0
            tar.addfile(entry, io.BytesIO(content))
    return lzma.compress(archive.getvalue(), format=lzma.FORMAT_XZ, preset=9)
