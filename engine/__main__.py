"""`python -m engine setup` makes the engine and the servers ready, `python -m engine debian LISTING` the programs."""

from __future__ import annotations

import sys
from pathlib import Path

from engine import debian
from engine.setup import SetupError, setup


def main() -> None:
    """Run the one command that the arguments name."""
    try:
        match sys.argv[1:]:
            case ["setup"]:
                setup()
            case ["debian", listing]:
                debian.install(Path(listing))
            case _:
                sys.exit("usage: python -m engine setup | debian LISTING")
    except SetupError as error:
        sys.exit(f"setup: {error}")


if __name__ == "__main__":
    main()
