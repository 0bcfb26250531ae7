"""Started by the engine as `python -m pulumi.policy ENGINE_ADDRESS <this folder>`: serve the policies."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

# The engine starts the pack from the folder of any project; the pack's own package is next to this file.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies import (
    audit,
    backups,
    budget,
    deletion_protection,
    encryption,
    eu_residency,
    exceptions,
    exposure,
    least_privilege,
    literals,
    redundancy,
    secrets_from_vault,
    supply_chain,
    tags,
)
from policies.registry import Registry
from policies.server import Analyzer, start

POLICIES = (
    eu_residency,
    secrets_from_vault,
    redundancy,
    exposure,
    encryption,
    backups,
    audit,
    least_privilege,
    deletion_protection,
    tags,
    supply_chain,
    budget,
    exceptions,
)
REGISTRY = Registry(module.POLICY for module in POLICIES)


def _warm_up() -> None:
    """Import what the first questions need while the engine starts the program."""
    literals.warm_up()
    budget.warm_up()


if __name__ == "__main__":
    server, port = start(Analyzer(REGISTRY))
    print(port, flush=True)
    threading.Thread(target=_warm_up, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()
