"""What attempts made before they were given up is accounted: at their own prices, and where it was made."""

import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal

import pytest

from backend.errors import ModelError
from backend.llm.gateway import estimate_tokens
from backend.llm.models_file import ModelsFile
from backend.telemetry.metrics import render
from tests.support.routed_models import REQUEST, models_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

pytestmark = pytest.mark.usefixtures("no_pause")

GOOD = Script("text", text="好，上链接。")
THOUGHTS = "想" * 4000
THOUGHT = estimate_tokens(THOUGHTS)
ASKED = sum(estimate_tokens(turn.content) for turn in REQUEST.turns)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as running:
        running.by_model["cheap"] = GOOD
        yield running


def two(server: ScriptedModel, profile: str) -> ModelsFile:
    """A dear model, and a cheap one that answers when it does not."""
    return models_of(
        f"""
providers:
  house: {{profile: {profile}, base_url: '{server.base_url}', api_key: '${{KEY}}'}}
backends:
  first: {{provider: house, model: dear, prices: {{input: 30, output: 60, currency: CNY}}}}
  second: {{provider: house, model: cheap, prices: {{input: 1, output: 2, currency: CNY}}}}
routes:
  default: {{backends: [first, second]}}
"""
    )


def counted(name: str, **labels: str) -> float:
    """Return what a counter says now."""
    told = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    found = re.search(rf"^{name}{{{re.escape(told)}}} (\S+)$", render().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_what_abandoned_attempts_made_is_accounted_at_their_own_prices(
    server: ScriptedModel, profile: str
) -> None:
    server.by_model["dear"] = Script("abrupt_end", count=0, reasoning=THOUGHTS)
    # Anthropic counts the prompt at the beginning.
    asked = 11 if profile == "anthropic" else ASKED
    thoughts = {"kind": "reasoning", "model": "dear", "provider": "house"}
    money = {"currency": "CNY", "model": "dear", "provider": "house"}
    before = counted("cuedesk_llm_tokens_total", **thoughts), counted("cuedesk_llm_cost_total", **money)
    async with routed(two(server, profile)) as model:
        pieces = await model.ask()
        (record,) = model.records
    assert text_of([piece for piece in pieces if piece.text]) == GOOD.text
    answer = pieces[-1].usage
    assert answer is not None
    assert (record.status, record.backend, record.attempts) == ("completed", "second", 4)
    of_attempt = Decimal(asked * 30 + THOUGHT * 60) / 1_000_000
    assert [(hop.input_tokens, hop.output_tokens, hop.estimated, hop.cost) for hop in record.hops] == [
        (asked, THOUGHT, True, of_attempt)
    ] * 3
    usage = record.usage
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.estimated) == (
        3 * asked + answer.input_tokens, 3 * THOUGHT + answer.output_tokens, 3 * THOUGHT, True
    )  # fmt: skip
    of_answer = Decimal(answer.input_tokens * 1 + answer.output_tokens * 2) / 1_000_000
    assert (record.cost, record.currency) == (3 * of_attempt + of_answer, "CNY")
    after = counted("cuedesk_llm_tokens_total", **thoughts), counted("cuedesk_llm_cost_total", **money)
    assert after[0] - before[0] == 3 * THOUGHT, "it was the dear one that thought"
    assert after[1] - before[1] == pytest.approx(float(3 * of_attempt))


async def test_what_a_provider_counted_before_it_broke_off_is_its_count(server: ScriptedModel) -> None:
    server.by_model["dear"] = Script("abrupt_end", count=0, reasoning=THOUGHTS, counted=2500)
    async with routed(two(server, "compatible")) as model:
        await model.ask()
        (record,) = model.records
    assert {(hop.input_tokens, hop.output_tokens, hop.estimated) for hop in record.hops} == {(11, 2500, False)}
    assert not record.usage.estimated
    assert record.hops[0].cost == Decimal(11 * 30 + 2500 * 60) / 1_000_000


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_a_whole_answer_that_broke_off_is_accounted_by_what_came_of_it(
    server: ScriptedModel, profile: str
) -> None:
    server.by_model["dear"] = Script("abrupt_end", text="", count=4000, reasoning="想一想")
    async with routed(two(server, profile)) as model:
        answer = await model.model.complete(REQUEST)
        (record,) = model.records
    assert answer.text == GOOD.text
    text = estimate_tokens("".join(f"字{n}" for n in range(4000)))
    for hop in record.hops:
        assert (hop.reason, hop.input_tokens, hop.estimated) == ("cut", ASKED, True)
        assert 0.3 * text < hop.output_tokens < 0.7 * text, "about half of it came"
    assert record.cost > Decimal(3 * ASKED * 30) / 1_000_000


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_an_answer_that_is_filtered_in_the_end_was_made(server: ScriptedModel, streamed: bool) -> None:
    server.by_model["dear"] = Script("text", text="", reasoning=THOUGHTS, finish_reason="content_filter", usage=False)
    async with routed(two(server, "compatible")) as model:
        with pytest.raises(ModelError) as raised:
            await model.ask() if streamed else await model.model.complete(REQUEST)
        (record,) = model.records
    assert (raised.value.failure, record.status) == ("content_filtered", "failed")
    assert (record.usage.input_tokens, record.usage.reasoning_tokens) == (ASKED, THOUGHT)
    assert record.cost == record.hops[0].cost > 0


async def test_what_never_began_costs_nothing_and_who_leaves_pays_for_all_attempts(server: ScriptedModel) -> None:
    server.by_model["dear"] = Script("status", status=500)
    server.by_model["cheap"] = Script("stall", count=0, reasoning=THOUGHTS)
    server.play(Script("abrupt_end", count=0, reasoning=THOUGHTS))
    async with routed(two(server, "compatible")) as model:
        async with aclosing(model.model.stream(REQUEST)) as pieces:
            thought = ""
            while len(thought) < 2 * len(THOUGHTS):
                thought += (await anext(pieces)).reasoning
        (record,) = model.records
    assert (record.status, record.attempts) == ("cancelled", 4)
    assert [hop.output_tokens for hop in record.hops] == [THOUGHT, 0, 0]
    assert record.usage.reasoning_tokens == 2 * THOUGHT
    assert [part.model for part in record.parts] == ["dear", "cheap"]
