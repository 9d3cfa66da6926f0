"""An address behind which nobody takes a connection: how long that is waited for, and what follows."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from backend.errors import ModelError, ModelTimeout
from backend.ids import new_id
from backend.llm.gateway import Caller, ChatTurn, ModelRequest
from tests.support.routed_models import REQUEST, route_of, routed, text_of, two_of_a_dead_provider
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

GOOD = Script("text", text="好，上链接。")


@pytest.fixture
def full() -> Iterator[int]:
    """A port whose queue is full: whoever connects waits."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_who_takes_no_connection_is_left_at_the_connect_deadline(
    server: ScriptedModel, full: int, profile: str, *, streamed: bool
) -> None:
    models = two_of_a_dead_provider(f"http://127.0.0.1:{full}/v1", server, profile)
    server.by_model["scripted-1"] = GOOD
    async with routed(models, connect=0.2, first_token=3600, answer=3600, total=3600) as model:
        said = text_of(await model.ask()) if streamed else (await model.model.complete(REQUEST)).text
        alone = ModelRequest("chat", REQUEST.turns, {})
        with pytest.raises(ModelTimeout) as raised:
            await model.ask(alone) if streamed else await model.model.complete(alone)
    assert said == GOOD.text
    hops = [(hop.backend, hop.reason) for hop in model.records[0].hops]
    assert hops == [*[("primary", "timeout")] * 3, ("primary-general", "same_provider")]
    assert raised.value.details == {"kind": "connect"}


async def test_to_connect_to_nobody_is_the_fault_of_no_question(full: int) -> None:
    """It counts each time, whoever asks what: nobody was reached."""
    asked = ModelRequest("message", [ChatTurn("user", "同一句")], {}, caller=Caller(new_id()))
    async with routed(route_of(ScriptedModel(port=full)), connect=0.2) as model:
        for _ in range(2):
            with contextlib.suppress(ModelError):
                await model.model.complete(asked)
        assert model.model.standings()["b0"].state == "open", "five attempts, and nobody was there"
