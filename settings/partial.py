"""Settings of which some values are wrong, so that the rules can still be tried on all others."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, ParamSpec

from pydantic_core import ErrorDetails

from settings.findings import Finding

P = ParamSpec("P")


class UnknownError(Exception):
    """A rule asked for a value that is wrong itself."""


class _Absent:
    """Stands for a value that is wrong; whatever is asked of it raises UnknownError."""

    def _refuse(self, *_: object) -> NoReturn:
        raise UnknownError

    __getattr__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __mul__ = __rmul__ = _refuse
    __hash__ = __iter__ = __len__ = __bool__ = __str__ = _refuse


ABSENT: Final = _Absent()


def rule(function: Callable[P, Iterator[Finding]]) -> Callable[P, Iterator[Finding]]:
    """A rule that ends quietly where a value that it compares is wrong itself: that has a finding of its own."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Iterator[Finding]:
        try:
            yield from function(*args, **kwargs)
        except UnknownError:
            return

    return guarded


def without(given: Mapping[str, Any], errors: Iterable[ErrorDetails]) -> dict[str, Any]:
    """Raw settings without the keys that nobody knows, and with ABSENT for those that are missing."""
    result = copy.deepcopy(dict(given))
    for error in errors:
        *parents, last = error["loc"]
        unknown = error["type"] in ("extra_forbidden", "invalid_key")
        if last == "[key]":
            last, unknown = parents.pop(), True
        if unknown or error["type"] == "missing":
            target: Any = result
            for step in parents:
                target = target[step]
            if unknown:
                target.pop(last, None)
            else:
                target[last] = ABSENT
    return result
