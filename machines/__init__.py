"""What runs inside a machine: its facts, its first user data, and the Ansible roles that make it what it is."""

from __future__ import annotations

from machines.bundle import bundle
from machines.documents import UserDataError, payload, user_data
from machines.facts import Facts, Inbound, Outbound, Peer

__all__ = ["Facts", "Inbound", "Outbound", "Peer", "UserDataError", "bundle", "payload", "user_data"]
