"""What a preview's event log says to a reviewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from review.findings import label, read
from tests.unit.review.events import INSTANCE, URN, VOLUME, broken, said, step, write


def test_steps_become_changes(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        step("create", INSTANCE, "new"),
        step("update", INSTANCE, "changed"),
        step("same", INSTANCE, "kept"),
        step("refresh", INSTANCE, "looked-at"),
        step("delete", INSTANCE, "gone"),
    )
    findings = read(log)
    assert {(change.kind, change.label) for change in findings.changes} == {
        ("create", "CloudInstance new"),
        ("update", "CloudInstance changed"),
        ("delete", "CloudInstance gone"),
    }
    assert findings.counts == {"create": 1, "update": 1, "delete": 1}


@pytest.mark.parametrize(
    "order",
    [("create-replacement", "replace", "delete-replaced"), ("delete-replaced", "replace", "create-replacement")],
)
def test_a_replacement_is_one_change_whatever_comes_first(tmp_path: Path, order: tuple[str, ...]) -> None:
    findings = read(write(tmp_path, *(step(op, VOLUME, "data") for op in order)))
    assert findings.counts == {"replace": 1}
    assert [change.label for change in findings.losses] == ["CloudStorageBlockVolume data"]


def test_components_and_providers_are_no_changes(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        step("create", "platform:site:Ovh", "par", custom=False),
        step("create", "pulumi:providers:ovh", "default"),
    )
    assert read(log).changes == ()


def test_what_holds_data_or_is_protected_is_a_loss_when_it_goes(tmp_path: Path) -> None:
    log = write(
        tmp_path,
        step("delete", VOLUME, "store"),
        step("delete", INSTANCE, "database", protect=True),
        step("delete", INSTANCE, "app"),
        step("update", VOLUME, "larger"),
        step("create", VOLUME, "another"),
    )
    assert {change.label for change in read(log).losses} == {"CloudStorageBlockVolume store", "CloudInstance database"}


def test_policies_are_mandatory_or_advisory(tmp_path: Path) -> None:
    log = write(tmp_path, broken("redundancy", f"{URN}{INSTANCE}::app"), broken("tags", level="advisory"))
    findings = read(log)
    assert [found.policy for found in findings.broken] == ["redundancy", "tags"]
    assert [found.policy for found in findings.mandatory] == ["redundancy"]


def test_errors_are_reasons_and_not_the_engines_last_word(tmp_path: Path) -> None:
    log = write(tmp_path, said("error", "it broke"), said("warning", "careful"), said("error", "preview failed"))
    assert read(log).errors == ("it broke",)


def test_resources_are_those_that_will_be(tmp_path: Path) -> None:
    log = write(tmp_path, step("create", VOLUME, "new"), step("same", VOLUME, "kept"), step("delete", VOLUME, "gone"))
    assert [str(resource["urn"]).rpartition("::")[2] for resource in read(log).resources] == ["new", "kept"]


def test_the_stack_as_a_whole_has_a_label() -> None:
    assert label("") == "the stack"
    assert label("urn:pulumi:dev::platform::pulumi:pulumi:Stack::platform-dev") == "Stack platform-dev"
