"""What moto does otherwise than AWS, mended when it starts: every function says what was wrong."""

from __future__ import annotations

import functools
import json
import random
import threading
from typing import Any, Final

ACCOUNT_ID: Final = "123456789012"
"""Whose cloud moto is."""


def numbers_by_thread() -> Any:
    """moto has one source of random numbers: calls at the same time would take each other's, and get other ids."""
    from moto.moto_api._internal import mock_random
    from moto.moto_api._internal.moto_random import MotoRandom

    class Numbers(threading.local):
        random = random.Random()  # noqa: S311 - ids of a simulated cloud

    numbers = Numbers()

    class RandomByThread(MotoRandom):  # type: ignore[misc] # moto has no types for us
        def random(self) -> float:
            return numbers.random.random()

        def getrandbits(self, k: int, /) -> int:
            return numbers.random.getrandbits(k)

    mock_random.__class__ = RandomByThread  # every module of moto has its own reference to the object
    return numbers


@functools.cache
def _furnish_region(region: str, numbers: Any) -> None:
    from moto.backends import get_backend

    numbers.random = random.Random(region)  # noqa: S311 - ids of a simulated cloud
    get_backend("ec2")[ACCOUNT_ID][region]


def furnish(authorization: str, numbers: Any) -> None:
    """A region has a default network and prefix lists before anybody asks; moto's ids of them depend on who does."""
    scope = authorization.split(",")[0].split("/")
    if len(scope) == 5 and scope[3] == "ec2":
        _furnish_region(scope[2], numbers)


def unfurnish() -> None:
    """Forget that the regions were furnished: moto is empty."""
    _furnish_region.cache_clear()


def mend_bucket_policies() -> None:
    """moto denies whatever a statement with a condition is about, met or not, so that nobody could use the bucket.

    Conditions on transport and encryption cannot be met on loopback. Statements with one are kept and read back, and
    do not count here.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        statements = json.loads(self.policy)["Statement"] if self.policy else []
        listed = statements if isinstance(statements, list) else [statements]
        counting = [statement for statement in listed if "Condition" not in statement]
        if not counting:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({"Statement": counting})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission


def mend_delete_markers() -> None:
    """moto cannot drop the mark of a deleted object once its bucket's versions are suspended."""
    from moto.s3.models import FakeDeleteMarker

    FakeDeleteMarker.dispose = lambda _: None


def mend_queue_policies() -> None:
    """moto forgets a queue's policy whenever another of its attributes is set."""
    from moto.sqs.models import Queue

    set_attributes = Queue._set_attributes

    def keeping_the_policy(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "policy", None)
        set_attributes(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = policy

    Queue._set_attributes = keeping_the_policy


def let_go_of_cache(region: str, identifier: str) -> None:
    """moto marks a cache that is deleted and keeps it, so that its id could never be used again."""
    from moto.backends import get_backend

    get_backend("elasticache")[ACCOUNT_ID][region].replication_groups.pop(identifier, None)
