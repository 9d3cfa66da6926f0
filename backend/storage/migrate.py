"""Bring a database to this version's schema, one process at a time."""

import re
from pathlib import Path
from typing import Any, Final

import psycopg
import structlog

from backend.errors import MigrationFailed, StorageUnavailable

log = structlog.get_logger(__name__)

_REVISION: Final = re.compile(r'^(revision|down_revision) = "([^"]+)"', re.MULTILINE)
_SCRIPTS: Final = Path(__file__).resolve().parents[2] / "alembic"
#: Any number nobody else uses in this database: "cuedesk" in ASCII.
_LOCK: Final = 0x6375656465736B
#: As PostgreSQL counts: the schema and the statements need what version 18 brought (`RETURNING old`, uuidv7).
_OLDEST_SERVER = 180000


def upgrade(owner_url: str, *, lock_timeout: float = 60.0) -> None:
    """Apply every revision that is missing. Blocks; call it from a thread.

    Two processes that start together do not collide: the second waits (at most `lock_timeout` seconds) and finds
    nothing left to do. A database of a newer version is left as it is when that version says that this program may
    still run on it: in the middle of a deployment an old process may have to start again.

    Raises:
        StorageUnavailable: nobody answers at `owner_url`.
        MigrationFailed: a revision failed (its own changes are rolled back), the role may not change the schema, the
            server is too old, the database is of a newer version that this program cannot work with, or another process
            migrates for too long.
    """
    try:
        guard = psycopg.connect(owner_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise StorageUnavailable(
            f"连接不上 PostgreSQL，请检查 CUEDESK_DATABASE_URL / PostgreSQL cannot be reached, check "
            f"CUEDESK_DATABASE_URL: {' '.join(str(error).split())}"
        ) from error
    with guard:
        if guard.info.server_version < _OLDEST_SERVER:
            least, found_server = _OLDEST_SERVER // 10000, guard.info.parameter_status("server_version")
            raise MigrationFailed(
                f"需要 PostgreSQL {least} 或更高版本，这台是 {found_server} / "
                f"PostgreSQL {least} or newer is needed; this one is {found_server}"
            )
        try:
            guard.execute(f"SET lock_timeout = {int(lock_timeout * 1000)}")
            guard.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        except psycopg.errors.LockNotAvailable:
            raise MigrationFailed(
                f"另一个进程正在迁移数据库 / another process has been migrating this database for {lock_timeout:.0f} s"
            ) from None
        found, head = _revision_of(guard), head_revision()
        if found == head:
            return
        if found is not None and found not in _revisions() and head >= _oldest_served(guard):
            log.warning("database_is_newer", database=found, program=head)
            return
        _run_revisions(owner_url)


def head_revision() -> str:
    """Return the newest revision: the one that no other follows."""
    revisions = _revisions()
    (head,) = revisions.keys() - set(revisions.values())
    return head


def _revisions() -> dict[str, str | None]:
    """Return the revisions of this program, each with the one before it."""
    found = [dict(_REVISION.findall(path.read_text("utf-8"))) for path in (_SCRIPTS / "versions").glob("*.py")]
    return {each["revision"]: each.get("down_revision") for each in found}


def _oldest_served(conn: psycopg.Connection[Any]) -> str:
    """Return the oldest revision whose code may run on the database; nobody's when it does not say."""
    try:
        row = conn.execute("SELECT oldest_revision FROM schema_compatibility").fetchone()
    except psycopg.errors.UndefinedTable:
        return "~"
    return str(row[0]) if row else "~"


def _revision_of(conn: psycopg.Connection[Any]) -> str | None:
    try:
        row = conn.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    return str(row[0]) if row else None


def _run_revisions(owner_url: str) -> None:
    # Loaded only where there is something to do: Alembic and SQLAlchemy are half of the time a start takes.
    from alembic.command import upgrade as run_revisions
    from alembic.config import Config
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["url"] = owner_url
    try:
        run_revisions(config, "head")
    except (CommandError, SQLAlchemyError, psycopg.Error) as error:
        log.exception("migration_failed")
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise MigrationFailed(
            f"数据库迁移失败，已回滚 / the database could not be migrated, the step was rolled back: {reason}"
        ) from error
