"""Two more floors: five nodes with checkpoints on PostgreSQL behind a bare socket, by hand and as it comes.

`python -m benchmarks.graphs KIND PORT MODEL_BASE_URL MODEL DATABASE_URL`, KIND one of

- `nodes`: what LangGraph costs when everything around it is lean. A saver a run on a shared pool (so without the stock
  saver's lock), a raw httpx2 reader, tokens straight to the socket past LangGraph's streams.
- `stock`: as the manuals show it. One stock `AsyncPostgresSaver` on a pool, `graph.astream(stream_mode=["messages",
  "updates"])`, and a `BaseChatModel` of langchain-core over the same httpx2 reader (no provider package is installed
  here; ChatOpenAI costs about four times as much a token, FACTS §4). A frame a token, `durability="sync"` in both.

Nothing of Cuedesk: no command record, no events, no job, no check, no resume of a socket. The client sends any text,
gets tokens and `{"type": "interrupt"}`, sends any text again, gets `{"type": "resumed"}` and `{"type": "finished"}`.
"""

import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import httpx2
import orjson
import psycopg_pool
import uvicorn
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from psycopg.rows import dict_row
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.bare import pieces_of

_POOL = 16

#: The sockets of the runs of `nodes`: the node `script` sends past LangGraph.
_sockets: dict[str, WebSocket] = {}


class State(TypedDict, total=False):
    """About as much as a turn of Cuedesk keeps."""

    run: str
    request: str
    intent: dict[str, Any]
    profile: dict[str, Any]
    product: dict[str, Any]
    draft: str
    report: dict[str, Any]
    decision: str
    outcome: str


async def _intent(state: State) -> State:
    return {"intent": {"kind": "write", "scenario": "selling_points", "confidence": 0.95}}


async def _profile(state: State) -> State:
    return {"profile": {"name": "小林", "voice": "自然", "pace": 260}, "product": {"name": "保温杯", "price": 129}}


async def _review(state: State) -> State:
    return {"decision": interrupt({"content": state["draft"], "report": state["report"]})}


async def _finalize(state: State) -> State:
    return {"outcome": "completed"}


def _graph(script: Callable[[State], Awaitable[State]]) -> "StateGraph[State, None, State, State]":
    graph = StateGraph(State)
    graph.add_node("intent", _intent)
    graph.add_node("profile", _profile)
    graph.add_node("script", script)
    graph.add_node("review", _review)
    graph.add_node("finalize", _finalize)
    for one, other in (
        (START, "intent"),
        ("intent", "profile"),
        ("profile", "script"),
        ("script", "review"),
        ("review", "finalize"),
        ("finalize", END),
    ):
        graph.add_edge(one, other)
    return graph


def _token(place: int, text: str) -> str:
    return orjson.dumps({"type": "token", "i": place, "n": 1, "content": text}).decode()


def _report(draft: str) -> dict[str, Any]:
    return {"verdict": "pass", "score": 96, "characters": len(draft)}


class Nodes:
    """The lean one."""

    def __init__(self, client: httpx2.AsyncClient, url: str, model: str, pool: Any) -> None:
        self._pool = pool

        async def script(state: State) -> State:
            socket, said = _sockets[state["run"]], []
            async for text in pieces_of(client, url, model, state["request"]):
                await socket.send_text(_token(len(said), text))
                said.append(text)
            draft = "".join(said)
            return {"draft": draft, "report": _report(draft)}

        self._graph = _graph(script).compile()

    async def go(self, socket: WebSocket, run: str, give: Any) -> None:
        """Carry a run on to its question or its end."""
        graph: Any = self._graph.copy(update={"checkpointer": AsyncPostgresSaver(self._pool)})
        _sockets[run] = socket
        try:
            await graph.ainvoke(give, {"configurable": {"thread_id": run}}, durability="sync")
        finally:
            del _sockets[run]


class _ChatModel(BaseChatModel):
    """The scripted model as langchain-core wants it."""

    client: Any
    url: str
    name_: str

    @property
    def _llm_type(self) -> str:
        return "bench"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError  # it streams only

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        async for text in pieces_of(self.client, self.url, self.name_, str(messages[-1].content)):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager is not None:
                await run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk


class Stock:
    """The one of the manuals."""

    def __init__(self, client: httpx2.AsyncClient, url: str, model: str, pool: Any) -> None:
        chat = _ChatModel(client=client, url=url, name_=model)

        async def script(state: State) -> State:
            answer = await chat.ainvoke([HumanMessage(state["request"])])
            draft = str(answer.content)
            return {"draft": draft, "report": _report(draft)}

        self._graph = _graph(script).compile(checkpointer=AsyncPostgresSaver(pool))

    async def go(self, socket: WebSocket, run: str, give: Any) -> None:
        """Carry a run on to its question or its end."""
        graph: Any = self._graph
        place = 0
        async for mode, part in graph.astream(
            give, {"configurable": {"thread_id": run}}, stream_mode=["messages", "updates"], durability="sync"
        ):
            if mode == "messages" and part[0].content:
                await socket.send_text(_token(place, part[0].content))
                place += 1


def application(kind: str, base_url: str, model: str, database_url: str) -> Starlette:
    """Return the app with its one route, `/ws`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        client = httpx2.AsyncClient(
            timeout=60, limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64)
        )
        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        async with psycopg_pool.AsyncConnectionPool(
            database_url, min_size=_POOL, max_size=_POOL, timeout=60, kwargs=options, open=False
        ) as pool:
            await AsyncPostgresSaver(pool).setup()  # type: ignore[arg-type]
            make = {"nodes": Nodes, "stock": Stock}[kind]
            yield {"runs": make(client, f"{base_url}/chat/completions", model, pool)}

    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        runs = socket.state.runs
        try:
            while True:
                content, run = await socket.receive_text(), uuid.uuid4().hex
                await runs.go(socket, run, {"run": run, "request": content})
                await socket.send_text('{"type":"interrupt"}')
                answer = await socket.receive_text()
                await socket.send_text('{"type":"resumed"}')
                await runs.go(socket, run, Command(resume=answer))
                await socket.send_text('{"type":"finished"}')
        except WebSocketDisconnect:
            return

    return Starlette(routes=[WebSocketRoute("/ws", ws)], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1], *sys.argv[3:6]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
    )
