"""Rules that change while a script is written, waits and is published: what was allowed is looked at again."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.domain import rule_overlays
from backend.domain.products import get_product, update_product
from backend.protocol.events import MessageComplete, QualityFeedback, ScriptFinalized
from backend.quality.overlay import Overlay, OwnRule, digest_of
from tests.integration.graph.conftest import BLOCKED, GOOD, Desk, ScriptedModel

OPENING = "给青禾316保温杯写一段开场，45秒"
WORD = "手握着外壁也不烫"


@pytest.fixture
async def author(database_url: str) -> UUID:
    owner = await asyncpg.connect(database_url)
    try:
        made: UUID = await owner.fetchval(
            "INSERT INTO users (email, name, password_hash) VALUES ('a@b.c', '周青禾', '') RETURNING id"
        )
        return made
    finally:
        await owner.close()


async def save(desk: Desk, author: UUID, *terms: str) -> int:
    overlay = Overlay(rules=[OwnRule(id=f"H-{n}", terms=[term]) for n, term in enumerate(terms, 1)])
    async with desk.db.tenant(desk.tenant_id) as conn:
        head = await rule_overlays.head(conn)
        saved = await rule_overlays.add(
            conn, after=head.revision, overlay=overlay.model_dump(), digest=digest_of(overlay), note="", author=author
        )
    return saved.revision


async def versions(desk: Desk) -> list[Any]:
    async with desk.db.tenant(desk.tenant_id) as conn:
        return list(await conn.fetch("SELECT version, provenance FROM script_versions"))


async def test_a_script_approved_before_the_rules_grew_stricter_waits_again_and_says_why(
    desk: Desk, author: UUID
) -> None:
    await desk.ask(OPENING)
    await save(desk, author, WORD)
    await desk.decide("approve")
    assert await versions(desk) == []
    assert not desk.said(ScriptFinalized)
    [feedback] = desk.said(QualityFeedback)
    assert feedback.rules_version.startswith("1.")
    question = desk.interrupts[-1].value
    held = question["params"]["held"]
    assert (held["changed"], [finding["rule"] for finding in held["findings"]]) == (["rules"], ["H-1"])
    assert held["approved_under"].startswith("0.")
    assert question["params"]["rules_version"] == feedback.rules_version
    assert question["params"]["content"] == GOOD
    assert "approve" not in question["allowed"]
    assert not question["clean"]
    assert [f["rule"] for f in question["params"]["findings"] if f["severity"] == "block"] == ["H-1"]

    await desk.decide("edit", content=GOOD.replace(WORD, "握着正合适"))
    [row] = await versions(desk)
    assert row["provenance"]["rules_version"].startswith("1.")
    assert desk.said(ScriptFinalized)


async def test_what_is_held_goes_on_air_when_an_admin_overrides_it_and_is_not_held_again(
    desk: Desk, author: UUID
) -> None:
    await desk.ask(OPENING)
    await save(desk, author, WORD)
    await desk.decide("approve")
    await desk.decide("approve", override_reason="已与法务确认")
    [row] = await versions(desk)
    assert row["provenance"]["override_reason"] == "已与法务确认"


async def test_a_change_of_rules_that_does_not_touch_the_text_holds_nothing_up(desk: Desk, author: UUID) -> None:
    await desk.ask(OPENING)
    await save(desk, author, "绝不会出现的词")
    await desk.decide("approve")
    [row] = await versions(desk)
    assert row["provenance"]["rules_version"].startswith("0.")
    assert row["provenance"]["published_under"].startswith("1.")


async def test_a_price_that_changed_since_the_approval_holds_the_script_up(desk: Desk) -> None:
    desk.model = ScriptedModel([GOOD.replace("觉得合适的", "今天只要89元，觉得合适的")])
    await desk.ask(OPENING)
    async with desk.db.tenant(desk.tenant_id) as conn:
        cup = await get_product(conn, desk.cup)
        await update_product(conn, desk.cup, cup.version, {"price": 99})
    await desk.decide("approve")
    assert await versions(desk) == []
    question = desk.interrupts[-1].value
    held = question["params"]["held"]
    assert held["changed"] == ["product"]
    assert any("89" in finding["message"] for finding in held["findings"])


async def test_rules_that_are_saved_while_it_is_published_are_not_slipped_past(
    desk: Desk, author: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.graph.nodes import finalize

    looked = finalize._standing

    async def then_saved(*args: Any) -> Any:
        standing = await looked(*args)
        monkeypatch.setattr(finalize, "_standing", looked)
        await save(desk, author, WORD)
        return standing

    await desk.ask(OPENING)
    monkeypatch.setattr(finalize, "_standing", then_saved)
    await desk.decide("approve")
    assert await versions(desk) == []
    assert desk.interrupts[-1].value["params"]["held"]["changed"] == ["rules"]


async def test_what_is_wrong_is_underlined_while_the_text_is_written(desk: Desk) -> None:
    text = f"大家晚上好。{BLOCKED}"
    desk.model = ScriptedModel([text, GOOD])
    await desk.ask(OPENING)
    said = [frame for frame in desk.frames if isinstance(frame, QualityFeedback | MessageComplete)]
    first = said[0]
    assert isinstance(first, QualityFeedback)
    assert (first.content, first.verdict, first.final, first.checks) == (
        "大家晚上好。这是国家级的保温杯，",
        "block",
        False,
        [],
    )
    [finding] = first.findings
    assert text[slice(*finding.span)] == finding.excerpt == "国家级"
    before = said[: [isinstance(frame, MessageComplete) for frame in said].index(True)]
    for frame in before:
        assert isinstance(frame, QualityFeedback)
        assert text.startswith(frame.content)
        for one in frame.findings:
            assert frame.content[slice(*one.span)] == one.excerpt
    assert len(before[-1].findings) >= 3  # type: ignore[union-attr]


async def test_a_run_uses_the_rules_of_its_rooms_platform(desk: Desk) -> None:
    async with desk.db.tenant(desk.tenant_id) as conn:
        await conn.execute("UPDATE rooms SET platform = 'taobao' WHERE id = $1", desk.room_id)
    await desk.ask(OPENING, room_id=str(desk.room_id))
    assert desk.said(QualityFeedback)[-1].rules_version.startswith("0.taobao.")
