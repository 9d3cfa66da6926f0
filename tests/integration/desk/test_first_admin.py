"""The first admin of a tenant, by the command line."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.integration.desk.conftest import StartServer
from tests.support.databases import DatabaseFactory
from tests.support.processes import ServerProcess

COMMAND = ("create-admin", "qinglan", "boss@example.com", "--name", "周老板", "--tenant-name", "青岚直播")


@pytest.fixture
def database_url(databases: DatabaseFactory) -> Iterator[str]:
    """Migrated, and nobody in it."""
    with databases.fresh() as url:
        yield url


def ended(process: ServerProcess) -> tuple[int, str]:
    return process.wait(60), process.log_text()


async def test_a_created_admin_signs_in_and_a_second_call_changes_nothing(start_server: StartServer) -> None:
    code, said = ended(start_server(*COMMAND, seed_demo=False, admin_password="a-long-passphrase"))
    assert code == 0, said
    code, said = ended(start_server(*COMMAND, seed_demo=False, admin_password="another-passphrase"))
    assert (code, "is an admin already" in said) == (0, True), said
    server = start_server(seed_demo=False).wait_healthy()
    async with httpx2.AsyncClient(base_url=server.url) as client:
        body = {"email": "Boss@example.com", "password": "a-long-passphrase"}
        answer = await client.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["role"], answer.json()["tenant"]["name"]) == ("admin", "青岚直播")
        other = await client.post("/api/v1/auth/login", json={**body, "password": "another-passphrase"})
        assert other.json()["code"] == "bad_credentials"


async def test_a_short_password_is_refused_in_one_line(start_server: StartServer) -> None:
    code, said = ended(start_server(*COMMAND, seed_demo=False, admin_password="short"))
    assert code == 2
    assert "[bad_request]" in said
    assert "Traceback" not in said
