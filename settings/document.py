"""A stack file as text: what stands on which line, and what stands there twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, Final

import yaml

from settings.findings import NAMESPACE, Finding, Path

QUOTED: Final = re.compile(r"""(['"])(.+?)\1""")


class Loader(yaml.SafeLoader):
    """Reads scalars as the engine does: `yes`, `on` and `10:30` are text."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, form) for tag, form in forms if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")]
    for letter, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)


class UnreadableError(Exception):
    """A file that is no stack file at all: why, and on which line."""

    def __init__(self, finding: Finding, lines: Mapping[Path, int]) -> None:
        super().__init__(finding.given)
        self.finding, self.lines = finding, lines


class Document:
    """The `config:` of a stack file. Raises UnreadableError where there is none."""

    def __init__(self, file: FilePath) -> None:
        self.lines: dict[Path, int] = {}
        """On which line a key stands, counted from 1; the empty path for `config:` itself."""
        self.repeated: list[Finding] = []
        """Keys that stand twice: YAML readers silently take one of the two."""
        self.config: dict[str, Any] = self._read(file)

    def _read(self, file: FilePath) -> dict[str, Any]:
        content = file.read_bytes()
        try:
            loader = Loader(content)
            root = loader.get_single_node()
            document = None if root is None else loader.construct_document(root)
        except yaml.YAMLError as error:
            raise _not_yaml(error) from None
        if not isinstance(document, dict) or not isinstance(root, yaml.MappingNode):
            given = "is empty" if document is None else "is no map"
            raise UnreadableError(
                Finding((), given, f"a map with the key config, and below it keys of {NAMESPACE}:"), {}
            )
        for key, value in root.value:
            if key.value == "config":
                if () in self.lines:
                    self.repeated.append(Finding((), "has the key config twice", "every key once"))
                self.lines[()] = _line(key)
                self._collect(value, ())
        config = document.get("config")
        if not isinstance(config, dict):
            given = f"has no key config with a map; its keys are {', '.join(map(str, document))}"
            accepted = f"config: and below it keys such as {NAMESPACE}:organisation"
            raise UnreadableError(Finding((), given, accepted), self.lines)
        # As the engine does it: a key without a namespace is the project's.
        return {str(key) if ":" in str(key) else f"{NAMESPACE}:{key}": value for key, value in config.items()}

    def _collect(self, node: yaml.Node, path: Path) -> None:
        children: list[tuple[str | int, yaml.Node, yaml.Node]] = []
        if isinstance(node, yaml.MappingNode):
            children = [(key.value, key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            children = [(index, value, value) for index, value in enumerate(node.value)]
        for step, start, value in children:
            # Our own keys are paths without the namespace.
            below = (*path, step if path else str(step).removeprefix(f"{NAMESPACE}:"))
            if below in self.lines:
                given = f"stands here again, after line {self.lines[below]}"
                self.repeated.append(Finding(below, given, "every key once"))
            self.lines[below] = _line(start)
            self._collect(value, below)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _not_yaml(error: yaml.YAMLError) -> UnreadableError:
    # The parser's whole text would quote the line, which may hold a secret.
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    mark = getattr(error, "problem_mark", None)
    column = f" at column {mark.column + 1}" if mark else ""
    finding = Finding(
        (),
        f"is not YAML: {QUOTED.sub(_grammar, problem)}{column}",
        "UTF-8 text in YAML: spaces before keys, brackets and quotes in pairs, quotes around text with special characters",
    )
    return UnreadableError(finding, {(): mark.line + 1} if mark else {})


def _grammar(quoted: re.Match[str]) -> str:
    """What the parser says of its grammar, such as `'}'`, `'<scalar>'` and `'\\t'`, but not a word of the file."""
    word = quoted[2]
    return quoted[0] if len(word) == 1 or word.startswith(("<", "\\")) else "this"
