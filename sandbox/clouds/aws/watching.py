"""What looks through files, and who is told in a chat."""

from __future__ import annotations

from sandbox.cloud import Kind

KINDS: tuple[Kind, ...] = ()
