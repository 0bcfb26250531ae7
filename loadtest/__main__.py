"""`python -m loadtest setup | plan --stack STACK | run --stack STACK --address wss://HOST --results FOLDER [--users N]`.

`plan` prints the JMeter plan; `run` runs it and writes samples.csv, jmeter.log and report.json. The key that signs
users' tokens is taken from where the chat's own processes have it: CHAT_TOKEN_KEY, or the file of CHAT_SECRETS.
Exit status: 0 all is well; 1 something is not, and is said; 2 wrong arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from apps.chat.client import ClientError
from apps.chat.environment import EnvironmentVariableError, TokenKey, read
from engine.setup import SetupError
from loadtest import jmeter, run
from loadtest.jmeter import JMeterError
from loadtest.plan import HOLD_SECONDS, RAMP_SECONDS, Load, PlanError, text
from settings import SettingsError, System
from settings import read as read_settings


def _load(arguments: argparse.Namespace) -> Load:
    chat = read_settings(arguments.stack).chat
    if chat is None:
        raise PlanError(
            f"stack {arguments.stack} has no {System.CHAT}; accepted is a stack of the chat such as chat-dev"
        )
    return Load.of(chat, arguments.users).lasting(arguments.ramp, arguments.hold)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtest", description="Test the chat under load.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="get JMeter")
    for name in ("plan", "run"):
        command = commands.add_parser(name)
        command.add_argument("--stack", required=True, help="whose settings say how much, such as chat-dev")
        command.add_argument("--users", type=int, help="as many of its users as this JMeter is (default: all)")
        command.add_argument("--ramp", type=int, default=RAMP_SECONDS, help="seconds over which users come")
        command.add_argument("--hold", type=int, default=HOLD_SECONDS, help="seconds for which all are there")
        command.add_argument("--address", required=name == "run", default="ws://127.0.0.1:8080", help="the gateways")
        if name == "run":
            command.add_argument("--results", type=Path, required=True, help="folder for what comes of it")
    return parser


def main() -> int:
    """Run the command; the exit status."""
    arguments = _parser().parse_args()
    try:
        if arguments.command == "setup":
            jmeter.setup()
            return 0
        load = _load(arguments)
        if arguments.command == "plan":
            print(text(load, arguments.address, Path("users.csv")))
            return 0
        key = read(TokenKey).token_key.get_secret_value()
        report = asyncio.run(run.run(load, arguments.address, key, arguments.results))
    except (PlanError, SettingsError, SetupError, JMeterError, EnvironmentVariableError, ClientError, OSError) as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report.as_json(), indent=2))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
