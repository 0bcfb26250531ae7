"""Started by the engine as `python -m pulumi.policy ENGINE_ADDRESS <this folder>`: serve the policies."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

# The engine starts the pack from the folder of any project; the pack's own package is next to this file.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies import backups, eu_residency, exceptions, exposure, redundancy, secrets_from_vault
from policies.registry import Registry
from policies.server import Analyzer, start

POLICIES = (eu_residency, secrets_from_vault, redundancy, exposure, backups, exceptions)
REGISTRY = Registry(module.POLICY for module in POLICIES)

if __name__ == "__main__":
    server, port = start(Analyzer(REGISTRY))
    print(port, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()
