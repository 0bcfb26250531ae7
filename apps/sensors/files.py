"""From the bytes of a file to readings, a line at a time: a file of any size takes the memory of one line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, Final

from apps.sensors.model import Reading, RejectedError, reading_of, shown

COLUMNS: Final = ("sensor", "at", "value")
LINE_BYTES: Final = 4096
BUFFER_BYTES: Final = 256 * 1024
BOM: Final = b"\xef\xbb\xbf"


class Format(StrEnum):
    """How a file says what it says, which its name ends with."""

    CSV = "csv"
    """A header with sensor, at and value, and a line a reading."""
    JSONL = "jsonl"
    """A JSON object with sensor, at and value a line."""


class PoisonError(Exception):
    """A file can never be worked on; the text says what it is and what is accepted."""


@dataclass(frozen=True)
class Line:
    """One line of a file: a reading, or why it is none."""

    number: int
    reading: Reading | None = None
    rejected: str = ""


def format_of(key: str, accepted: tuple[Format, ...]) -> Format:
    """The format of a file by its name; raises PoisonError where it is none of those."""
    ending = key.rpartition(".")[2].lower() if "." in key else ""
    found = next((one for one in accepted if one == ending), None)
    if found is None:
        raise PoisonError(f"the file's name ends with {shown(ending)}; accepted: .{', .'.join(accepted)}")
    return found


def lines(body: IO[bytes], kind: Format) -> Iterator[Line]:
    """Every line of a file that is not blank; raises PoisonError where the file is not of that format at all."""
    numbered = _raw(body)
    columns: list[str] | None = None
    for number, raw in numbered:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            if columns is None and kind is Format.CSV:
                raise PoisonError(f"line {number} is not UTF-8 ({error.reason}); accepted: UTF-8 text") from None
            yield Line(number, rejected=f"is not UTF-8 ({error.reason})")
            continue
        if kind is Format.CSV and columns is None:
            columns = _header(text, number)
            continue
        try:
            fields = _json(text) if columns is None else _csv(text, columns)
            yield Line(number, reading_of(fields))
        except RejectedError as error:
            yield Line(number, rejected=str(error))


def _raw(body: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    # A body of S3 is a raw stream to this, and so is a file.
    reader = io.BufferedReader(body, BUFFER_BYTES)  # type: ignore[type-var]
    number = 0
    while raw := reader.readline(LINE_BYTES + 1):
        number += 1
        if len(raw) > LINE_BYTES:
            raise PoisonError(f"line {number} is longer than {LINE_BYTES} bytes; accepted: a reading a line")
        if number == 1:
            raw = raw.removeprefix(BOM)
        if raw := raw.strip():
            yield number, raw


def _header(text: str, number: int) -> list[str]:
    try:
        columns = [name.strip().lower() for name in _split(text)]
    except RejectedError:
        columns = []
    if sorted(columns) != sorted(COLUMNS):
        raise PoisonError(f"line {number} is {shown(text)}; accepted: a header with the columns {', '.join(COLUMNS)}")
    return columns


def _csv(text: str, columns: list[str]) -> Mapping[str, Any]:
    values = _split(text)
    if len(values) != len(columns):
        raise RejectedError(f"has {len(values)} columns; accepted: {', '.join(columns)}")
    return {column: value.strip() for column, value in zip(columns, values, strict=True)}


def _split(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise RejectedError(f"is no CSV ({error})") from None


def _json(text: str) -> Mapping[str, Any]:
    try:
        # Numbers stay what was written: a float would round them.
        found = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise RejectedError(f"is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise RejectedError(f"is {shown(found)}; accepted: an object with {', '.join(COLUMNS)}")
    unknown = sorted(found.keys() - set(COLUMNS))
    if unknown:
        raise RejectedError(f"has {', '.join(map(shown, unknown))}; accepted: {', '.join(COLUMNS)}")
    return found
