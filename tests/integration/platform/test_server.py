"""The server's socket and its end, as a process of its own."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest
import websockets

from backend.errors import ListenRefused, PortTaken
from backend.settings import Settings
from backend.transport.server import address_of, bind
from tests.support.processes import ROOT, free_port, unhurried

APP = textwrap.dedent("""
    import asyncio, gc, sys
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from backend.settings import Settings
    from backend.transport.server import serve

    sockets = set()

    async def desk(socket):
        await socket.accept()
        sockets.add(socket)
        try:
            async for text in socket.iter_text():
                if text == "flood":
                    while True:
                        await socket.send_text("x" * 60000)
                else:
                    await socket.send_text(text)
        finally:
            print("desk ended", flush=True)

    async def drain():
        print("draining", flush=True)
        for one in sockets:
            await one.send_text("reconnect")
            await one.close(4000)
        await asyncio.sleep(float(sys.argv[1]))

    async def main():
        app = Starlette(routes=[WebSocketRoute("/ws", desk)])
        await serve(app, Settings(), on_drain=drain, on_ready=lambda url: print("ready", url, flush=True))
        print("tidied", gc.get_freeze_count() > 0, gc.get_threshold(), flush=True)

    asyncio.run(main())
""")


@contextlib.contextmanager
def serving(*, drain: float = 0.0, **settings: object) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    environment = {f"CUEDESK_{name.upper()}": str(value) for name, value in {"port": 0, **settings}.items()}
    with subprocess.Popen(
        [sys.executable, "-c", APP, str(drain)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = re.fullmatch(r"ready http://(.+)\n", process.stdout.readline())
            assert found is not None
            yield process, f"ws://{found[1]}/ws"
        finally:
            process.kill()


async def test_sigterm_drains_before_the_sockets_close_and_lets_the_caller_tidy_up() -> None:
    with serving(drain=0.2) as (process, url):
        async with websockets.connect(url) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(client.recv(), 30) == "reconnect"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000
        output, _ = await asyncio.to_thread(process.communicate, timeout=30)
        assert process.returncode == 0
        said = [line for line in output.splitlines() if "[info" not in line]
        assert said == ["draining", "desk ended", "tidied True (50000, 50, 1000)"]


async def test_a_drain_that_hangs_is_bounded_and_a_second_ctrl_c_cuts_it_short() -> None:
    with serving(drain=60, drain_timeout=0.3) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    with serving(drain=60, drain_timeout=60) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        while await asyncio.to_thread(process.stdout.readline) != "draining\n":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 30) == 0


@pytest.mark.scenario(30)
@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel cannot do it")
async def test_a_client_that_never_reads_is_freed_by_the_kernel() -> None:
    with serving(tcp_user_timeout_ms=1000) as (process, url):
        began = time.monotonic()
        client = await websockets.connect(url, max_queue=1)
        await client.send("flood")
        assert process.stdout is not None
        # The library stops reading when its queue is full; the server's handler ends when the kernel gives up.
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
        assert line == "desk ended\n"
        assert time.monotonic() - began < unhurried(15)
        client.transport.abort()


async def test_a_frame_above_the_limit_closes_with_1009() -> None:
    with serving(max_frame_bytes=1000) as (_, url):
        async with websockets.connect(url) as client:
            await client.send("x" * 1001)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_taken_port_is_named_in_both_languages() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            bind(Settings(port=port))
    assert refused.value.code == "port_taken"
    assert str(port) in refused.value.message
    assert "占用" in refused.value.message
    assert "CUEDESK_PORT" in refused.value.message


def test_an_address_of_another_machine_is_refused_and_named() -> None:
    with pytest.raises(ListenRefused, match=r"192\.0\.2\.1"):
        bind(Settings(host="192.0.2.1", port=free_port()))


def test_the_same_port_can_be_taken_again_at_once() -> None:
    port = free_port()
    for _ in range(2):
        listener = bind(Settings(port=port))
        with socket.create_connection(("127.0.0.1", port)) as client:
            listener.accept()[0].close()
            client.recv(1)
        assert address_of(listener) == f"http://127.0.0.1:{port}"
        listener.close()


def test_a_server_may_have_as_many_files_as_its_user_is_allowed() -> None:
    code = (
        "import resource; _, most = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))\n"
        "from backend.transport.server import allow_many_sockets; allow_many_sockets()\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
