"""`python -m review BASE [STACK…]`: what the checkout changes in stacks compared with a commit, policies on.

Prints a report in Markdown; --sarif writes the broken policies to a file, too. Every stack is brought up as of BASE in
simulated clouds and then previewed as it is here, so no account and no secret is needed.

Exit status: 0 nothing stands against the change; 1 a mandatory policy is broken; 2 a wrong command;
3 a preview fails, or a stack's file is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from review.markdown import report
from review.run import Reviewed, ReviewError, clone, end, review, revision, stacks
from review.sarif import sarif
from sandbox.daemon import SandboxError
from settings import SettingsError

BLOCKED, WRONG, FAILED = 1, 2, 3


def main() -> int:
    """Review and report; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m review", description="What a change does to stacks.")
    parser.add_argument("base", metavar="BASE", help="the commit to compare with, such as main or HEAD^1")
    parser.add_argument("stacks", metavar="STACK", nargs="*", help="which Pulumi.<stack>.yaml (default: all)")
    parser.add_argument("--sarif", type=Path, metavar="FILE", help="write broken policies there as SARIF")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))
    try:
        base, names = revision(arguments.base), stacks(arguments.stacks)
        reviewed = _review(base, names)
    except ReviewError as error:
        print(error, file=sys.stderr)
        return WRONG
    except (SettingsError, SandboxError) as error:
        print(f"### The review fails\n\n~~~~text\n{error}\n~~~~")
        return FAILED
    print(report(reviewed, base))
    if arguments.sarif is not None:
        arguments.sarif.write_text(json.dumps(sarif(reviewed), indent=2) + "\n")
    if any(result.findings.errors for result in reviewed):
        return FAILED
    return BLOCKED if any(result.findings.mandatory for result in reviewed) else 0


def _review(base: str, names: Sequence[str]) -> list[Reviewed]:
    # Standard output is the report's alone.
    with (
        contextlib.redirect_stdout(sys.stderr),
        tempfile.TemporaryDirectory(prefix="platform-review-") as folder,
    ):
        clouds = Path(folder) / "clouds"
        try:
            with clone(base, Path(folder)) as before:
                reviewed = []
                for stack in names:
                    print(f"Reviewing {stack} …", file=sys.stderr, flush=True)
                    reviewed.append(review(stack, before, clouds))
                return reviewed
        finally:
            end(clouds)


if __name__ == "__main__":
    sys.exit(main())
