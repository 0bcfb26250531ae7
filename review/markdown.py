"""A review as a comment of a pull request: losses first, then policies, changes and cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from review.findings import Broken, Change, label
from review.run import Reviewed

KINDS: Final = ("create", "update", "replace", "delete")
LISTED: Final = 40
"""Changes of a kind that are named; a comment has room for 65,536 characters."""


def report(reviewed: Iterable[Reviewed], base: str) -> str:
    """The whole comment, in Markdown."""
    results = list(reviewed)
    lines = [
        f"Compared with `{base[:12]}`, in simulated clouds, policies on.",
        "",
        "| stack | create | update | replace | delete | policies | € a month | |",
        "|---|--:|--:|--:|--:|---|--:|---|",
        *(_row(result) for result in results),
        "",
    ]
    for result in results:
        lines += _details(result)
    return "\n".join(lines).rstrip() + "\n"


def _row(result: Reviewed) -> str:
    findings = result.findings
    counts = [str(findings.counts.get(kind, 0)) for kind in KINDS]
    advisory = len(findings.broken) - len(findings.mandatory)
    policies = f"**{len(findings.mandatory)} broken**" if findings.mandatory else "pass"
    if advisory:
        policies += f", {advisory} advisory"
    verdict = "❌ fails" if findings.errors else "⛔ blocked" if findings.mandatory else "✅"
    if findings.losses:
        verdict += f" ⚠️ **{len(findings.losses)} with data replaced or deleted**"
    return f"| {result.stack} | {' | '.join(counts)} | {policies} | {_cost(result)} | {verdict} |"


def _cost(result: Reviewed) -> str:
    before, after = result.before, result.after
    if after is None:
        return "?"
    if before is None:
        return f"new: {after:.0f}"
    return f"{after:.0f}" if round(before) == round(after) else f"{before:.0f} → {after:.0f} ({after - before:+.0f})"


def _details(result: Reviewed) -> Iterator[str]:
    findings = result.findings
    if not (findings.changes or findings.broken or findings.errors) and result.complete:
        return
    yield f"### {result.stack}"
    yield ""
    if not result.complete:
        yield "The commit before does not come up as a whole: what it lacks is shown as new."
        yield ""
    if findings.losses:
        yield "> [!CAUTION]"
        yield "> **Data would be lost or moved:**"
        yield from (f"> - {change.kind} `{change.label}`" for change in findings.losses)
        yield ""
    if findings.errors:
        yield from ("The preview fails:", "", "~~~~text", "\n\n".join(findings.errors)[-8000:], "~~~~", "")
    if findings.broken:
        yield from ("| policy | resource | what is wrong | how to mend |", "|---|---|---|---|")
        yield from (_broken(broken) for broken in findings.broken)
        yield ""
    if findings.changes:
        yield from _changes(findings.changes)


def _broken(broken: Broken) -> str:
    said = parts(broken.message)
    wrong = f"{said[''] or broken.message}<br>accepted: {said['Accepted']}"
    force = "" if broken.mandatory else " (advisory)"
    cells = (f"{broken.policy}{force}", f"`{label(broken.urn)}`", wrong, said["Remedy"])
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def parts(message: str) -> dict[str, str]:
    """A policy's message by the words that begin its lines; what is wrong is under the empty word."""
    found = {"": "", "Accepted": "", "Remedy": "", "Clause": ""}
    current = ""
    for line in message.splitlines():
        word, separator, rest = line.partition(": ")
        if separator and word in found:
            current, line = word, rest
        found[current] = f"{found[current]}\n{line}".strip()
    return found


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    yield "<details><summary>Changes</summary>"
    yield ""
    for kind in reversed(KINDS):
        named = [change for change in changes if change.kind == kind]
        yield from (f"- {kind} `{change.label}`" for change in named[:LISTED])
        if len(named) > LISTED:
            yield f"- {kind} {len(named) - LISTED} more"
    yield from ("", "</details>", "")
