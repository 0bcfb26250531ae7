"""The README says what is: every path, command, key and number in it is looked up."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml

from components.compute.convergence import ORDER
from docs import policies, settings
from engine.setup import pulumi_binary
from review.__main__ import BLOCKED, FAILED, WRONG
from sandbox import __main__ as sandbox
from sandbox import recovery
from settings import Role, SettingsError, read
from settings.load import ROOT

README: Final = (ROOT / "README.md").read_text()
PROSE: Final = re.sub(r"^ *```.*?^ *```", "", README, flags=re.M | re.S)
CODE: Final = re.findall(r"`([^`\n]+)`", PROSE)
BLOCKS: Final = re.findall(r"^ *```(\w+)\n(.*?)^ *```", README, flags=re.M | re.S)
ELSEWHERE: Final = {"bin/serve", "build/bench.json", "releases/app-VERSION.tar.gz"}
"""Paths of a release, and of what a command makes."""
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def shell_lines() -> list[str]:
    """Every line that a reader may type: of blocks without their comments, and of the text."""
    lines = [line.split(" #")[0].strip() for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
    return [*lines, *CODE]


def block(start: str) -> str:
    """The block that has a text in its first lines."""
    (found,) = (str(text) for _, text in BLOCKS if start in text[:200])
    return found


def table(head: str) -> list[list[str]]:
    """The rows of the table whose first line begins with a text."""
    lines = README.split(f"| {head}", 1)[1].splitlines()[2:]
    rows = lines[: next(index for index, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


# Paths and links


def test_every_path_is_there() -> None:
    paths = {text for text in CODE if re.fullmatch(r"\.?[\w-]+(/[\w.-]+)*/?|Pulumi\.\w+\.yaml", text) and "/" in text}
    paths |= {text for text in CODE if re.fullmatch(r"Pulumi\.\w+\.yaml", text)}
    assert len(paths) > 25
    assert {path for path in paths - ELSEWHERE if not (ROOT / path).exists()} == set()


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.+)$", README, re.M)
    }
    assert len(links) > 5
    for link in links:
        assert (link[1:] in headings) if link.startswith("#") else (ROOT / link).exists(), link


def test_the_tree_is_the_tree() -> None:
    names = [line.split()[0] for line in block("reads the settings, builds").splitlines()]
    assert all(list(ROOT.glob(name.rstrip("/"))) for name in names), names
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {f"{name.split('/')[0]}/" for name in tracked.splitlines() if "/" in name}
    assert folders - set(names) - {".github/"} == set()


def test_what_other_files_refer_to_is_there() -> None:
    assert recovery.__doc__ is not None
    (heading,) = re.findall(r'see "(.+?)"\s+in the README', recovery.__doc__.replace("\n", " "))
    assert f"### {heading}\n" in README


# Commands


def test_every_target_of_make_is_told_and_there() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    told = {target for line in shell_lines() for target in re.findall(r"^make ([a-z-]+)", line)}
    assert told == set(phony[1].split())


def test_every_command_of_the_sandbox_is_told_and_understood() -> None:
    lines = [line.partition("-m sandbox ")[2] for line in shell_lines() if "-m sandbox " in line]
    told = set()
    for line in lines:
        arguments = sandbox._parser().parse_args(shlex.split(line))
        told.add(arguments.run)
    assert told == set(sandbox.COMMANDS.values())


@pytest.mark.parametrize("line", sorted({line for line in shell_lines() if re.match(r"pulumi [a-z]+ ", line)}))
def test_every_pulumi_command_has_its_flags(line: str) -> None:
    words = shlex.split(line)[1:]
    command = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)][
        : 2 if words[0] in ("stack", "state") else 1
    ]
    done = subprocess.run([pulumi_binary(), *command, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    named = rf"^Usage:\n +pulumi {' '.join(command)}\b|^Aliases:\n.*\b{command[-1]}\b"
    assert re.search(named, done.stdout, re.M), "a command that is unknown gets the help of the one above it"
    for flag in (word for word in words if word.startswith("--")):
        assert re.search(rf"{flag}\b", done.stdout), f"pulumi {' '.join(command)} has no {flag}"


def test_stack_files_are_checked_by_the_command_that_is_told() -> None:
    (command,) = (text for text in CODE if "-m settings" in text)
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# What is told of the code


def test_the_roles_are_those_of_machines() -> None:
    assert [row[0] for row in table("Role")] == [role.value for role in Role]


def test_the_order_of_the_rollout_is_the_codes() -> None:
    order = re.search(r"converge in the order ([a-z, ]+), and", " ".join(README.split()))
    assert order is not None
    assert order[1].split(", ") == [role.value for role in ORDER]


def test_the_stacks_of_systems_are_those_that_are_there() -> None:
    told = {name for row in table("System") for name in re.findall(r"Pulumi\.[\w-]+\.yaml", row[2])}
    assert told == {file.name for file in ROOT.glob("Pulumi.*.yaml")}


def test_settings_that_are_named_exist() -> None:
    sections = {row[0].split(".")[1] for row in settings.rows() if "." in row[0]}
    named = {text.split(":")[0] for text in CODE if re.fullmatch(r"[a-z]+\.[a-z_]+(: \w+)?", text)}
    named = {name for name in named if name.split(".")[0] in sections}
    assert len(named) >= 5
    keys = {re.sub(r"[\[\]`]", "", row[0]) for row in settings.rows()}
    for name in named:
        assert any(f".{name}" in key for key in keys), name


def test_the_example_of_errors_is_what_is_said(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text()
    broken = text.replace("variant: maxscale", "variant: galara").replace(
        "database: {count: 3", "database: {count: 4", 1
    )
    (tmp_path / "Pulumi.prod.yaml").write_text(broken)
    with pytest.raises(SettingsError) as error:
        read("prod", tmp_path)
    example = block("errors in Pulumi.prod.yaml")
    assert _without_lines(example).strip() == _without_lines(str(error.value)).strip()


def _without_lines(text: str) -> str:
    return re.sub(r"(\.yaml):\d+", r"\1", text)


def test_the_output_to_expect_is_of_the_sandbox_as_it_is() -> None:
    hosting = read("sandbox").hosting
    assert hosting is not None
    output = block("Resources:")
    machines = sum(group.count for site in hosting.sites for group in site.machines.values())
    assert f"{machines} machines" in output
    for site in hosting.sites:
        count = sum(group.count for group in site.machines.values())
        assert f"{site.provider}: {count} machines" in output
    for replica in hosting.backups.replicas:
        assert f"-backup-{replica.name}  ({replica.provider}, {replica.region})" in output
    assert f"https://api.{hosting.domain}" in output


def test_the_table_of_policies_is_current() -> None:
    assert policies.FILE.read_text() == policies.text(), "run: make docs"


# Workflows


def test_workflows_use_actions_by_commit_and_give_no_right_by_default() -> None:
    assert [file.stem for file in WORKFLOWS] == ["preview", "test"]
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text())
        assert workflow["permissions"] == {}
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        used = [step["uses"] for step in steps if "uses" in step]
        assert used
        assert all(re.fullmatch(r"(actions|github/codeql-action)/[\w-]+@[0-9a-f]{40}", action) for action in used)
        assert "secrets." not in file.read_text()


def test_workflows_are_well_by_the_linter() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--persona", "pedantic", "--no-progress", ".github/workflows"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_exit_statuses_of_a_review_are_all_of_them() -> None:
    section = README.split("## Pull requests")[1].split("\n## ")[0]
    assert re.findall(r"^\| (\d) \|", section, re.MULTILINE) == ["0", *map(str, (BLOCKED, WRONG, FAILED))]
