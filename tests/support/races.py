"""People who decide one interrupt at the same moment, at two gateways, and what must be true afterwards."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import asyncpg

from tests.support.desk_client import APPROVER, OPERATOR, Desk, Rest

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
#: What the two sides do, in turn; each against the other at once.
SIDES = (("approve", "reject"), ("reject", "approve"), ("edit", "reject"), ("approve", "edit"))
STATUS = {"approve": "approved", "edit": "edited", "reject": "rejected"}
# Sockets are limited to 20 frames a second and a person to eight sockets, so the races run side by side on four pairs.
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Raced:
    """A thread, the run that was decided, and the decision that won."""

    thread_id: str
    run_id: str
    winner: str


async def race_pairs(one_url: str, two_url: str, pairs: int) -> list[Raced]:
    """Let an operator at one gateway and an approver at another decide `pairs` interrupts, each at the same moment."""
    raced: list[Raced] = []
    async with Rest.login(one_url, OPERATOR) as operator, Rest.login(two_url, APPROVER) as approver:

        async def lane(place: int) -> None:
            async with operator.socket() as one, approver.socket() as two:
                for number in range(pairs // SIDE_BY_SIDE):
                    raced.append(await _race(operator, one, two, SIDES[(place + number) % len(SIDES)]))

        await asyncio.gather(*(lane(place) for place in range(SIDE_BY_SIDE)))
    return raced


async def _race(rest: Rest, one: Desk, two: Desk, sides: tuple[str, str]) -> Raced:
    thread = await rest.new_thread()
    await one.follow(thread)
    asked = await one.ask(thread, REQUEST)
    interrupt = await one.until("interrupt", run_id=asked["run_id"], timeout=60)
    # The draft itself as the edited text: it passes the checks again, so an edit ends the run as an approval does.
    texts = [{"content": interrupt["params"]["content"] + " "} if side == "edit" else {} for side in sides]
    acks = await asyncio.gather(
        one.decide(interrupt, sides[0], **texts[0]), two.decide(interrupt, sides[1], **texts[1])
    )
    won = [ack for ack in acks if ack["status"] == "accepted"]
    lost = [ack for ack in acks if ack["status"] == "rejected"]
    assert (len(won), len(lost)) == (1, 1), acks
    assert lost[0]["error"]["code"] == "already_resolved"
    winner: str = won[0]["result"]["decision"]
    assert lost[0]["error"]["details"]["decision"] == STATUS[winner]
    assert lost[0]["error"]["details"]["by"]["name"]
    assert lost[0]["error"]["details"]["at"]
    await one.until("run", run_id=asked["run_id"], status="completed", timeout=60)
    await one.do("unsubscribe", topic=f"thread:{thread}")
    one.frames.clear()
    two.frames.clear()
    return Raced(thread, asked["run_id"], winner)


async def executed_wrongly(database_url: str, raced: list[Raced]) -> list[tuple[Raced, dict[str, int]]]:
    """Return the races whose decision was carried out other than exactly once, with what was found."""
    wrong = []
    conn = await asyncpg.connect(database_url)
    try:
        for one in raced:
            row = await conn.fetchrow(
                """SELECT (SELECT count(*) FROM script_versions WHERE run_id = $2) AS versions,
                     count(*) FILTER (WHERE type = 'interrupt_resolved') AS resolved,
                     count(*) FILTER (WHERE type = 'script_finalized') AS finalized,
                     (SELECT count(*) FROM audit_log a JOIN interrupts i ON i.id = a.subject
                      WHERE i.run_id = $2 AND a.action LIKE 'interrupt.%') AS audited
                   FROM thread_events WHERE thread_id = $1""",
                one.thread_id,
                one.run_id,
            )
            assert row is not None
            published = 0 if one.winner == "reject" else 1
            if dict(row) != {"versions": published, "resolved": 1, "finalized": published, "audited": 1}:
                wrong.append((one, dict(row)))
    finally:
        await conn.close()
    return wrong


def winners(raced: list[Raced]) -> Counter[str]:
    """Count who won."""
    return Counter(one.winner for one in raced)
