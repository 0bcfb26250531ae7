"""Databases and caches that AWS runs."""

from __future__ import annotations

from sandbox.cloud import Kind

KINDS: tuple[Kind, ...] = ()
