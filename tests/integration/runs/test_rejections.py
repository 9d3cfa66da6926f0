"""A text that is sent back with a reason is learned from, in the transaction of the decision."""

import orjson
import pytest
from pydantic import ValidationError

from backend.domain import commands, events
from backend.domain.interrupts import get_interrupt
from backend.ids import new_id
from backend.memory.embed import Embedder
from backend.memory.learning import learn
from backend.protocol.commands import InterruptResponse
from backend.quality.pii import mask_pii
from backend.runs import interrupts
from tests.support.waiting import SETTINGS, Office


@pytest.mark.parametrize(("feedback", "kept"), [("开头太慢，客户电话13812345678。", 1), (None, 0), ("  ", 0)])
async def test_the_reason_of_a_rejection_is_remembered_masked(office: Office, feedback: str | None, kept: int) -> None:
    waiting = await office.waiting()
    command = InterruptResponse(
        id=new_id(), thread_id=waiting.thread_id, interrupt_id=waiting.interrupt_id, decision="reject",
        feedback=feedback,
    )  # fmt: skip
    await interrupts.decide(office.db, SETTINGS, office.one, command)
    jobs = await office.owner.fetch(
        "SELECT payload FROM pgqueuer WHERE entrypoint = 'learn' AND convert_from(payload, 'UTF8') LIKE $1",
        f"%{waiting.interrupt_id}%",
    )
    assert len(jobs) == kept
    assert "13812345678" not in str(await office.owner.fetch("SELECT detail FROM audit_log"))
    for job in [*jobs, *jobs]:  # delivered twice
        await learn(office.db, Embedder(), mask_pii, job["payload"])
    rows = await office.owner.fetch("SELECT kind, content FROM memory_documents WHERE tenant_id = $1", office.tenant_id)
    assert len(rows) == kept
    for row in rows:
        assert row["kind"] == "rejection"
        assert row["content"].startswith("开头太慢")
        assert "13812345678" not in row["content"]
        assert "稿件" in row["content"]


async def test_the_reason_of_a_rejection_stands_in_the_decision_the_log_and_the_audit(office: Office) -> None:
    waiting = await office.waiting()
    command = InterruptResponse(
        id=new_id(), thread_id=waiting.thread_id, interrupt_id=waiting.interrupt_id, decision="reject", reason="price"
    )  # fmt: skip
    done = await interrupts.decide(office.db, SETTINGS, office.one, command)
    assert (await interrupts.decide(office.db, SETTINGS, office.one, command)).duplicate
    async with office.db.tenant(office.tenant_id) as conn:
        kept = await get_interrupt(conn, waiting.interrupt_id)
        told = await events.read_events(conn, waiting.thread_id, done.result["seq"] - 1, 1)
    assert (kept.decision or {})["reason"] == "price"
    assert [event.model_dump()["reason"] for event in told] == ["price"]
    detail = await office.owner.fetchval(
        "SELECT detail FROM audit_log WHERE action = 'interrupt.reject' AND detail ->> 'run_id' = $1",
        str(kept.run_id),
    )
    assert '"reason": "price"' in str(detail)


@pytest.mark.parametrize("decision", ["approve", "edit", "respond"])
def test_only_a_rejection_has_a_reason_and_only_one_of_those_that_are_counted(decision: str) -> None:
    body = {"id": new_id(), "thread_id": new_id(), "interrupt_id": "i", "content": "改过的"}
    with pytest.raises(ValidationError, match="reason goes with reject only"):
        InterruptResponse.model_validate(body | {"decision": decision, "reason": "price"} | (
            {"content": None} if decision == "approve" else {}
        ))  # fmt: skip
    with pytest.raises(ValidationError, match="reason"):
        InterruptResponse.model_validate(body | {"decision": "reject", "content": None, "reason": "because"})


async def test_a_decision_without_a_reason_is_the_same_command_as_under_the_release_before(office: Office) -> None:
    waiting = await office.waiting()
    command = InterruptResponse(
        id=new_id(), thread_id=waiting.thread_id, interrupt_id=waiting.interrupt_id, decision="reject"
    )  # fmt: skip
    before = command.model_dump(mode="json")
    del before["reason"]  # as that release wrote it, field for field
    async with office.db.tenant(office.tenant_id) as conn:
        body = orjson.dumps(before)
        await commands.record(conn, office.one.user_id, command.id, body, {"decision": "reject"})
    assert (await interrupts.decide(office.db, SETTINGS, office.one, command)).duplicate
