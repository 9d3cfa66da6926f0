"""A plain WebSocket client of the documented protocol, as a customer would write it."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import httpx2
import uuid_utils.compat as uuid_time
from websockets.asyncio.client import ClientConnection, connect

from backend.protocol.events import read_event
from backend.protocol.snapshot import ThreadSnapshot, fold

Frame = dict[str, Any]

PASSWORD = "cuedesk-demo"
OPERATOR, APPROVER, HOST, ADMIN = (f"{name}@demo.cuedesk" for name in ("xiaolin", "amin", "xiaoya", "admin"))


def new_id() -> str:
    return str(uuid_time.uuid7())


class Rest:
    """The REST interface, signed in as one person."""

    def __init__(self, client: httpx2.AsyncClient, ws_url: str) -> None:
        self.client = client
        self.ws_url = ws_url

    @classmethod
    @contextlib.asynccontextmanager
    async def login(cls, url: str, email: str = OPERATOR, tenant: str | None = None) -> AsyncIterator["Rest"]:
        async with httpx2.AsyncClient(base_url=url, timeout=20) as client:
            body = {"email": email, "password": PASSWORD, **({"tenant": tenant} if tenant else {})}
            answer = await client.post("/api/v1/auth/login", json=body)
            assert answer.status_code == 200, answer.text
            yield cls(client, url.replace("http", "ws", 1) + "/ws")

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Mapping[str, Any], status: int = 200) -> Any:
        answer = await self.client.post(f"/api/v1{path}", json=dict(body))
        assert answer.status_code == status, answer.text
        return answer.json()

    async def new_thread(self, **bindings: Any) -> str:
        return str((await self.post("/threads", bindings, 201))["id"])

    async def room_of(self, name: str) -> str:
        rooms = (await self.get("/rooms"))["items"]
        return str(next(room["id"] for room in rooms if room["name"] == name))

    def page_headers(self) -> dict[str, str]:
        """What a page of ours sends when it opens a socket: the session's cookie and its Origin."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        return {"Cookie": cookie, "Origin": self.ws_url.removesuffix("/ws").replace("ws", "http", 1)}

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator["Desk"]:
        """A socket by the session's cookie, as a page of ours opens it."""
        # Read at once, as a browser does: a line that waits in the library would leave the server's pings unanswered.
        async with connect(
            self.ws_url, additional_headers=self.page_headers(), max_size=None, max_queue=None
        ) as socket:
            desk = Desk(socket)
            await desk.until("welcome")
            yield desk


class Desk:
    """One socket. Keeps every frame; `events` are the durable ones it was given, in order of arrival."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self._read = 0

    async def say(self, type_: str, **fields: Any) -> str:
        """Send a command and return its id."""
        command = {"id": fields.pop("id", None) or new_id(), "type": type_, **fields}
        await self.socket.send(json.dumps(command))
        return str(command["id"])

    async def do(self, type_: str, **fields: Any) -> Frame:
        """Send a command and return its ack."""
        command_id = await self.say(type_, **fields)
        return await self.until("ack", re=command_id)

    async def follow(self, thread_id: str, after_seq: int = 0) -> None:
        """Subscribe to a thread and wait until it is live."""
        ack = await self.do("subscribe", topic=f"thread:{thread_id}", after_seq=after_seq)
        assert ack["status"] == "accepted", ack
        await self.until("subscribed", topic=f"thread:{thread_id}")

    async def until(
        self, type_: str, *, timeout: float = 60, where: Callable[[Frame], bool] | None = None, **fields: Any
    ) -> Frame:
        """Return the first frame of this type with these fields, also one that came before the call."""

        def fits(frame: Frame) -> bool:
            return (
                frame["type"] == type_
                and all(frame.get(name) == value for name, value in fields.items())
                and (where is None or where(frame))
            )

        for frame in self.frames:
            if fits(frame):
                return frame
        try:
            async with asyncio.timeout(timeout):
                while True:
                    frame = json.loads(await self.socket.recv())
                    self.frames.append(frame)
                    if fits(frame):
                        return frame
        except TimeoutError:
            seen = [(f["type"], f.get("seq")) for f in self.frames][-30:]
            raise AssertionError(f"no {type_} {fields} within {timeout} s; last frames: {seen}") from None

    async def drain(self, quiet: float = 0.3) -> None:
        """Read until nothing comes for a while."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(quiet):
                    self.frames.append(json.loads(await self.socket.recv()))

    async def ask(self, thread_id: str, content: str, **slots: Any) -> Frame:
        """Send a message and return its ack's result."""
        ack = await self.do("message", thread_id=thread_id, content=content, **slots)
        assert ack["status"] == "accepted", ack
        return dict(ack["result"])

    async def decide(self, interrupt: Frame, decision: str, **fields: Any) -> Frame:
        """Decide an interrupt and return the ack."""
        return await self.do(
            "interrupt_response",
            thread_id=interrupt["thread_id"],
            interrupt_id=interrupt["interrupt_id"],
            decision=decision,
            **fields,
        )

    def events(self, thread_id: str) -> list[Frame]:
        return [f for f in self.frames if f.get("thread_id") == thread_id and f.get("seq") is not None]

    def view(self, thread_id: str) -> ThreadSnapshot:
        """The thread as this client would show it from the durable events it got."""
        return fold(read_event(json.dumps(event)) for event in self.events(thread_id))

    def text(self, message_id: str) -> str:
        """The text of a message as the deltas built it."""
        return text_of(self.frames, message_id)


def text_of(frames: Iterable[Frame], message_id: str) -> str:
    """The text of a message as the deltas built it: the newest attempt, pieces by number, over its snapshot."""
    attempt, due, text = -1, 0, ""
    for frame in frames:
        if frame.get("message_id") != message_id or frame["type"] not in ("token", "message_snapshot"):
            continue
        if frame["attempt"] < attempt:
            continue
        if frame["type"] == "message_snapshot":
            attempt, due, text = frame["attempt"], frame["i"], frame["content"]
            continue
        if frame["attempt"] > attempt:
            attempt, due, text = frame["attempt"], 0, ""
        if frame["i"] == due:
            due, text = frame["i"] + frame["n"], text + frame["content"]
    return text


def no_gaps_no_doubles(events: list[Frame]) -> bool:
    """Whether the numbers of the events are 1, 2, 3, … with nothing missing and nothing twice."""
    return [event["seq"] for event in events] == list(range(1, len(events) + 1))


def is_uuid(text: str) -> bool:
    with contextlib.suppress(ValueError):
        uuid.UUID(text)
        return True
    return False
