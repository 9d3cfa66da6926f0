"""The database itself keeps tenants apart: these walk its catalogue, so a new table cannot be forgotten."""

import psycopg
import pytest

from backend.storage.postgres import Database


def test_every_table_of_a_tenant_is_under_row_level_security(database_url: str):
    with psycopg.connect(database_url) as owner:
        tables = owner.execute(
            """SELECT c.relname, c.relrowsecurity,
                 (SELECT array_agg(pg_get_expr(polqual, polrelid)) FROM pg_policy WHERE polrelid = c.oid),
                 (SELECT array_agg(pg_get_expr(polwithcheck, polrelid)) FROM pg_policy WHERE polrelid = c.oid)
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
                 AND a.attname = 'tenant_id' AND NOT a.attisdropped"""
        ).fetchall()
    assert len(tables) >= 18
    for name, secured, using, check in tables:
        assert secured, name
        assert using is not None, name
        assert all("current_tenant()" in rule for rule in using), (name, using)
        assert all(rule is None or "current_tenant()" in rule for rule in check), (name, check)


def test_a_table_without_a_tenant_is_one_we_know_of(database_url: str):
    with psycopg.connect(database_url) as owner:
        rows = owner.execute(
            """SELECT c.relname FROM pg_class c
               WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity
                 AND has_table_privilege('cuedesk_app', c.oid, 'SELECT')"""
        ).fetchall()
    names = {name for (name,) in rows}
    # Jobs carry ids only; a checkpoint is reached by a run id that was looked up under row-level security.
    known = {"cluster_epoch"}
    assert {name for name in names if not name.startswith(("pgqueuer", "checkpoint"))} <= known, names


def test_the_applications_role_can_neither_pass_nor_change_the_rules(database_url: str):
    with psycopg.connect(database_url) as owner:
        role = owner.execute(
            "SELECT rolbypassrls, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'cuedesk_app'"
        ).fetchone()
        assert role == (False, False, False, False)
        owned = owner.execute("SELECT count(*) FROM pg_class WHERE relowner = 'cuedesk_app'::regrole").fetchone()
        assert owned == (0,)
        groups = owner.execute("SELECT count(*) FROM pg_auth_members WHERE member = 'cuedesk_app'::regrole").fetchone()
        assert groups == (0,)
        for table in ("users", "sessions", "socket_tickets"):
            for right in ("INSERT", "UPDATE", "DELETE"):
                may = owner.execute("SELECT has_table_privilege('cuedesk_app', %s, %s)", [table, right]).fetchone()
                assert may == (False,), (table, right)
        secret = owner.execute(
            "SELECT has_column_privilege('cuedesk_app', 'users', 'password_hash', 'SELECT')"
        ).fetchone()
        assert secret == (False,)


def test_functions_that_look_across_tenants_are_not_for_everybody_and_keep_their_path(database_url: str):
    with psycopg.connect(database_url) as owner:
        rows = owner.execute(
            """SELECT p.oid::regprocedure::text, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE')
               FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"""
        ).fetchall()
    assert len(rows) >= 10
    for name, settings, public in rows:
        assert settings is not None, name
        assert any(setting.startswith("search_path=") for setting in settings), name
        assert not public, name


async def test_the_applications_connections_cannot_become_the_owner(database_url: str):
    async with Database.open(database_url, size=1, acquire_timeout=5) as db:
        async with db.system() as conn:
            assert await conn.fetchval("SELECT current_user") == "cuedesk_app"
            assert await conn.fetchval("SELECT count(*) FROM tenants") == 0
            await conn.execute("RESET ROLE")
            assert await conn.fetchval("SELECT current_user") == "cuedesk_app"
        with pytest.raises(Exception, match="row-level security"):
            async with db.tenant("00000000-0000-0000-0000-000000000001") as conn:
                await conn.execute(
                    "INSERT INTO hosts (tenant_id, name) VALUES ('00000000-0000-0000-0000-000000000002', 'x')"
                )
