"""A connection comes from `db.tenant()` or `db.system()`: any other way in fails here."""

import ast
import re
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2] / "backend"
#: Names through which a module could reach the database past the two ways in.
_PRIVATE = {"_pool", "_transaction"}
_OPENERS = {"create_pool", "connect", "acquire"}
_STORAGE_ONLY = {"asyncpg", "psycopg", "psycopg_pool", "sqlalchemy"}
#: The statement, not a column of that name in `DO UPDATE SET role = …`.
_CHANGES_ROLE = re.compile(r"(^|;)\s*(re)?set\s+((local|session)\s+)?role\b|session\s+authorization")
#: What runs in the owner's transaction, before anybody is served.
_AS_OWNER = {"domain/demo.py", "domain/founding.py"}
#: Who may use the owner's connection, the lease's own connection and the listener, and why.
_ALLOWED = {
    "as_owner": {"app.py"} | _AS_OWNER,
    "Reserved": {"runs/lease.py", "app.py", "runs/worker.py"},  # leases must be renewed however busy the pool is
}
#: Private names that mean something else in a module: httpx2's pool of lines to providers is none of the database.
_ELSEWHERE = {("llm/lines.py", "_pool")}


def faults(source: str, place: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"imports {m}" for m in modules if m.split(".")[0] in _STORAGE_ONLY]
            for alias in node.names:
                allowed = _ALLOWED.get(alias.name)
                if (
                    allowed is not None
                    and place not in allowed
                    and (getattr(node, "module", "") or "").endswith("postgres")
                ):
                    found.append(f"imports {alias.name}")
        if isinstance(node, ast.Attribute):
            owner = node.value
            ours = (isinstance(owner, ast.Name) and owner.id == "self") or (place, node.attr) in _ELSEWHERE
            if node.attr in _PRIVATE and not ours:
                found.append(f"uses .{node.attr}")
            if (
                node.attr in _OPENERS
                and isinstance(owner, ast.Name)
                and owner.id in ("db", "pool", "asyncpg", "psycopg")
            ):
                found.append(f"calls {owner.id}.{node.attr}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.lower()
            if "app.tenant" in text and place not in _AS_OWNER:
                found.append("sets the tenant by hand")
            if _CHANGES_ROLE.search(text):
                found.append("changes the role")
    return found


def test_no_module_outside_storage_opens_a_connection_of_its_own():
    modules = [path for path in BACKEND.rglob("*.py") if "storage" not in path.relative_to(BACKEND).parts]
    assert len(modules) > 20
    found = {
        place: wrong
        for path in modules
        if (wrong := faults(path.read_text(encoding="utf-8"), place := path.relative_to(BACKEND).as_posix()))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import asyncpg",
        "from psycopg import connect",
        "async def f(db):\n    return await db._pool.acquire()",
        "async def f(conn):\n    await conn.execute('SET LOCAL app.tenant = 1')",
        "async def f(conn):\n    await conn.execute('RESET ROLE')",
        "async def f(conn):\n    await conn.execute('SELECT 1; SET LOCAL ROLE cuedesk')",
        "from backend.storage.postgres import as_owner",
    ],
)
def test_another_way_in_would_be_found(source: str):
    assert faults(source, "domain/threads.py") != []
