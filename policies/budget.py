"""A stack costs no more than its settings allow, by the catalogue's estimate."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Final

from policies.model import Policy, Severity, Stack, Violation
from policies.wire import reveal


def warm_up() -> None:
    """Import what the estimate needs, before it is needed."""
    importlib.import_module("catalog.cost")
    importlib.import_module("settings")


def check_stack(stack: Stack) -> Iterator[Violation]:
    """Judge the estimate; stacks of other projects have settings of their own, and no estimate."""
    config = stack.deployment.config
    if "platform:organisation" not in config:
        return
    # Both are for this policy alone, and the program has already said what is wrong with its settings.
    from catalog import cost
    from settings import SettingsError, load

    try:
        settings = load(stack.deployment.stack, config)
    except SettingsError:
        return
    resources = [
        {"type": resource.type, "inputs": {key: _plain(value) for key, value in resource.inputs.items()}}
        for resource in stack.resources
    ]
    try:
        total = sum(line.eur for line in cost.estimate(settings, resources))
    except (KeyError, TypeError) as error:
        yield Violation(f"the cost cannot be estimated: {error!r}", "sizes that are known before the deployment")
        return
    if total > settings.budget_eur_month:
        yield Violation(
            f"the stack would cost {total:.0f} € a month by list prices without VAT",
            f"{settings.budget_eur_month} € or less (platform:budget_eur_month)",
        )


def _plain(value: Any) -> Any:
    """A value without marks of secrets inside."""
    value = reveal(value)
    return {key: _plain(inner) for key, inner in value.items()} if isinstance(value, dict) else value


POLICY: Final = Policy(
    name="budget",
    description="A stack costs no more a month than its settings allow.",
    reason="What costs more than was agreed must be somebody's decision, and not found on the bill.",
    clause="Costs stay within the budget.",
    severity=Severity.MEDIUM,
    remedy="Take fewer or smaller machines and volumes, or raise platform:budget_eur_month with the owner's consent.",
    check_stack=check_stack,
)
