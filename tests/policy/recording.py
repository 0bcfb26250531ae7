"""What a real engine asks the policies about every case, and what it makes of their answers.

`python -m tests.policy.recording` previews the cases and writes corpus.json, from which tests and mutation testing
ask the policies the same again without the engine.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.setup import ROOT
from engine.workspace import Workspace
from sandbox.session import POLICIES
from tests.policy.cases.program import SEPARATOR
from tests.policy.clouds import every_type

FILE: Final = Path(__file__).with_name("corpus.json")
RECORDER: Final = Path(__file__).with_name("recorder")
DEBUG: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Without it, the engine has no `--event-log`."""
REFUSED: Final = "preview failed"
"""All that the engine adds to the violations themselves."""
PROJECT: Final = f"""name: cases
runtime:
  name: python
  options:
    virtualenv: {ROOT / ".venv"}
"""
PROGRAM: Final = f"""import sys

sys.path.insert(0, {str(ROOT)!r})

from tests.policy.cases.program import declare

declare()
"""
Corpus = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """A violation as the engine reports it."""

    policy: str
    resource: str
    message: str


@dataclass(frozen=True)
class Recording:
    """A preview of all cases."""

    corpus: Corpus
    verdicts: tuple[Verdict, ...]


class RecordingError(Exception):
    """The preview failed for another reason than a policy's verdict; the text is the engine's."""


def record(folder: Path) -> Recording:
    """Preview the cases with the policy pack and the recorder. Raises RecordingError."""
    project = folder / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(PROJECT)
    (project / "Pulumi.test.yaml").write_text("{}")
    (project / "__main__.py").write_text(PROGRAM)
    requests, events = folder / "requests", folder / "events"
    with every_type(folder) as environment:
        workspace = Workspace(folder / "pulumi", project, {**environment, **DEBUG, "RECORDER_FILE": str(requests)})
        workspace.prepare("test")
        packs = ("--policy-pack", str(POLICIES), "--policy-pack", str(RECORDER))
        preview = ("preview", "--stack", "test", *packs, "--event-log", str(events))
        done = workspace.run(*preview, quiet=True, check=False)
    if not events.exists():
        raise RecordingError(done.stdout + done.stderr)
    log = [json.loads(line) for line in events.read_text().splitlines()]
    errors = [
        event["diagnosticEvent"]["message"]
        for event in log
        if event.get("diagnosticEvent", {}).get("severity") == "error"
        and event["diagnosticEvent"]["message"].strip() != REFUSED
    ]
    if errors or not requests.exists():
        raise RecordingError("\n".join(errors) or done.stdout + done.stderr)
    return Recording(
        _corpus(requests),
        tuple(
            Verdict(event["policyEvent"]["policyName"], _name(event["policyEvent"]["resourceUrn"]), text)
            for event in log
            if "policyEvent" in event and (text := event["policyEvent"]["message"])
        ),
    )


def _name(urn: str) -> str:
    return urn.partition("::")[2].split("::", 2)[2] if urn.count("::") >= 3 else urn


def _corpus(requests: Path) -> Corpus:
    """Policy → title → question, or a list of [question about a resource, the resource at the end] for systems."""
    resources: dict[str, dict[str, Any]] = {}
    systems: dict[str, dict[str, list[Any]]] = {}
    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    asked = {line["AnalyzeRequest"]["urn"]: line["AnalyzeRequest"] for line in lines if "AnalyzeRequest" in line}
    (stack,) = (line["AnalyzeStackRequest"]["resources"] for line in lines if "AnalyzeStackRequest" in line)
    for found in sorted(stack, key=lambda one: str(one["urn"])):
        question = asked[found["urn"]]
        for part in (question, found):  # of no interest to any policy
            part["options"] = {key: value for key, value in part["options"].items() if key == "protect"}
        # In what order the engine names dependencies changes from run to run.
        found["dependencies"] = sorted(found.get("dependencies", []))
        for of_property in found.get("propertyDependencies", {}).values():
            of_property["urns"] = sorted(of_property.get("urns", []))
        match question["name"].split(SEPARATOR):
            case [policy, title]:
                resources.setdefault(policy, {})[title] = question
            case [policy, title, last] if last != "provider":
                systems.setdefault(policy, {}).setdefault(title, []).append([question, found])
    return {"resources": resources, "systems": systems}


def text(corpus: Mapping[str, Any]) -> str:
    """The content of corpus.json: a line a case, so that changes can be read."""
    sections = []
    for section, policies in sorted(corpus.items()):
        lines = [
            f"{json.dumps(policy)}: {{\n"
            + ",\n".join(f"{json.dumps(t)}: {json.dumps(q, sort_keys=True)}" for t, q in sorted(c.items()))
            + "\n}"
            for policy, c in sorted(policies.items())
        ]
        sections.append(f"{json.dumps(section)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


def load() -> Corpus:
    """What was recorded."""
    corpus: Corpus = json.loads(FILE.read_text())
    return corpus


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="platform-cases-") as temporary:
        FILE.write_text(text(record(Path(temporary)).corpus))
