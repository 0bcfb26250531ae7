"""What the tests of the policies share."""

from __future__ import annotations

import pytest

from policies.__main__ import REGISTRY
from policies.registry import Registry


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The policies of the pack."""
    return REGISTRY
