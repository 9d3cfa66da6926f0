"""The schema: applied once, by one process, with a clear word when it cannot be."""

import importlib.util
import threading
from pathlib import Path

import psycopg
import pytest

from backend.errors import MigrationFailed, StorageUnavailable
from backend.storage import migrate
from backend.storage.migrate import upgrade


def test_the_revisions_folder_does_not_hide_the_alembic_package() -> None:
    root = Path(__file__).parents[3]
    assert not (root / "alembic" / "__init__.py").exists()
    found = importlib.util.find_spec("alembic")
    assert found is not None
    assert found.origin is not None, "the revisions folder was found instead of the package"
    assert not Path(found.origin).is_relative_to(root / "alembic")


def test_every_test_gets_a_migrated_database_of_its_own(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (0,)


def test_two_processes_that_migrate_at_once_do_not_collide(empty_database_url: str) -> None:
    failures: list[Exception] = []

    def migrate() -> None:
        try:
            upgrade(empty_database_url)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test shows it)
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_server_that_is_too_old_is_told_and_left_as_it_is(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_OLDEST_SERVER", 990000)
    with pytest.raises(MigrationFailed, match="PostgreSQL 99 or newer is needed; this one is 18"):
        upgrade(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,)


def test_a_migration_that_never_ends_elsewhere_is_reported(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [int.from_bytes(b"cuedesk", "big")])
        with pytest.raises(MigrationFailed, match="another process"):
            upgrade(empty_database_url, lock_timeout=0.1)


@pytest.mark.scenario(45)
def test_a_newer_database_is_worked_with_as_long_as_it_says_so_and_never_changed(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        upgrade(database_url)  # a process of this release that starts again in the middle of the next deployment
        connection.execute("UPDATE schema_compatibility SET oldest_revision = '9998'")
        with pytest.raises(MigrationFailed, match="9999"):
            upgrade(database_url)
        connection.execute("DROP TABLE schema_compatibility")
        with pytest.raises(MigrationFailed, match="9999"):
            upgrade(database_url)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_no_database_at_the_address_is_reported_as_such() -> None:
    with pytest.raises(StorageUnavailable, match="CUEDESK_DATABASE_URL"):
        upgrade("postgresql://cuedesk:x@127.0.0.1:1/cuedesk")
