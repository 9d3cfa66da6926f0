"""What people do all day: operators ask, somebody decides, often two at once, sometimes nobody; some cancel."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.chaos.history import Frame
from benchmarks.chaos.model import text_number
from benchmarks.chaos.person import Person

ASK = "写一段保温杯卖点介绍"
AGAIN = "刚才那个换个说法"

#: Longer than any fault lasts and a lease takes to run out several times over, seconds.
_PATIENCE = 240.0

#: How questions are answered, and how often.
PLANS = {
    "approve against reject": 30,
    "approve against edit against reject": 12,
    "approve twice": 10,
    "approve": 16,
    "edit": 8,
    "reject with feedback": 6,
    "reject": 5,
    "decide at the last moment": 6,
    "let it expire": 3,
    "cancel against approve": 4,
}


@dataclass
class Office:
    """Everybody, and what has been done so far."""

    operators: Sequence[Person]
    reviewers: Sequence[Person]
    rng: random.Random
    closing: bool = False  #: nobody asks for anything new, and every question is decided
    done: Counter[str] = field(default_factory=Counter)

    async def operate(self, operator: Person, thread: str) -> None:
        """Ask, and see each run to its end, until the office closes."""
        while not self.closing:
            await self._turn(operator, thread)
            await asyncio.sleep(self.rng.uniform(0, 1))

    async def _turn(self, operator: Person, thread: str) -> None:
        content = self.rng.choices((ASK, AGAIN), (4, 1))[0]
        multitask = self.rng.choices(("reject", "enqueue", "interrupt"), (8, 1, 1))[0]
        asking = [operator.do("message", thread_id=thread, content=content, multitask=multitask)]
        if self.rng.random() < 0.15:  # a colleague has the same thread open and asks at the same moment
            other = self.rng.choice(self.reviewers)
            mode = self.rng.choice(("reject", "enqueue"))
            asking.append(other.do("message", thread_id=thread, content=ASK, multitask=mode))
        for sent in await asyncio.gather(*asking):
            if sent.accepted is None:
                self.done["messages refused"] += 1
                continue
            self.done["messages"] += 1
            await self._see_through(operator, thread, sent.accepted.result["run_id"])

    async def _see_through(self, operator: Person, thread: str, run_id: str) -> None:
        """Follow a run to its end, answering its questions."""
        if self.rng.random() < 0.06:
            await asyncio.sleep(self.rng.uniform(0, 4))
            await self._cancel(operator, thread, run_id)

        def asks_or_ended() -> bool:
            return operator.ended(thread, run_id) or operator.question_of(thread, run_id) is not None

        while not operator.ended(thread, run_id):
            if not await operator.until(asks_or_ended, _PATIENCE):
                self.done["runs given up waiting for"] += 1
                return
            question = operator.question_of(thread, run_id)
            if question is None:
                continue
            await self._answer(operator, thread, run_id, question)
            answered = question["interrupt_id"]
            if not await operator.until(lambda: answered not in operator.seen[thread].questions, _PATIENCE):  # noqa: B023 (awaited here)
                self.done["answers given up waiting for"] += 1
                return
        self.done["runs seen through"] += 1

    async def _answer(self, operator: Person, thread: str, run_id: str, question: Frame) -> None:
        plan = "approve against reject" if self.closing else self.rng.choices(list(PLANS), list(PLANS.values()))[0]
        self.done[plan] += 1
        await asyncio.sleep(self.rng.uniform(0, 1.5))
        one, two, three = self.rng.sample([operator, *self.reviewers], 3)
        interrupt_id = question["interrupt_id"]

        async def decide(who: Person, decision: str, **fields: str) -> None:
            # Racers start within a few milliseconds of each other, in any order.
            await asyncio.sleep(self.rng.uniform(0, 0.004))
            body = {"thread_id": thread, "interrupt_id": interrupt_id, "decision": decision, **fields}
            sent = await who.do("interrupt_response", **body)
            self.done["decisions won" if sent.accepted else "decisions lost"] += 1

        text = text_number(self.rng.randrange(10**6))
        match plan:
            case "approve against reject":
                await asyncio.gather(decide(one, "approve"), decide(two, "reject"))
            case "approve against edit against reject":
                edited = decide(two, "edit", content=text)
                await asyncio.gather(decide(one, "approve"), edited, decide(three, "reject"))
            case "approve twice":
                await asyncio.gather(decide(one, "approve"), decide(two, "approve"))
            case "approve":
                await decide(one, "approve")
            case "edit":
                await decide(one, "edit", content=text)
            case "reject with feedback":
                await decide(one, "reject", feedback="开头再抓人一点")
            case "reject":
                await decide(one, "reject")
            case "decide at the last moment":
                expires = datetime.fromisoformat(question["expires_at"]).timestamp()
                await asyncio.sleep(max(0.0, expires - datetime.now().timestamp() - self.rng.uniform(-0.05, 0.2)))  # noqa: DTZ005
                await asyncio.gather(decide(one, "approve"), decide(two, "reject"))
            case "cancel against approve":
                await asyncio.gather(self._cancel(two, thread, run_id), decide(one, "approve"))
            case "let it expire":
                pass

    async def _cancel(self, who: Person, thread: str, run_id: str) -> None:
        sent = await who.do("cancel", thread_id=thread, run_id=run_id)
        self.done["cancels won" if sent.accepted else "cancels lost"] += 1
