"""What the simulated clouds hold: one SQLite file, changed in transactions, so that it survives any kill."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.properties import Properties

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    token    TEXT NOT NULL,
    id       TEXT NOT NULL,
    project  TEXT NOT NULL,
    urn      TEXT NOT NULL,
    inputs   TEXT NOT NULL,
    outputs  TEXT NOT NULL,
    UNIQUE (provider, token, id)
);
CREATE INDEX IF NOT EXISTS resources_by_token ON resources (provider, token);
CREATE TABLE IF NOT EXISTS links (
    source INTEGER NOT NULL REFERENCES resources (seq) ON DELETE CASCADE,
    target INTEGER NOT NULL REFERENCES resources (seq),
    UNIQUE (source, target)
);
CREATE INDEX IF NOT EXISTS links_by_target ON links (target);
CREATE TABLE IF NOT EXISTS accounts (
    provider TEXT NOT NULL,
    name     TEXT NOT NULL,
    access   TEXT NOT NULL,
    secret   TEXT NOT NULL,
    PRIMARY KEY (provider, name)
);
CREATE TABLE IF NOT EXISTS projects (
    provider TEXT NOT NULL,
    id       TEXT NOT NULL,
    account  TEXT NOT NULL,
    PRIMARY KEY (provider, id)
);
CREATE TABLE IF NOT EXISTS faults (
    provider TEXT NOT NULL,
    kind     TEXT NOT NULL,
    value    REAL NOT NULL,
    PRIMARY KEY (provider, kind)
);
CREATE TABLE IF NOT EXISTS journal (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    entry    BLOB NOT NULL
);
"""
BUSY_SECONDS = 30.0


@dataclass(frozen=True)
class Row:
    """A resource that a cloud holds: what was asked for, and what a read answers."""

    seq: int
    provider: str
    token: str
    id: str
    project: str
    urn: str
    inputs: Properties
    outputs: Properties

    @property
    def name(self) -> str:
        """What a person would call it."""
        return str(self.outputs.get("name") or self.outputs.get("bucket") or self.id)


@dataclass(frozen=True)
class Account:
    """Somebody's credentials at a provider, and the projects that they open."""

    provider: str
    name: str
    access: str
    secret: str
    projects: frozenset[str]


class Store:
    """The clouds' memory; safe for several threads and several processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what happens inside is kept, or none of it; nested transactions are part of the outer one."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def _all(self, query: str, *arguments: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, arguments).fetchall()

    # Resources

    def insert(self, row: Row, targets: list[Row]) -> Row:
        """Keep a new resource that refers to `targets`."""
        with self.transaction():
            cursor = self._connection.execute(
                "INSERT INTO resources (provider, token, id, project, urn, inputs, outputs) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.provider,
                    row.token,
                    row.id,
                    row.project,
                    row.urn,
                    json.dumps(row.inputs),
                    json.dumps(row.outputs),
                ),
            )
            seq = int(cursor.lastrowid or 0)
            self._link(seq, targets)
        return Row(seq, row.provider, row.token, row.id, row.project, row.urn, row.inputs, row.outputs)

    def change(self, row: Row, inputs: Properties, outputs: Properties, targets: list[Row] | None = None) -> None:
        """Give a resource other properties; with `targets`, also other references."""
        with self.transaction():
            self._connection.execute(
                "UPDATE resources SET inputs = ?, outputs = ? WHERE seq = ?",
                (json.dumps(inputs), json.dumps(outputs), row.seq),
            )
            if targets is not None:
                self._connection.execute("DELETE FROM links WHERE source = ?", (row.seq,))
                self._link(row.seq, targets)

    def _link(self, seq: int, targets: list[Row]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO links (source, target) VALUES (?, ?)", [(seq, target.seq) for target in targets]
        )

    def delete(self, row: Row) -> None:
        """Forget a resource."""
        with self.transaction():
            self._connection.execute("DELETE FROM links WHERE target = ?", (row.seq,))
            self._connection.execute("DELETE FROM resources WHERE seq = ?", (row.seq,))

    def get(self, provider: str, token: str, identifier: str) -> Row | None:
        """One resource by its id."""
        found = self._all(
            "SELECT * FROM resources WHERE provider = ? AND token = ? AND id = ?", provider, token, identifier
        )
        return _row(found[0]) if found else None

    def rows(self, provider: str | None = None, token: str | None = None) -> list[Row]:
        """Resources, oldest first."""
        return [
            _row(found)
            for found in self._all(
                "SELECT * FROM resources WHERE provider = ifnull(?, provider) AND token = ifnull(?, token) "
                "ORDER BY seq",
                provider,
                token,
            )
        ]

    def ids(self, provider: str) -> set[tuple[str, str]]:
        """Type and id of everything that a provider holds."""
        return {
            (found["token"], found["id"])
            for found in self._all("SELECT token, id FROM resources WHERE provider = ?", provider)
        }

    def users_of(self, row: Row) -> list[Row]:
        """The resources that refer to one."""
        return [
            _row(found)
            for found in self._all(
                "SELECT resources.* FROM resources JOIN links ON links.source = resources.seq "
                "WHERE links.target = ? ORDER BY resources.seq",
                row.seq,
            )
        ]

    # Accounts

    def accounts(self, provider: str | None = None) -> list[Account]:
        """Who has credentials at a provider."""
        projects = self._all("SELECT provider, id, account FROM projects")
        return [
            Account(
                found["provider"],
                found["name"],
                found["access"],
                found["secret"],
                frozenset(
                    p["id"] for p in projects if (p["provider"], p["account"]) == (found["provider"], found["name"])
                ),
            )
            for found in self._all(
                "SELECT * FROM accounts WHERE provider = ifnull(?, provider) ORDER BY provider, name", provider
            )
        ]

    def open_account(self, provider: str, name: str, access: str, secret: str) -> None:
        """Give somebody credentials; an account that exists keeps the ones that it has."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO accounts (provider, name, access, secret) VALUES (?, ?, ?, ?)",
                (provider, name, access, secret),
            )

    def open_project(self, provider: str, identifier: str, account: str) -> None:
        """Give an account a project; one that exists keeps its owner."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO projects (provider, id, account) VALUES (?, ?, ?)",
                (provider, identifier, account),
            )

    # Faults

    def faults(self) -> dict[tuple[str, str], float]:
        """What is broken on purpose: (provider, kind) → value."""
        return {(found["provider"], found["kind"]): found["value"] for found in self._all("SELECT * FROM faults")}

    def set_fault(self, provider: str, kind: str, value: float | None) -> None:
        """Break something at a provider, or mend it with None."""
        with self.transaction():
            if value is None:
                self._connection.execute("DELETE FROM faults WHERE provider = ? AND kind = ?", (provider, kind))
            else:
                self._connection.execute(
                    "INSERT OR REPLACE INTO faults (provider, kind, value) VALUES (?, ?, ?)", (provider, kind, value)
                )

    # Journals of servers that keep nothing themselves

    def write(self, provider: str, entry: bytes) -> None:
        """Add an entry to a provider's journal; it goes with the transaction around it."""
        with self.transaction():
            self._connection.execute("INSERT INTO journal (provider, entry) VALUES (?, ?)", (provider, entry))

    def journal(self, provider: str) -> list[bytes]:
        """A provider's journal, oldest entry first."""
        found = self._all("SELECT entry FROM journal WHERE provider = ? ORDER BY seq", provider)
        return [bytes(row["entry"]) for row in found]

    def empty_journal(self, provider: str) -> None:
        """Begin a provider's journal anew."""
        with self.transaction():
            self._connection.execute("DELETE FROM journal WHERE provider = ?", (provider,))


def _row(found: sqlite3.Row) -> Row:
    return Row(
        found["seq"],
        found["provider"],
        found["token"],
        found["id"],
        found["project"],
        found["urn"],
        json.loads(found["inputs"]),
        json.loads(found["outputs"]),
    )
