"""Where images are kept, and how releases are made."""

from __future__ import annotations

from sandbox.cloud import Kind

KINDS: tuple[Kind, ...] = ()
