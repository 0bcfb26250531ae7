"""MaxScale's configuration against its documented parameters; MaxScale itself is the vendor's package alone.

`maxscale-parameters.json` is taken from the documentation of MaxScale 24.02 (the commit stands in it) and tells every
parameter of the modules that the template uses, its type, its values, and whether it must be given.
"""

from __future__ import annotations

import configparser
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

DOCUMENTED: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = json.loads(
    Path(__file__).with_name("maxscale-parameters.json").read_text()
)["modules"]
MODULES: Final = {
    "maxscale": ("maxscale (global)",),
    "server": ("server",),
    "listener": ("listener",),
    "mariadbmon": ("monitor (common)", "mariadbmon"),
    "readwritesplit": ("service (common)", "readwritesplit"),
    "readconnroute": ("service (common)", "readconnroute"),
}
FORMS: Final = {
    "boolean": r"true|false",
    "duration": r"\d+(?:h|m|s|ms)",
    "count": r"\d+",
    "number": r"\d+",
    "integer": r"-?\d+",
    "number or auto": r"\d+|auto",
    "size": r"\d+(?:[kMGT]i?)?",
}
LISTS: Final = {"enum_mask", "server list", "target list", "filter list", "stringlist"}
REFERENCES: Final = {"servers": "server", "targets": "server", "service": "service"}


def mistakes(text: str) -> list[str]:
    """Everything in a configuration that the documentation does not know."""
    parser = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#",))
    # Names are case-sensitive.
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    sections = {name: dict(parser[name]) for name in parser.sections()}
    return [problem for name, found in sections.items() for problem in _section(name, found, sections)]


def _section(name: str, found: Mapping[str, str], sections: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    kind = "maxscale" if name == "maxscale" else found.get("type", "")
    module = found.get({"service": "router", "monitor": "module"}.get(kind, ""), kind)
    if module not in MODULES:
        yield f"[{name}] is of a kind ({module!r}) that is not one of {', '.join(MODULES)}"
        return
    known = {key: spec for part in MODULES[module] for key, spec in DOCUMENTED[part].items()}
    for key, value in found.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"[{name}] {key} is not a parameter of {module}{hint}"
            continue
        yield from _value(f"[{name}] {key}", value, known[key])
        target = REFERENCES.get(key)
        for one in value.split(",") if target else ():
            if sections.get(one.strip(), {}).get("type") != target:
                yield f"[{name}] {key} names {one.strip()!r}, and there is no {target} of that name"
    missing = [key for key, spec in known.items() if spec.get("mandatory") and key not in found]
    if missing:
        yield f"[{name}] lacks {', '.join(missing)}"


def _value(where: str, value: str, spec: Mapping[str, Any]) -> Iterator[str]:
    kind = spec["type"]
    if kind in ("enum", "enum_mask") and spec.get("values"):
        for one in value.split(",") if kind == "enum_mask" else [value]:
            if one.strip() not in spec["values"]:
                yield f"{where} is {one.strip()!r}, but accepted is one of {', '.join(spec['values'])}"
    elif kind in FORMS and not re.fullmatch(FORMS[kind], value):
        yield f"{where} is {value!r}, but accepted is a {kind}"
    elif not value and kind not in LISTS:
        yield f"{where} is empty"
