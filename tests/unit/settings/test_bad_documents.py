"""Files that are no stack file at all, or not the stack's: the error names the file, the line and the reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from settings import SettingsError, read
from settings.load import ROOT
from tests.unit.settings.stack_files import complaints, write, write_text

GOOD: Final = (ROOT / "Pulumi.sandbox.yaml").read_text()

# Content of the file → line of the complaint (none for the file as a whole), what is said, what is accepted.
UNREADABLE: Final[dict[str, tuple[bytes, int | None, str, str]]] = {
    "empty": (b"", None, "is empty", "the key config"),
    "only a comment": (b"# nothing yet\n", None, "is empty", "the key config"),
    "a list": (b"- config\n", None, "is no map", "the key config"),
    "a word": (b"config\n", None, "is no map", "the key config"),
    "no config": (b"confg:\n  platform:owner: x\n", None, "its keys are confg", "config:"),
    "an empty config": (b"config:\n", 1, "no key config with a map", "platform:organisation"),
    "a list for config": (b"config:\n  - platform:owner\n", 1, "no key config with a map", "platform:organisation"),
    "a tab": (b"config:\n\tplatform:owner: x\n", 2, "is not YAML: found character '\\t'", "spaces before keys"),
    "an open bracket": (b"config:\n  platform:hosting: [hosting\n", 3, "is not YAML: expected ',' or ']'", "brackets"),
    "an open quote": (b'config:\n  platform:owner: "x\n', 3, "is not YAML: found unexpected end", "quotes in pairs"),
    "a colon in text": (b"config:\n  platform:owner: a: b\n", 2, "is not YAML: mapping values", "quotes around text"),
    "an unknown alias": (b"config:\n  platform:owner: *me\n", 2, "is not YAML: found undefined alias", "quotes"),
    "two documents": (GOOD.encode() + b"---\n" + GOOD.encode(), 60, "is not YAML: but found another document", "YAML"),
    "another encoding": (
        "config:\n  platform:owner: à@b.eu\n".encode("latin-1"),
        None,
        "is not YAML: invalid",
        "UTF-8",
    ),
}


@pytest.mark.parametrize(("content", "line", "given", "accepted"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_cannot_be_read(
    content: bytes, line: int | None, given: str, accepted: str, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.sandbox.yaml").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert complaint.key == ""
    assert complaint.file == "Pulumi.sandbox.yaml"
    assert complaint.line == line
    assert given in complaint.given
    assert accepted in complaint.accepted


REPEATED: Final = {
    "in a map of one line": ("ttl: 60}", "ttl: 60, ttl: 70}", "platform:hosting.dns.ttl"),
    "of a stack": ("  platform:hosting:", "  platform:owner: b@example.eu\n  platform:hosting:", "platform:owner"),
    "in a system": ("app_port: 8000", "app_port: 8000\n    app_port: 8001", "platform:hosting.app_port"),
    "in a site": ("role: primary", "role: primary\n        role: secondary", "platform:hosting.sites[0].role"),
    "without a namespace": ("  platform:hosting:", "  owner: b@example.eu\n  platform:hosting:", "platform:owner"),
    "of a provider": ("  ovh:endpoint: ovh-eu", "  ovh:endpoint: ovh-eu\n  ovh:endpoint: ovh-ca", "ovh:endpoint"),
}


@pytest.mark.parametrize(("old", "new", "key"), REPEATED.values(), ids=REPEATED)
def test_a_key_that_stands_twice(old: str, new: str, key: str, tmp_path: Path) -> None:
    file = write_text(tmp_path, "sandbox", GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    complaint = next(found for found in complaints(str(caught.value)) if found.key == key)
    first = re.fullmatch(r"stands here again, after line (\d+)", complaint.given)
    assert first
    assert complaint.line is not None
    assert int(first[1]) <= complaint.line
    for number in (int(first[1]), complaint.line):
        assert f"{re.split(r'[.:]', key)[-1]}:" in file.read_text().splitlines()[number - 1]
    assert complaint.accepted == "every key once"


def test_a_stack_without_a_file_names_the_stacks_that_have_one(tmp_path: Path) -> None:
    write(tmp_path, "dev", {})
    write(tmp_path, "prod", {})
    with pytest.raises(SettingsError) as caught:
        read("produ", tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert (complaint.file, complaint.given) == ("Pulumi.produ.yaml", "is missing")
    assert complaint.accepted == "a stack that has a file: dev, prod"


def test_a_stack_of_another_name_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path, "staging", (ROOT / "Pulumi.prod.yaml").read_text())
    with pytest.raises(SettingsError) as caught:
        read("staging", tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert complaint.key == "platform:environment"
    assert complaint.file == "Pulumi.staging.yaml"
    assert complaint.given == "is 'prod' in a stack named 'staging'"
    assert complaint.accepted == "a stack named dev, prod, sandbox, or a system and one of them: chat-dev"


def test_scalars_are_read_as_the_engine_reads_them(tmp_path: Path) -> None:
    """To the engine `yes` is text; if it were true here, the check would pass what the program refuses."""
    write_text(tmp_path, "sandbox", GOOD.replace("initialised: true", "initialised: yes"))
    with pytest.raises(SettingsError) as caught:
        read("sandbox", tmp_path)
    (complaint,) = complaints(str(caught.value))
    assert (complaint.key, complaint.given) == ("platform:hosting.vault.initialised", "is 'yes'")
    assert complaint.accepted == "true or false"


def test_a_key_without_a_namespace_is_the_projects_as_in_the_engine(tmp_path: Path) -> None:
    write_text(tmp_path, "sandbox", GOOD.replace("platform:owner:", "owner:"))
    assert read("sandbox", tmp_path).owner == "hosting@example.eu"
