"""The policies of the pack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from policies.model import Policy

NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class RegistrationError(Exception):
    """A policy that cannot be part of the pack; the text says why."""


class Registry:
    """Holds policies, in the order of their registration; each name once, each policy complete."""

    def __init__(self, policies: Iterable[Policy] = ()) -> None:
        self._policies: dict[str, Policy] = {}
        for policy in policies:
            self.register(policy)

    def register(self, policy: Policy) -> None:
        """Add a policy; raises RegistrationError for a bad or taken name, an empty text, or nothing to check."""
        if NAME.fullmatch(policy.name) is None or policy.name == "all":
            raise RegistrationError(
                f"{policy.name!r} is not a policy name: words of a-z and 0-9 joined by -, not 'all'"
            )
        if policy.name in self._policies:
            raise RegistrationError(f"two policies are called {policy.name!r}")
        for field in ("description", "reason", "clause", "remedy"):
            if not getattr(policy, field).strip():
                raise RegistrationError(f"policy {policy.name!r} has an empty {field}")
        if policy.check is None and policy.check_stack is None:
            raise RegistrationError(f"policy {policy.name!r} checks neither resources nor stacks")
        self._policies[policy.name] = policy

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies.values())

    def __len__(self) -> int:
        return len(self._policies)
