"""The files of deployment are valid, and nginx does what they promise in front of a real socket server."""

import asyncio
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import httpx
import pytest
import websockets
import yaml

from backend.settings import Settings
from backend.transport.server import KEEP_ALIVE
from tests.integration.platform.test_server import serving
from tests.support.env_example import render
from tests.support.nginx import command, configuration, nginx
from tests.support.processes import ROOT, free_port


def headers_of(url: str) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "html"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>console</title>")
    (folder / "prompter.html").write_text("<title>prompter</title>")
    (folder / "remote.html").write_text("<title>remote</title>")
    (folder / "sw-prompter.js").write_text("")
    (folder / "assets" / "app-1a2b3c.js").write_text("export {}")
    return folder


def test_the_example_of_settings_is_current() -> None:
    assert (ROOT / ".env.example").read_text() == render(), "run: make generate"
    # What OpenTelemetry reads keeps the names that it has everywhere.
    assert len(re.findall("^#?(?:CUEDESK|OTEL)_", render(), re.MULTILINE)) == len(Settings.model_fields)


def test_the_compose_file_follows_the_compose_schema() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    schema = ["--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    answer = subprocess.run([str(checker), *schema], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


def test_every_service_is_checked_and_every_setting_that_is_passed_exists() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"postgres", "valkey", "app", "worker", "nginx"}
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["worker"]
    known = {f"CUEDESK_{name.upper()}" for name in Settings.model_fields}
    for service in services.values():
        passed = {name for name in service.get("environment", {}) if name.startswith("CUEDESK_")}
        assert passed <= known
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    wanted = {service["build"]["target"] for service in services.values() if "build" in service}
    assert wanted <= stages


def test_nginx_accepts_the_configuration(tmp_path: Path, static: Path) -> None:
    path = configuration(tmp_path, port=free_port(), app_ports=[2, 3], static=static)
    answer = subprocess.run(command(path, "-t"), capture_output=True, text=True, check=False)
    assert "test is successful" in answer.stderr, answer.stderr
    assert "[warn]" not in answer.stderr


def test_files_are_cached_pages_are_not_and_every_answer_is_guarded(tmp_path: Path, static: Path) -> None:
    with nginx(tmp_path / "nginx", app_ports=[1], static=static) as url:
        status, page = headers_of(url + "/")
        assert (status, page["cache-control"]) == (200, "no-cache")
        status, deep = headers_of(url + "/threads/0190")
        assert (status, deep["cache-control"]) == (200, "no-cache")
        assert headers_of(url + "/prompter.html?room=1")[0] == 200
        status, remote = headers_of(url + "/remote?room=1")
        assert (status, remote["cache-control"], remote["content-length"]) == (
            200,
            "no-cache",
            str(len("<title>remote</title>")),
        )
        # Its name never changes, so a kept copy would keep an old teleprompter.
        status, service_worker = headers_of(url + "/sw-prompter.js")
        assert (status, service_worker["cache-control"]) == (200, "no-cache")
        status, asset = headers_of(url + "/assets/app-1a2b3c.js")
        assert (status, asset["cache-control"]) == (200, "public, max-age=31536000, immutable")
        status, gone = headers_of(url + "/assets/old-ffff.js")
        assert status == 404
        assert "cache-control" not in gone
        status, down = headers_of(url + "/api/v1/health/live")
        assert status == 502
        for answer in (page, asset, gone, down):
            assert "frame-ancestors 'none'" in answer["content-security-policy"]
            assert answer["x-content-type-options"] == "nosniff"
            assert answer["x-frame-options"] == "DENY"
            assert answer["server"] == "nginx"


def test_it_is_nginx_that_lets_an_idle_connection_go() -> None:
    """Who is asked on a connection that the process closes just then says 502, and a POST is not sent again."""
    upstream = re.search(
        r"upstream app \{.*?keepalive_timeout (\d+)s;.*?\}", (ROOT / "nginx.conf").read_text(), re.DOTALL
    )
    assert upstream is not None
    assert int(upstream[1]) + 10 <= KEEP_ALIVE


async def test_an_idle_connection_is_kept_for_the_next_request() -> None:
    with serving() as (_, url):
        async with httpx.AsyncClient(
            base_url=url.replace("ws", "http", 1), limits=httpx.Limits(keepalive_expiry=60)
        ) as client:
            used = [(await client.get("/")).extensions["network_stream"].get_extra_info("client_addr")]
            # Longer than uvicorn's own five seconds.
            await asyncio.sleep(6)
            used.append((await client.get("/")).extensions["network_stream"].get_extra_info("client_addr"))
    assert used[0] == used[1]


async def test_a_socket_works_through_nginx_and_a_dead_app_is_passed_over(tmp_path: Path, static: Path) -> None:
    with serving() as (serving_still, one), serving() as (dying, other):
        ports = [int(re.findall(r":(\d+)/", each)[0]) for each in (one, other)]
        with nginx(tmp_path / "nginx", app_ports=ports, static=static) as url:
            dying.kill()
            dying.wait()
            for _ in range(4):
                async with websockets.connect(url.replace("http", "ws") + "/ws?token=secret") as client:
                    await client.send("你好")
                    assert await client.recv() == "你好"
            # A key for machines may stand in the query; neither log may hold it, also of an app that does not answer.
            serving_still.kill()
            serving_still.wait()
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(url.replace("http", "ws") + "/ws?token=secret")
            log = (tmp_path / "nginx" / "access.log").read_text()
            assert "/ws" in log
            assert "secret" not in log
            assert "secret" not in (tmp_path / "nginx" / "nginx.log").read_text()


def test_make_names_what_is_missing(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("sh", "make", "find"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    answer = subprocess.run(
        [str(tmp_path / "make"), "run"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert "Python 3.11" in answer.stdout
