"""`python -m settings check [STACK…]` checks stack files; `python -m settings schema` writes their JSON schema."""

from __future__ import annotations

import sys

from settings import SettingsError, read
from settings.load import ROOT
from settings.schema import FILE, text


def main() -> None:
    """Run the command that the arguments name; exit status 1 where a file has errors, 2 for a wrong command."""
    match sys.argv[1:]:
        case ["schema"]:
            FILE.write_text(text())
        case ["check", *stacks]:
            sys.exit(_check(stacks or sorted(file.name.split(".")[1] for file in ROOT.glob("Pulumi.*.yaml"))))
        case _:
            print("usage: python -m settings check [STACK…] | schema", file=sys.stderr)
            sys.exit(2)


def _check(stacks: list[str]) -> int:
    failed = 0
    for stack in stacks:
        try:
            read(stack)
        except SettingsError as error:
            print(error, file=sys.stderr)
            failed = 1
        else:
            print(f"Pulumi.{stack}.yaml is well")
    return failed


if __name__ == "__main__":
    main()
