"""The life of a run in one worker: claim, find out where it stands, let the graph go on, hand over."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.types import Command
from prometheus_client import Counter

from backend import failpoints
from backend.domain import audit, interrupts, policies, runs
from backend.domain.policies import Policies
from backend.domain.profiles import Profiles
from backend.domain.runs import Claimed
from backend.errors import AppError, LeaseLost, RecoveryExhausted, ServerBusy, StorageUnavailable
from backend.fanout.live_text import LiveTexts
from backend.graph.build import initial_state
from backend.graph.state import GraphContext
from backend.llm.gateway import RUN_PATIENCE, Caller, Model, OnBehalf, Purpose
from backend.memory.embed import Embedder
from backend.protocol.events import InterruptRaised, InterruptResolved, Problem, RunChanged, RunStatus, ThreadEvent
from backend.quality.rulebooks import RuleBooks
from backend.runs import claims
from backend.runs.interrupts import approve_by_policy
from backend.runs.jobs import enqueue_on_air, enqueue_run
from backend.runs.lease import Leases, Loss
from backend.runs.notes import enqueue_if_due
from backend.runs.outlet import Outlet
from backend.runs.start import close_messages, start_next
from backend.settings import Settings
from backend.storage.checkpoints import CheckpointPool, FencedSaver
from backend.storage.postgres import Connection, Database
from backend.telemetry.logging import current_trace, tracing
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_ENDED = Counter("cuedesk_runs_ended", "Runs that came to an end", ["status"], registry=REGISTRY)

#: A question of the graph: LangGraph's interrupt id, and {kind, action, params, allowed}.
Question = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Standing:
    """Where a run stands: what to give the graph next, the questions it asks, or its end."""

    give: Any = None
    questions: Sequence[Question] = ()
    outcome: str | None = None


@dataclass(frozen=True)
class RunnerParts:
    """What a runner works with."""

    settings: Settings
    db: Database
    checkpoints: CheckpointPool
    texts: LiveTexts
    leases: Leases
    #: Compiled, without a checkpointer: each run gets its own.
    graph: Any
    model: Model
    rules: RuleBooks
    embedder: Embedder
    profiles: Profiles
    worker: str
    #: The model that reads what rules leave in doubt.
    reader: Model | None = None
    #: The model that reads texts behind the checks, where that is switched on.
    judge: Model | None = None
    #: Whether those two can do it for a tenant: not every model can do everything.
    serves: Callable[[Purpose, UUID], bool] = lambda _purpose, _tenant: True

    def serving(self, model: Model | None, purpose: Purpose, caller: Caller) -> Model | None:
        """Return the model on the caller's account; None where it cannot do this for its tenant."""
        if model is None or not self.serves(purpose, caller.tenant_id):
            return None
        return OnBehalf(model, caller)


class Runner:
    """Carries runs on. The database says who may; this object holds no state of a run."""

    def __init__(self, parts: RunnerParts) -> None:
        self._parts = parts
        # Nobody waits for an answer here: rather a late connection than a text that begins anew.
        self._db = parts.db.patient(parts.settings.lease_self_cancel)
        self._graph = parts.graph
        self._last_try = asyncio.Lock()

    async def carry_on(self, tenant_id: UUID, run_id: UUID) -> None:
        """Take the run if it is to be had and work on it until it waits, ends or is taken away.

        A job that comes twice, or late, finds nothing to claim and does nothing.
        """
        if failpoints.folder is not None:
            await failpoints.reach("before_claim", run_id)
        if not await self._try(tenant_id, run_id, last=False):
            # Its next crash is its last. Whatever kills its workers must not count against the runs beside it, so of
            # those that come this far one at a time is tried: the guilty one dies alone.
            async with self._last_try:
                await self._try(tenant_id, run_id, last=True)

    async def _try(self, tenant_id: UUID, run_id: UUID, *, last: bool) -> bool:
        """Carry the run on; False when it may be tried only as one that is tried for the last time."""
        asked = time.monotonic()
        settings = self._parts.settings
        spared = None if last else settings.max_attempts - 1
        async with self._db.tenant(tenant_id) as conn:
            run = await self._claim(conn, run_id, spared)
            if run is None:
                return spared is None or await runs.crashes(conn, run_id) < spared
        if failpoints.folder is not None:
            await failpoints.reach("after_claim", run_id)
        # The trace of the request that asked for it, so that one search finds both halves of the story.
        trace_id = run.request.get("trace_id") or run.id.hex
        with tracing(trace_id=trace_id, run_id=str(run.id), attempt=run.attempt):
            await self._hold(run, asked)
        return True

    async def _hold(self, run: Claimed, claimed: float) -> None:
        outlet = Outlet(self._db, self._parts.texts, run)
        control = RunControl()
        work = asyncio.create_task(self._work(run, outlet, control), name=f"run {run.id}")
        reasons: list[Loss] = []

        def stop(why: Loss) -> None:
            reasons.append(why)
            work.cancel()

        with self._parts.leases.holding(run, claimed, stop, control.request_drain):
            try:
                await work
            except asyncio.CancelledError:
                if not reasons:
                    # The worker itself is being torn down: what holds for a crash holds here, the lease runs out.
                    work.cancel()
                    raise
                log.info("run_stopped", reason=reasons[0].value)
                if reasons[0] is Loss.DRAIN:
                    await self._hand_over(run, outlet)
            except GraphDrained:
                await self._hand_over(run, outlet)
            except LeaseLost:
                log.warning("run_lost")  # the new holder tells how it goes on; nothing to add
            except (StorageUnavailable, ServerBusy) as error:
                log.warning("run_interrupted_by_storage", code=error.code)
                await self._hand_over_when_possible(run, outlet)
            except AppError as error:
                log.warning("run_failed", code=error.code, error=str(error))
                await self._fail(run, outlet, error)
            except Exception:  # whatever a node throws must end in a state that people see
                log.exception("run_failed")
                await self._fail(run, outlet, AppError(trace_id=current_trace()))

    async def _claim(self, conn: Connection, run_id: UUID, spared: int | None) -> Claimed | None:
        settings = self._parts.settings
        run = await runs.claim_run(conn, run_id, self._parts.worker, settings.lease, spared)
        if run is None:
            return None
        if run.crashes > settings.max_attempts:
            log.error("recovery_exhausted", run_id=str(run_id))
            await self._end(conn, run, "failed", error=RecoveryExhausted(attempts=settings.max_attempts))
            return None
        await runs.tell(conn, run, [RunChanged(status="running")])
        return run

    async def _work(self, run: Claimed, outlet: Outlet, control: RunControl) -> None:
        parts = self._parts
        saver = FencedSaver(parts.checkpoints, run.id, run.attempt, current_trace() or run.id.hex)
        graph: Any = self._graph.copy(update={"checkpointer": saver})
        config: RunnableConfig = {"configurable": {"thread_id": str(run.id)}}
        standing = await _reconcile(graph, config, run)
        while True:
            if standing.outcome is not None:
                async with self._db.tenant(run.tenant_id) as conn:
                    await _tell_rest(conn, run, outlet)
                    await self._end(conn, run, "expired" if standing.outcome == "expired" else "completed")
                return
            if standing.questions:
                if failpoints.folder is not None:
                    await failpoints.reach("before_question", run.id)
                answers = await self._ask(run, outlet, standing.questions)
                if answers is None:
                    if failpoints.folder is not None:
                        await failpoints.reach("after_question", run.id)
                    return
                standing = Standing(give=Command(resume=answers))
            standing = await self._advance(run, graph, config, outlet, standing.give, control)

    async def _advance(
        self, run: Claimed, graph: Any, config: RunnableConfig, outlet: Outlet, give: Any, control: RunControl
    ) -> Standing:
        """Let the graph go on until it ends or asks.

        Raises:
            GraphDrained: it was asked to stop and did so after a finished step, whose checkpoint is written.
        """
        parts = self._parts
        caller = Caller(run.tenant_id, run.thread_id, run.id, RUN_PATIENCE)
        context = GraphContext(
            tenant_id=run.tenant_id,
            thread_id=run.thread_id,
            run_id=run.id,
            attempt=run.attempt,
            requested_by=run.requested_by,
            author_name=str(run.request.get("author_name", "")),
            db=self._db,
            model=OnBehalf(parts.model, caller),
            rules=parts.rules.current,
            embedder=parts.embedder,
            profiles=parts.profiles,
            reader=parts.serving(parts.reader, "intent", caller),
            settings=parts.settings,
            judge=parts.serving(parts.judge, "judge", caller),
            experimental=run.experimental,
            say=outlet.take,
            said=outlet.said,
        )
        questions: list[Question] = []
        outcome = "completed"
        failure: Exception | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(outlet.append())
                try:
                    # The stream is read to its own end, also when the graph asks: breaking off would cancel nodes.
                    async for part in graph.astream(
                        give,
                        config,
                        context=context,
                        stream_mode=["updates"],
                        version="v2",
                        durability="sync",
                        control=control,
                    ):
                        for node, update in part["data"].items():
                            if node == "__interrupt__":
                                questions += [(question.id, question.value) for question in update]
                            elif isinstance(update, dict):
                                outcome = update.get("outcome", outcome)
                except Exception as error:  # noqa: BLE001 — what was said before it is written first; then it decides how the run ends
                    failure = error
                outlet.close()
        except ExceptionGroup as group_error:
            raise _cause(group_error) from group_error
        if failure is not None:
            raise failure
        return Standing(questions=questions) if questions else Standing(outcome=outcome)

    async def _ask(self, run: Claimed, outlet: Outlet, questions: Sequence[Question]) -> dict[str, Any] | None:
        """Put the questions to people and let go of the run; or return the answers that are there already.

        A graph may ask several at once. Each is answered, and expires, by itself; the graph goes on with those that are
        answered and asks the others again, which are then known and just keep waiting.
        """
        async with self._db.tenant(run.tenant_id) as conn:
            # Whoever decides locks this row too: either the decision finds the run waiting, or we find the decision.
            await _tell_rest(conn, run, outlet)
            wanted = await policies.hold_policies(conn, self._parts.settings)
            known = await interrupts.of_run(conn, run.id)
            told: list[ThreadEvent] = []
            answers: dict[str, Any] = {}
            for interrupt_id, question in dict(questions).items():
                if interrupt_id in known and known[interrupt_id].status != "cancelled":
                    answer = known[interrupt_id].decision
                elif "taken_back" in run.request and not known:
                    await _raise_again(conn, run, wanted, self._parts.settings, interrupt_id, question, told)
                    continue
                else:  # new, or withdrawn when the run failed, and the run goes on after all
                    answer = await _raise(conn, run, wanted, interrupt_id, question, told)
                if answer is not None:
                    answers[interrupt_id] = answer
            if not answers:
                if not await runs.leave_run(conn, run, "waiting", told):
                    raise LeaseLost
                return None
            if told:
                await runs.tell(conn, run, told)
            for event in told:
                if isinstance(event, InterruptResolved):
                    await audit.record(conn, None, "interrupt.auto_approved", event.interrupt_id, run_id=str(run.id))
            return answers

    async def _end(
        self,
        conn: Connection,
        run: Claimed,
        status: RunStatus,
        *,
        error: AppError | None = None,
        written: dict[UUID, str] | None = None,
    ) -> None:
        problem = None
        if error is not None:
            problem = Problem(
                code=error.code,
                message=error.message,
                retryable=error.retryable,
                retry_after_ms=error.retry_after_ms,
                details=dict(error.details),
            )
        told: list[ThreadEvent] = []
        if status == "failed":  # what it asked beside has nobody left to take the answer
            withdrawn = await interrupts.withdraw(conn, run.id, None)
            told += [InterruptResolved(interrupt_id=i, decision="cancelled", version=v) for i, v in withdrawn]
        told += await close_messages(conn, run.id, "failed" if status == "failed" else "complete", written)
        if not await runs.leave_run(conn, run, status, told, error=problem):
            raise LeaseLost
        await start_next(conn, run.tenant_id, run.thread_id)
        await enqueue_if_due(conn, self._parts.settings, run.tenant_id, run.thread_id)
        _ENDED.labels(status).inc()
        log.info("run_ended", status=status)

    async def _fail(self, run: Claimed, outlet: Outlet, error: AppError) -> None:
        try:
            async with self._db.tenant(run.tenant_id) as conn:
                await _tell_rest(conn, run, outlet)
                await self._end(conn, run, "failed", error=error, written=outlet.written())
        except (StorageUnavailable, ServerBusy, LeaseLost) as second:
            log.warning("run_failure_not_recorded", code=second.code)  # recovery will come to the same end
        except Exception:  # it is what was said that cannot be kept: recovery would ask for it, and fail of it, again
            log.exception("run_words_not_recorded")
            await self._fail_without_words(run, error)

    async def _fail_without_words(self, run: Claimed, error: AppError) -> None:
        try:
            async with self._db.tenant(run.tenant_id) as conn:
                await runs.hold_run(conn, run)
                await self._end(conn, run, "failed", error=error)
        except AppError as second:
            log.warning("run_failure_not_recorded", code=second.code)

    async def _hand_over_when_possible(self, run: Claimed, outlet: Outlet) -> None:
        # It is the database's outage, not the run's crash: handed over, it does not count as one. If the outage lasts
        # longer than the lease, whoever claims the run next goes on.
        for _ in range(int(self._parts.settings.lease)):
            await asyncio.sleep(1)
            try:
                await self._hand_over(run, outlet)
                break
            except LeaseLost:
                log.info("run_lost")  # whoever has it now goes on
                break
            except AppError as error:
                log.warning("run_not_handed_over", code=error.code)

    async def _hand_over(self, run: Claimed, outlet: Outlet) -> None:
        async with self._db.tenant(run.tenant_id) as conn:
            await _tell_rest(conn, run, outlet)
            if await runs.leave_run(conn, run, "queued"):
                await enqueue_run(conn, run.tenant_id, run.id)
                log.info("run_handed_over")


async def _raise(
    conn: Connection,
    run: Claimed,
    wanted: Policies,
    interrupt_id: str,
    question: dict[str, Any],
    told: list[ThreadEvent],
) -> dict[str, Any] | None:
    """Record a question and add its event to `told`; return the answer if the tenant's policy gives one at once."""
    lifetime = wanted.show_interrupt_ttl if "show" in run.request else wanted.interrupt_ttl
    raised = await interrupts.insert_interrupt(conn, interrupt_id, run.thread_id, run.id, question, lifetime)
    if raised is None:
        return None
    told.append(
        InterruptRaised(
            interrupt_id=raised.id,
            kind=raised.kind,
            action=raised.action,
            params=raised.params,
            allowed=raised.allowed,
            expires_at=raised.expires_at,
            version=raised.version,
            on_air_at=raised.on_air_at,
        )
    )
    if raised.on_air_at is not None:
        await enqueue_on_air(conn, run.tenant_id, raised.id, question["hold"])
    if wanted.auto_approve and question.get("clean"):
        resolved, answer = await approve_by_policy(conn, wanted, raised)
        told.append(resolved)
        return answer
    return None


async def _raise_again(
    conn: Connection,
    run: Claimed,
    wanted: Policies,
    settings: Settings,
    interrupt_id: str,
    question: dict[str, Any],
    told: list[ThreadEvent],
) -> None:
    """Record the question whose rejection was taken back, as one that whoever took it back is reviewing.

    No policy lets it pass: a person has had a word in it.
    """
    back = run.request["taken_back"]
    params = {**question["params"], "taken_back": {"of": back["of"], "by": back["by"], "by_name": back["by_name"]}}
    await _raise(conn, run, wanted, interrupt_id, {**question, "params": params, "clean": False}, told)
    if await interrupts.claim(conn, interrupt_id, UUID(back["by"]), settings.claim_ttl, take_over=False) is not None:
        told.append(claims.updated(await interrupts.get_interrupt(conn, interrupt_id)))


async def _tell_rest(conn: Connection, run: Claimed, outlet: Outlet) -> None:
    """Lock the run, then append what the graph said last: in the transaction that tells why it stopped."""
    await runs.hold_run(conn, run)
    await outlet.write(conn)


def _cause(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error that decides how the run goes on: losing the lease before anything the graph says."""
    errors = [error for error in group.exceptions if not isinstance(error, ExceptionGroup)] or [group]
    return next((e for e in errors if isinstance(e, (LeaseLost, StorageUnavailable, ServerBusy))), errors[0])


async def _reconcile(graph: Any, config: RunnableConfig, run: Claimed) -> Standing:
    """Find out from the checkpoints where the run stands, whatever happened to the worker before us."""
    state = await graph.aget_state(config)
    if state.created_at is None:
        return Standing(give=initial_state(run.request, str(run.requested_by or "")))
    if state.interrupts:
        return Standing(questions=[(question.id, question.value) for question in state.interrupts])
    if state.tasks:  # not `state.next`: a finished step whose write was pending shows there too
        return Standing(give=None)
    return Standing(outcome=str(state.values.get("outcome", "completed")))
