"""A text that is sent back with a reason is learned from, in the transaction of the decision."""

import pytest

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
