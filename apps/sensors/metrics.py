"""Figures for CloudWatch, as lines of the log: CloudWatch reads them there, and no call is made (embedded metric format)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any


def publish(namespace: str, figures: Mapping[str, int], **said: Any) -> None:
    """Write counts as one line; what else is `said` can be searched for, and is no figure."""
    if figures:
        metrics = [{"Name": name, "Unit": "Count"} for name in sorted(figures)]
        directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": metrics}
        line = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}, **figures, **said}
        sys.stdout.write(json.dumps(line, sort_keys=True) + "\n")
