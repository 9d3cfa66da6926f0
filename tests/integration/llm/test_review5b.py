"""What a reviewer found: each fails until it is mended."""

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from backend.errors import ModelError, ModelRateLimited, ModelTimeout
from backend.ids import new_id
from backend.llm import retry
from backend.llm.adapters.langchain import LangchainEndpoint, open_langchain
from backend.llm.deadlines import Deadlines
from backend.llm.declared import declared_models, following
from backend.llm.endpoint import Attempt, Endpoint
from backend.llm.gateway import Caller
from backend.llm.models_file import Backend, Provider
from backend.llm.own_models import Grounds, OwnModels
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from backend.telemetry.metrics import render
from tests.support.routed_models import KEY, REQUEST, models_of, opened, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

GOOD = Script("text", text="好，上链接。")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as running:
        yield running


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


@contextlib.asynccontextmanager
async def raw(handler: Any) -> AsyncIterator[ScriptedModel]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)

    running = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield ScriptedModel(port=running.sockets[0].getsockname()[1])
    finally:
        running.close()


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_length_without_end_is_a_failure_like_any_other(server: ScriptedModel, *, streamed: bool) -> None:
    server.by_model["scripted-1"] = GOOD

    async def longest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %b\r\n\r\n" % (b"1" * 5000)
            )

    async with raw(longest) as first, routed(route_of(first, server)) as model:
        said = text_of(await model.ask()) if streamed else (await model.model.complete(REQUEST)).text
        assert said == GOOD.text


async def test_lines_that_died_in_silence_are_no_failure_of_the_model() -> None:
    """As behind a load balancer that forgot them, or after the machine of the provider was replaced."""
    forgotten = False

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        old = not forgotten
        while True:
            await request_of(reader)
            if old and forgotten:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.close()
                return
            writer.write(SSE + chunk(EVENT % b"ok") + chunk(LAST) + b"0\r\n\r\n")
            await asyncio.sleep(0.2 if old else 0)

    async with raw(serve) as first, routed(route_of(first)) as model:
        await asyncio.gather(*(model.ask() for _ in range(20)))
        await asyncio.sleep(0.3)
        forgotten = True
        ends = []
        for _ in range(8):
            try:
                ends.append(text_of(await model.ask()))
            except ModelError as error:
                ends.append(error.failure)
        assert ends == ["ok"] * 8


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_refusal_is_known_by_its_status_though_its_body_hangs(*, streamed: bool) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(
                b"HTTP/1.1 429 Slow down\r\nRetry-After: 30\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )

    async with raw(refuse) as first, routed(route_of(first), first_token=3, answer=3) as model:
        with pytest.raises(ModelError) as raised:
            await model.ask() if streamed else await model.model.complete(REQUEST)
    assert isinstance(raised.value, ModelRateLimited), raised.value.failure


async def test_an_end_that_is_told_too_early_truncates_nothing_in_silence() -> None:
    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE)
        for n in range(10):  # some proxies put a finish_reason into every event
            writer.write(
                chunk(b'data: {"choices":[{"index":0,"delta":{"content":"%d"},"finish_reason":"stop"}]}\n\n' % n)
            )
            await asyncio.sleep(0.3)
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    async with raw(early) as first, routed(route_of(first)) as model:
        try:
            said = text_of(await model.ask())
        except ModelError:
            said = "told"
        assert said in ("0123456789", "told"), said


class Stalls(BaseChatModel):
    """Says a word, and then nothing."""

    @property
    def _llm_type(self) -> str:
        return "stalls"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:  # fmt: skip
        yield ChatGenerationChunk(message=AIMessageChunk(content="好"))
        await asyncio.sleep(3600)

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        raise NotImplementedError


async def test_a_langchain_model_that_falls_silent_is_left_at_the_idle_deadline() -> None:
    loop = asyncio.get_running_loop()
    attempt = Attempt(Deadlines(idle=0.3), give_up_at=loop.time() + 5, idempotency_key="k")
    began = loop.time()
    with pytest.raises(ModelTimeout) as raised:
        async for _ in LangchainEndpoint(Stalls()).stream(REQUEST, attempt):
            pass
    assert raised.value.details["kind"] == "idle"
    assert loop.time() - began < 4


FILE = """\
providers: {p: {profile: vllm}}
backends: {b: {provider: p, model: MODEL}}
routes: {default: {backends: [b]}}
"""


@pytest.mark.parametrize(
    "wrong",
    [FILE.replace("vllm", "langchain").replace("MODEL", "'nobody:nothing'"), FILE.replace("MODEL", "!vault x")],
    ids=["not-installed", "unknown-tag"],
)
async def test_after_a_file_that_cannot_be_used_the_next_one_still_counts(tmp_path: Path, wrong: str) -> None:
    def opener(provider: Provider, backend: Backend) -> Endpoint:
        # As app.py does.
        return open_langchain(backend.model) if provider.profile == "langchain" else opened(provider, backend)

    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opener, Deadlines(), lambda _: None)
    async with following(settings, model):
        path.write_text(wrong)
        await asyncio.sleep(1)
        assert model.name == "one"
        path.write_text(FILE.replace("MODEL", "the-third"))
        async with asyncio.timeout(10):
            while model.name != "the-third":  # noqa: ASYNC110 — nobody tells
                await asyncio.sleep(0.02)
    await model.aclose()


async def test_a_backend_that_is_gone_from_the_file_is_gone_from_the_metrics(server: ScriptedModel) -> None:
    def file(model: str) -> Any:
        return models_of(
            f"providers: {{gone-p: {{profile: compatible, base_url: '{server.base_url}'}}}}\n"
            f"backends: {{b: {{provider: gone-p, model: {model}}}}}\nroutes: {{default: {{backends: [b]}}}}\n"
        )

    async with routed(file("gone-m")) as model:
        model.model._table.backends["b"].breaker.rest(60)
        assert 'cuedesk_llm_breaker{model="gone-m",provider="gone-p"} 2.0' in render().decode()
        await model.model.reload(file("there-m"))
        assert 'model="gone-m",provider="gone-p"' not in render().decode()


async def test_a_tenants_own_parameters_never_reach_a_model_of_the_server(server: ScriptedModel) -> None:
    """`extra_for_others`: it could ask another model with the server's key. Naming a backend is another way there."""
    tenant = new_id()
    async with scripted_model() as house:
        grounds = Grounds("qinghe", {"CUEDESK_TENANT_KEY__QINGHE__K": "sk-own"}, [house.base_url])
        own = {
            "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
            "backends": {"mine": {"provider": "house", "model": "mine"}},
            "routes": {"default": {"backends": ["mine"], "parameters": {"extra": {"model": "the-dearest"}}}},
        }
        async with routed(route_of(server)) as model:
            await model.model.set_own(tenant, OwnModels.model_validate(own), grounds)
            await model.ask(replace(REQUEST, caller=Caller(tenant), backend="b0"))
    (asked,) = server.requests
    assert asked.authorization == f"Bearer {KEY}", "with the server's key"
    assert asked.body["model"] == "scripted"


async def test_a_slow_reader_is_not_timed_out_between_tokens_that_come_apart() -> None:
    """What `test_a_slow_reader_is_not_timed_out_between_tokens` means: there all tokens come as one chunk of bytes, so
    that nothing is waited for between them, and the break of area `gateway` goes unseen."""
    more = asyncio.Semaphore(0)

    async def apart(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE)
        for n in range(4):
            writer.write(chunk(EVENT % (b"%d" % n)))
            await more.acquire()
        writer.write(chunk(LAST) + b"0\r\n\r\n")

    async with raw(apart) as first, routed(route_of(first), idle=1.0, first_token=30) as model:
        said = ""
        async for piece in model.model.stream(REQUEST):
            said += piece.text
            more.release()  # the next one comes while we take our time
            if piece.text:
                await asyncio.sleep(1.5)
    assert said == "0123"


@pytest.mark.parametrize("wait", ["first_token", "connect", "idle"])
async def test_a_tenants_own_deadlines_take_no_model_from_the_others(server: ScriptedModel, wait: str) -> None:
    """The breaker of a backend of the server is everybody's; how long a tenant waits is its own affair."""
    tenant, other = new_id(), new_id()
    server.by_model["scripted"] = Script("tokens", count=3, first_delay=0.05, delay=0.05)
    own = {"routes": {"default": {"backends": ["b0"], "deadlines": {wait: 1e-6}}}}
    async with routed(route_of(server)) as model:
        await model.model.set_own(tenant, OwnModels.model_validate(own), Grounds("qinghe", {}, []))
        for _ in range(6):
            with contextlib.suppress(ModelError):
                await model.ask(replace(REQUEST, caller=Caller(tenant)))
        assert text_of(await model.ask(replace(REQUEST, caller=Caller(other)))) == "字0字1字2"


async def test_a_tenants_own_backend_shares_no_breaker_with_the_servers(server: ScriptedModel) -> None:
    tenant, other = new_id(), new_id()
    server.by_model["scripted"] = GOOD
    server.by_model["nobody"] = Script("status", status=404)
    address = f"{{profile: compatible, base_url: '{server.base_url}'}}"
    keyless = models_of(
        f"providers: {{p: {address}}}\nbackends: {{b: {{provider: p, model: scripted}}}}\n"
        "routes: {default: {backends: [b]}}\n"
    )
    own = {
        "providers": {"p": {"profile": "compatible", "base_url": server.base_url}},
        "backends": {"b": {"provider": "p", "model": "scripted", "parameters": {"extra": {"model": "nobody"}}}},
        "routes": {"default": {"backends": ["b"]}},
    }
    async with routed(keyless) as model:
        await model.model.set_own(tenant, OwnModels.model_validate(own), Grounds("qinghe", {}, [server.base_url]))
        for _ in range(6):
            with contextlib.suppress(ModelError):
                await model.ask(replace(REQUEST, caller=Caller(tenant)))
        assert text_of(await model.ask(replace(REQUEST, caller=Caller(other)))) == GOOD.text
