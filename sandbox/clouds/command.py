"""The provider command: local commands really run; remote ones are checked against the recorded clouds.

The machines of the simulated clouds have no body (the lab gives them one), so a remote command cannot run. What can
be checked is: the host is a machine that was recorded, the way to it leads through a machine with a public address
whose firewall lets SSH in, and the commands and keys are given.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from typing import Any, Final

from sandbox.cloud import Call, Cloud, CloudError, Kind, by_token
from sandbox.properties import Properties, find
from sandbox.schema import Failure
from sandbox.store import Row

LOCAL_SECONDS: Final = 600
SSH: Final = 22


class LocalCommand(Kind):
    """A command on the machine that runs the engine."""

    token = "command:local:Command"  # noqa: S105 - a type
    local = True
    replace_on = frozenset({"triggers"})

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What the command printed."""
        return self._run(inputs.get("create"), inputs)

    def on_local_update(self, old: Properties, inputs: Properties, call: Call) -> Properties:
        """Run the command for changes, which is the one for creating where there is none."""
        return self._run(inputs.get("update", inputs.get("create")), inputs)

    def on_local_delete(self, state: Properties, call: Call) -> None:
        """Run the command for deleting."""
        self._run(state.get("delete"), state)

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Any."""
        return uuid.uuid4().hex

    def _run(self, command: str | None, inputs: Properties) -> Properties:
        if command is None:
            return {"stdout": "", "stderr": ""}
        try:
            done = subprocess.run(
                [*(inputs.get("interpreter") or ["/bin/sh", "-c"]), command],
                cwd=inputs.get("dir"),
                env={**os.environ, **(inputs.get("environment") or {})},
                input=inputs.get("stdin"),
                capture_output=True,
                text=True,
                timeout=LOCAL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CloudError(f"the command did not end within {LOCAL_SECONDS} seconds") from None
        except OSError as error:
            raise CloudError(f"the command does not start: {error}") from None
        if done.returncode != 0:
            raise CloudError(f"the command ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
        return {"stdout": done.stdout.strip(), "stderr": done.stderr.strip()}


class RemoteCommand(Kind):
    """A command on a recorded machine."""

    token = "command:remote:Command"  # noqa: S105 - a type
    replace_on = frozenset({"triggers"})
    hidden = frozenset({"connection", "stdin", "environment"})

    def check(self, inputs: Properties, call: Call) -> Iterator[Failure]:
        """There must be a key, and something to do."""
        connection = inputs.get("connection")
        if isinstance(connection, dict) and not {"privateKey", "password", "agentSocketPath"} & connection.keys():
            yield Failure("connection", "has no privateKey, password or agentSocketPath")
        if inputs.get("create") is None:
            yield Failure("create", "is required (a string): there is nothing to run")

    def new_id(self, inputs: Properties, call: Call) -> str:
        """Any."""
        return uuid.uuid4().hex

    def admit(self, inputs: Properties, call: Call, existing: Row | None) -> None:
        """The host must be a recorded machine that SSH reaches."""
        connection = inputs["connection"]
        proxy = connection.get("proxy")
        if proxy is not None:
            self._reachable(proxy["host"], call)
            if connection["host"] not in _private_addresses(call):
                raise CloudError(f"dial {connection['host']}:22: no route: no recorded machine has this address")
        else:
            self._reachable(connection["host"], call)

    def computed(self, identifier: str, inputs: Properties, call: Call, existing: Row | None) -> Properties:
        """What was recorded."""
        checksum = hashlib.sha256(str(inputs.get("stdin") or "").encode()).hexdigest()
        return {"stdout": f"recorded: {inputs['connection']['host']} {checksum[:12]}", "stderr": ""}

    def _reachable(self, host: str, call: Call) -> None:
        for name, groups in _public_machines(call, host):
            if any(_lets_ssh_in(group) for group in groups):
                return
            raise CloudError(f"dial {host}:22: timeout: no security group of {name} lets SSH in")
        raise CloudError(f"dial {host}:22: no route: no recorded machine has this public address")


def _private_addresses(call: Call) -> set[str]:
    paths = {"ovh": "networks[].ip", "scaleway": "privateIps[].address"}
    return {
        str(address)
        for provider, path in paths.items()
        for row in call.store.rows(provider)
        for _, address in find(row.outputs, path)
    }


def _public_machines(call: Call, host: str) -> Iterator[tuple[str, list[Row]]]:
    """The machine with a public address, and its security groups."""
    for provider, path, groups in (
        ("ovh", "networks[].ip", "securityGroupIds[]"),
        ("scaleway", "publicIps[].address", "securityGroupId"),
    ):
        rows = {row.id: row for row in call.store.rows(provider)}
        for row in list(rows.values()):
            if host in [value for _, value in find(row.outputs, path)]:
                yield row.name, [rows[group] for _, group in find(row.outputs, groups) if group in rows]


def _lets_ssh_in(group: Row) -> bool:
    rules_of_ovh: list[Any] = [
        rule
        for rule in group.outputs.get("rules") or []
        if rule["direction"] == "INGRESS" and rule.get("portRangeMin", 1) <= SSH <= rule.get("portRangeMax", 65535)
    ]
    rules_of_scaleway = [
        rule
        for rule in group.outputs.get("inboundRules") or []
        if rule["action"] == "accept"
        and (rule.get("port") == SSH or (not rule.get("port") and not rule.get("portRange")))
    ]
    return bool(rules_of_ovh or rules_of_scaleway)


CLOUD: Final = Cloud("command", by_token(LocalCommand(), RemoteCommand()))
