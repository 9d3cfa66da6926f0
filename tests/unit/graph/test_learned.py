"""What was learned is current, fast, and as certain as it says."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.evaluation.cases import IntentCase, read_sets
from backend.evaluation.intents import run_intent
from backend.evaluation.outcomes import Outcome, reliability
from backend.evaluation.run import reader_of
from backend.graph.intent import learned
from backend.graph.intent.finds import Finds
from backend.graph.intent.folding import fold
from backend.graph.intent.reading import by_rules, read
from backend.graph.intent.situation import Situation
from backend.llm.adapters.offline.writer import OfflineWriter
from tests.support import train_intents
from tests.support.eval_sources import FOLDER
from tests.unit.graph.cases import SITUATIONS


@pytest.fixture(scope="module")
def judged() -> list[Outcome]:
    sets = read_sets([FOLDER / "intents.jsonl", FOLDER / "intents_fresh.jsonl"], split="test")
    reader = reader_of("fast", OfflineWriter(pace=0))

    async def outcomes() -> list[Outcome]:
        return [await run_intent(case, reader) for case in sets.cases if isinstance(case, IntentCase)]

    return asyncio.run(outcomes())


def test_the_weights_are_of_the_lessons_as_they_are() -> None:
    head = learned.FILE.read_text(encoding="utf-8").splitlines()[:5]
    assert f"# of\t{train_intents.source_hash()}" in head, "run python -m tests.support.train_intents"


@given(st.text(max_size=60), st.sampled_from(sorted(SITUATIONS)))
@settings(max_examples=60, deadline=None)
def test_shares_are_shares_for_any_text(text: str, situation: str) -> None:
    finds = Finds(fold(text), SITUATIONS[situation])
    guess = learned.weights().guess(learned.features(finds, by_rules(finds)))
    assert sum(guess.wishes.values()) == pytest.approx(1)
    assert sum(guess.segments.values()) == pytest.approx(1)
    assert guess.of_kind(guess.wish.split(":")[0]) >= guess.wishes[guess.wish]


def test_messages_that_were_not_learned_are_understood(judged: list[Outcome]) -> None:
    for least, chosen in (
        (0.9, [one for one in judged if one.tier != "fresh"]),
        (0.8, [one for one in judged if one.tier == "fresh"]),
    ):
        right = sum(one.right for one in chosen) / len(chosen)
        assert right >= least, [(one.text, one.expected, one.got) for one in chosen if not one.right]


def test_confidence_means_what_it_says(judged: list[Outcome]) -> None:
    trust = reliability(judged)
    assert trust is not None
    assert trust.error <= 0.08, trust


def test_a_script_is_seldom_written_that_nobody_asked_for(judged: list[Outcome]) -> None:
    asked_nothing = [one for one in judged if one.expected in ("chat", "action", "unclear")]
    guessed = [one for one in asked_nothing if one.got not in ("chat", "action", "unclear")]
    assert len(guessed) <= 0.05 * len(asked_nothing), [(one.text, one.got) for one in guessed]


def test_an_answer_to_what_waits_is_no_request() -> None:
    waiting = Situation(**{**_plain(SITUATIONS["cup"]), "waiting": True})
    for message in ("确认", "先别改", "行", "不行", "驳回，太长了", "等等"):
        reading = read(message, waiting)
        assert (reading.kind, reading.about) == ("chat", "decision"), message
    assert read("再短一点", waiting).kind == "restyle"


def _plain(situation: Situation) -> dict[str, object]:
    return {name: getattr(situation, name) for name in Situation.__slots__}
