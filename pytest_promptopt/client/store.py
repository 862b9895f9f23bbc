"""Answers in a SQLite file."""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_promptopt.errors import PromptoptError
from pytest_promptopt.prompts.json_lines import LONGEST_LINE, json_value
from pytest_promptopt.providers.request import Completion

SCHEMA_VERSION = 1
BUSY_SECONDS = 10.0
DAY_SECONDS = 86_400.0

_ROW_OVERHEAD_BYTES = 200
_USES_AT_ONCE = 500
_DAMAGE_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SCHEMA = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS answers (
        fingerprint TEXT PRIMARY KEY,
        completion TEXT NOT NULL,
        used_at REAL NOT NULL
    );
    CREATE INDEX IF NOT EXISTS answers_by_use ON answers (used_at);
    PRAGMA user_version = {SCHEMA_VERSION};
    COMMIT;
"""


class StoreError(PromptoptError):
    """The file cannot be read or written now; the message is SQLite's or the system's."""


class DamagedStoreError(StoreError):
    """The file is not, or no longer, a database."""


class Store:
    """Completions by fingerprint, each on disk when :meth:`put` returns.

    In WAL mode, where a commit outlives the process (``kill -9``) though not a power cut, and
    many processes read and write at once. ``used_at`` follows the use of an answer within a
    day, so that pruning by age spares what is still used.
    """

    def __init__(self, connection: sqlite3.Connection, *, is_readonly: bool = False) -> None:
        self._connection = connection
        self._is_readonly = is_readonly
        self._used: list[str] = []

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open or create; the file belongs to its owner alone from its first byte."""
        with _translated():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = _connect(str(path))
            try:
                if _version(connection) == 0:
                    with exclusive(path):
                        _create(connection)
                _require_version(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
            except BaseException:
                connection.close()
                raise
        return cls(connection)

    @classmethod
    def open_readonly(cls, path: Path) -> "Store":
        """Open without ever writing."""
        with _translated():
            connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                _require_version(connection)
            except BaseException:
                connection.close()
                raise
        return cls(connection, is_readonly=True)

    @classmethod
    def temporary(cls) -> "Store":
        """A store of this process alone.

        SQLite keeps it in memory while it is small, then in a file that has no name and is gone
        with the process.
        """
        connection = _connect("")
        connection.executescript(_SCHEMA)
        return cls(connection)

    def get(self, fingerprint: str, *, now: float) -> Completion | None:
        """The answer, marked as saved; None where there is none that can be read."""
        with _translated():
            row = self._connection.execute(
                "SELECT CAST(completion AS BLOB), used_at FROM answers "
                "WHERE fingerprint = ? AND length(CAST(completion AS BLOB)) <= ?",
                (fingerprint, LONGEST_LINE),
            ).fetchone()
            if row is None:
                return None
            if isinstance(row[1], int | float) and now - row[1] > DAY_SECONDS:
                self._note_use(fingerprint, now)
            return _decode(row[0])

    def holds(self, fingerprint: str) -> bool:
        """Whether there is an answer."""
        with _translated():
            row = self._connection.execute(
                "SELECT 1 FROM answers WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
        return row is not None

    def put(self, fingerprint: str, completion: Completion, *, now: float) -> None:
        """Keep an answer in place of an earlier one."""
        with _translated():
            self._connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)",
                (fingerprint, json.dumps(completion.to_json(), separators=(",", ":")), now),
            )

    def prune(self, *, max_age_days: float, max_bytes: int, now: float) -> int:
        """Remove what was not used for longer, then the longest unused beyond the size.

        Gives the number of answers removed.
        """
        with _translated():
            self._write_uses(now)
            removed = self._execute(
                "DELETE FROM answers WHERE used_at < ?", now - max_age_days * DAY_SECONDS
            )
            if self._file_bytes() > max_bytes:
                removed += self._shrink(max_bytes)
            if removed:
                self._give_room_back()
        return removed

    def clear(self) -> None:
        """Remove everything."""
        with _translated():
            self._execute("DELETE FROM answers")
            self._give_room_back()

    def close(self, *, now: float) -> None:
        """Note the uses of this run and close the file."""
        try:
            with _translated():
                self._write_uses(now)
        finally:
            self._connection.close()

    def _execute(self, statement: str, *values: float | str) -> int:
        return self._connection.execute(statement, values).rowcount

    def _file_bytes(self) -> int:
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = self._connection.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(page_bytes)

    def _shrink(self, max_bytes: int) -> int:
        return self._execute(
            """
            DELETE FROM answers WHERE rowid IN (
                SELECT rowid FROM (
                    SELECT rowid, SUM(length(completion) + ?) OVER
                        (ORDER BY used_at DESC, rowid DESC) AS kept_bytes
                    FROM answers
                ) WHERE kept_bytes > ?
            )
            """,
            _ROW_OVERHEAD_BYTES,
            max_bytes,
        )

    def _give_room_back(self) -> None:
        # As a script, because execute() stops after the first page that this frees.
        self._connection.executescript("PRAGMA incremental_vacuum")

    def _note_use(self, fingerprint: str, now: float) -> None:
        self._used.append(fingerprint)
        if len(self._used) >= _USES_AT_ONCE:
            self._write_uses(now)

    def _write_uses(self, now: float) -> None:
        used, self._used = self._used, []
        if not used or self._is_readonly:
            return
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "UPDATE answers SET used_at = ? WHERE fingerprint = ?",
                [(now, fingerprint) for fingerprint in used],
            )


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Let one process at a time create or replace the store at ``path``.

    The lock is a SQLite file beside it: portable, and released when its process ends.
    """
    lock = _connect(f"{path}.lock")
    try:
        lock.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        lock.close()


def set_aside(path: Path) -> Path | None:
    """Rename a damaged store and what belongs to it; gives its new name.

    None where another process has done so already and ``path`` is sound again.
    """
    with _translated(), exclusive(path):
        if _is_sound(path):
            return None
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        # A log left behind would be played into the next database of this name.
        for suffix in ("-wal", "-shm", ""):
            source = Path(f"{path}{suffix}")
            if source.exists():
                source.rename(f"{aside}{suffix}")
        return aside


def count_held(path: Path, fingerprints: Iterable[str]) -> int:
    """How many of the fingerprints the store at ``path`` has an answer for; changes none.

    0 where there is no store, or none that can be read.
    """
    if not path.exists():
        return 0
    try:
        store = Store.open_readonly(path)
    except StoreError:
        return 0
    try:
        return sum(store.holds(fingerprint) for fingerprint in fingerprints)
    except StoreError:
        return 0
    finally:
        store.close(now=0.0)


def _is_sound(path: Path) -> bool:
    try:
        with _translated():
            connection = _connect(str(path))
            try:
                (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
                connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            finally:
                connection.close()
    except DamagedStoreError:
        return False
    return bool(found == "ok")


def _connect(name: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=uri
    )


def _create(connection: sqlite3.Connection) -> None:
    if _version(connection) == 0:
        # Room that pruning frees goes back to the disk; has to stand before the first page.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.executescript(_SCHEMA)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _require_version(connection: sqlite3.Connection) -> None:
    version = _version(connection)
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"it has schema {version} of another version of pytest-promptopt, "
            f"this one reads schema {SCHEMA_VERSION}"
        )


def _decode(content: bytes) -> Completion | None:
    try:
        return Completion.from_json(json_value(content), saved=True)
    except ValueError:
        return None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind = DamagedStoreError if code in _DAMAGE_CODES else StoreError
        raise kind(str(error)) from error
