"""What came of an experiment is read from the decisions themselves."""

from typing import Any
from uuid import UUID

import pytest

from backend.domain import experiments, runs
from backend.domain.experiment_results import VariantResult, edit_distance, read_results
from backend.domain.experiments import Assignment, Experiment, Variant
from backend.domain.interrupts import insert_interrupt, withdraw
from backend.ids import new_id
from backend.protocol.commands import Cancel, Decision, InterruptResponse, Undo
from backend.protocol.events import ShowItemView
from backend.runs import interrupts
from backend.runs import shows as running
from backend.runs.start import cancel, delete_thread
from tests.support.showrooms import Showroom
from tests.support.waiting import SETTINGS, Office, Waiting, open_office

PLAIN: dict[str, Any] = {"sections": {}, "style": [], "blocks": {"more": [], "less": []}, "seed": 0}
TEXT = "稿件"
QUESTION: dict[str, Any] = {
    "kind": "script_approval",
    "action": "publish_script",
    "params": {"content": TEXT},
    "allowed": ["approve", "edit", "reject", "respond"],
}


async def begin(office: Office) -> Experiment:
    async with office.db.tenant(office.tenant_id) as conn:
        variants = [Variant("usual", 50, PLAIN), Variant("tried", 50, PLAIN)]
        made = await experiments.create_experiment(
            conn, office.author.user_id, key="tried", question="", unit="thread", variants=variants
        )
        return await experiments.start_experiment(conn, made.id, made.version)


async def exposed(office: Office, experiment: Experiment, variant: str = "tried") -> Waiting:
    """A run of this variant that waits with its text."""
    waiting = await office.waiting()
    to = Assignment(experiment.id, experiment.key, variant, PLAIN, waiting.thread_id, recorded=False)
    async with office.db.tenant(office.tenant_id) as conn:
        await experiments.record_exposure(conn, waiting.run.id, to)
    return waiting


async def decide(waiting: Waiting, decision: Decision, interrupt_id: str | None = None, **fields: Any) -> None:
    command = InterruptResponse(
        id=new_id(),
        thread_id=waiting.thread_id,
        interrupt_id=interrupt_id or waiting.interrupt_id,
        decision=decision,
        **fields,
    )
    await interrupts.decide(waiting.office.db, SETTINGS, waiting.office.one, command)


async def ask(waiting: Waiting, action: str = "publish_script", hold: float | None = None) -> str:
    """The run's next question."""
    question = {**QUESTION, "action": action, "hold": hold}
    name = new_id().hex
    async with waiting.office.db.tenant(waiting.office.tenant_id) as conn:
        assert await insert_interrupt(conn, name, waiting.thread_id, waiting.run.id, question, 1800)
    return name


async def results(office: Office, experiment: Experiment) -> dict[str, VariantResult]:
    async with office.db.tenant(office.tenant_id) as conn:
        return {one.key: one for one in await read_results(conn, experiment)}


async def approved(waiting: Waiting) -> None:
    await decide(waiting, "approve")


async def edited(waiting: Waiting) -> None:
    await decide(waiting, "edit", content="稿件改了")


async def edited_into_the_same(waiting: Waiting) -> None:
    await decide(waiting, "edit", content=f"{TEXT} \n")


async def rejected(waiting: Waiting) -> None:
    await decide(waiting, "reject")


async def rejected_then_approved(waiting: Waiting) -> None:
    await decide(waiting, "reject", feedback="太长")
    await decide(waiting, "approve", await ask(waiting))


async def commented_then_approved(waiting: Waiting) -> None:
    await decide(waiting, "respond", content="短一点")
    await decide(waiting, "approve", await ask(waiting))


async def edited_and_asked_again(waiting: Waiting) -> None:
    await decide(waiting, "edit", content="全网第一")
    await decide(waiting, "approve", await ask(waiting))


async def called_back_then_edited(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    await called_back(waiting)
    await decide(waiting, "edit", await ask(waiting), content="改过的")


async def called_back_and_waiting(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    await called_back(waiting)
    await ask(waiting)


async def called_back(waiting: Waiting) -> None:
    held = await ask(waiting, "go_on_air", hold=60)
    await interrupts.call_back(waiting.office.db, waiting.office.one, Undo(id=new_id(), interrupt_id=held))


async def held_and_on_air(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    held = await ask(waiting, "go_on_air", hold=0)
    assert await interrupts.go_on_air(waiting.office.db, waiting.office.tenant_id, held)


async def held_and_cancelled(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    await ask(waiting, "go_on_air", hold=60)
    await cancelled(waiting)


async def held_and_failed(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    await ask(waiting, "go_on_air", hold=60)
    async with waiting.office.db.tenant(waiting.office.tenant_id) as conn:
        run = await runs.claim_run(conn, waiting.run.id, "test", 600)
        assert run is not None
        await withdraw(conn, run.id, None)
        assert await runs.leave_run(conn, run, "failed")


async def held_cancelled_and_written_anew(waiting: Waiting) -> None:
    await held_and_cancelled(waiting)
    await written_anew(waiting)


async def taken_back_and_written_anew(waiting: Waiting) -> None:
    await cancelled(waiting)
    await written_anew(waiting)
    await written_anew(waiting, product_name="别的")


async def taken_back_for_something_else(waiting: Waiting) -> None:
    await cancelled(waiting)
    await written_anew(waiting, product_name="别的")
    await written_anew(waiting)


async def commented_then_taken_back_and_written_anew(waiting: Waiting) -> None:
    await decide(waiting, "respond", content="短一点")
    await ask(waiting)
    await taken_back_and_written_anew(waiting)


async def written_anew(waiting: Waiting, **params: Any) -> None:
    """Another run of the conversation puts its text to a person; it is decided, so that the next one may begin."""
    office = waiting.office
    async with office.db.tenant(office.tenant_id) as conn:
        run_id = await runs.insert_run(
            conn, office.tenant_id, waiting.thread_id, office.author.user_id, {"content": "重写"}, "test", "queued"
        )
        run = await runs.claim_run(conn, run_id, "test", 600)
        assert run is not None
        question = {**QUESTION, "params": {"content": TEXT, **params}}
        assert await insert_interrupt(conn, new_id().hex, waiting.thread_id, run_id, question, 1800)
        await withdraw(conn, run_id, None)
        assert await runs.leave_run(conn, run, "failed")


async def rejection_taken_back(waiting: Waiting) -> str:
    """What the writer made of it is withdrawn, and a run of its own asks again."""
    office = waiting.office
    await decide(waiting, "reject", feedback="太长")
    await ask(waiting)
    await cancelled(waiting)
    async with office.db.tenant(office.tenant_id) as conn:
        request = {"content": "写一段", "taken_back": {"of": waiting.interrupt_id}}
        run_id = await runs.insert_next(conn, waiting.run.id, request, again_of=waiting.interrupt_id)
        assert await runs.claim_run(conn, run_id, "test", 600) is not None
        again = new_id().hex
        assert await insert_interrupt(conn, again, waiting.thread_id, run_id, QUESTION, 1800)
    return again


async def rejection_taken_back_and_waiting(waiting: Waiting) -> None:
    await rejection_taken_back(waiting)


async def rejection_taken_back_then_approved(waiting: Waiting) -> None:
    await decide(waiting, "approve", await rejection_taken_back(waiting))


async def approved_and_deleted(waiting: Waiting) -> None:
    await decide(waiting, "approve")
    await deleted(waiting)


async def deleted(waiting: Waiting) -> None:
    office = waiting.office
    await delete_thread(office.db, office.cache, office.author, waiting.thread_id)


async def expired(waiting: Waiting) -> None:
    await waiting.office.owner.execute(
        "UPDATE interrupts SET expires_at = clock_timestamp() WHERE id = $1", waiting.interrupt_id
    )
    assert await interrupts.expire(waiting.office.db, waiting.office.tenant_id, waiting.interrupt_id)


async def approved_by_policy(waiting: Waiting) -> None:
    await waiting.office.owner.execute(
        """UPDATE interrupts SET status = 'approved', decision = '{"decision": "approve", "policy": "auto_approve"}',
             decided_at = now() WHERE id = $1""",
        waiting.interrupt_id,
    )


async def approved_by_policy_then_rejected(waiting: Waiting) -> None:
    """Rules that grew stricter since hold up what went through by itself, and a person is asked."""
    await approved_by_policy(waiting)
    await decide(waiting, "reject", await ask(waiting))


async def cancelled(waiting: Waiting) -> None:
    office = waiting.office
    await cancel(office.db, office.cache, office.author, Cancel(id=new_id(), thread_id=waiting.thread_id))


async def nothing_yet(_: Waiting) -> None:
    return None


@pytest.mark.parametrize(
    ("story", "outcome"),
    [
        (approved, "approved"),
        (edited, "edited"),
        (edited_into_the_same, "approved"),
        (rejected, "rejected"),
        (rejected_then_approved, "rejected"),
        (commented_then_approved, "commented"),
        (edited_and_asked_again, "edited"),
        (called_back_then_edited, "edited"),
        (called_back_and_waiting, "open"),
        (held_and_on_air, "approved"),
        (held_and_cancelled, "undecided"),
        (held_and_failed, "approved"),
        (held_cancelled_and_written_anew, "rejected"),
        (taken_back_and_written_anew, "rejected"),
        (taken_back_for_something_else, "undecided"),
        (commented_then_taken_back_and_written_anew, "commented"),
        (rejection_taken_back_and_waiting, "open"),
        (rejection_taken_back_then_approved, "approved"),
        (approved_and_deleted, "approved"),
        (deleted, "undecided"),
        (expired, "expired"),
        (approved_by_policy, "automatic"),
        (approved_by_policy_then_rejected, "rejected"),
        (cancelled, "undecided"),
        (nothing_yet, "open"),
    ],
)
async def test_the_outcome_is_the_first_word_a_person_had_that_stood(office: Office, story: Any, outcome: str):
    experiment = await begin(office)
    await story(await exposed(office, experiment))
    found = (await results(office, experiment))["tried"]
    names = ("approved", "edited", "rejected", "commented", "expired", "automatic", "open", "undecided")
    assert {name: getattr(found, name) for name in names if getattr(found, name)} == {outcome: 1}
    assert (found.runs, found.units) == (1, 1)
    assert found.judged == (outcome in ("approved", "edited", "rejected", "commented"))


async def test_numbers_of_variants_stand_apart_and_edits_are_measured(office: Office):
    experiment = await begin(office)
    texts = ["稿件改了", "完全另一篇", "稿"]
    for text in texts:
        await decide(await exposed(office, experiment), "edit", content=text)
    await approved(await exposed(office, experiment))
    for _ in range(2):
        await approved(await exposed(office, experiment, "usual"))
    # A run of the team that is in no experiment.
    await rejected(await office.waiting())
    found = await results(office, experiment)
    usual, tried = found["usual"], found["tried"]
    assert (usual.runs, usual.approved, usual.share, usual.mean_edit_characters) == (2, 2, 1.0, None)
    assert (tried.runs, tried.units, tried.share, tried.edits_measured) == (4, 4, 0.25, 3)
    assert tried.mean_edit_characters == pytest.approx(sum(edit_distance(TEXT, text) for text in texts) / 3)
    assert (tried.verdict, tried.lacks, usual.verdict) == ("not_enough", ["judged", "units"], None)


async def test_the_reasons_that_rejections_named_are_counted_for_each_variant(office: Office):
    experiment = await begin(office)
    for reason in ("price", "length", None, "price"):
        await decide(await exposed(office, experiment), "reject", reason=reason)
    await decide(await exposed(office, experiment, "usual"), "reject", reason="style")
    found = await results(office, experiment)
    assert (found["tried"].rejected, found["tried"].reject_reasons) == (4, {"price": 2, "length": 1})
    assert list(found["tried"].reject_reasons) == ["price", "length"]
    assert found["usual"].reject_reasons == {"style": 1}


async def test_scripts_of_a_show_count_and_what_is_begun_anew_keeps_its_way(office: Office):
    experiment = await begin(office)
    room = await Showroom.make(office, 4, concurrency=4)
    await room.start()

    async def write() -> list[ShowItemView]:
        """Let workers write what is planned; return what waits."""
        await room.fill()
        for item in [item for item in await room.items() if item.status == "queued"]:
            await room.claim(item)
            run = room.claimed[item.id]
            assert run.experimental
            async with office.db.tenant(office.tenant_id) as conn:
                way = await experiments.assign(conn, office.tenant_id, run.id, None)
                assert way is not None
                await experiments.record_exposure(conn, run.id, way)
                assert ways.setdefault(item.id, way.variant) == way.variant
            await room.ask(item)
        return [item for item in await room.items() if item.status == "waiting"]

    ways: dict[UUID, str] = {}
    first, second, third, _ = await write()
    await room.decide(first, "approve")
    await room.decide(second, "reject")
    await room.retry(second.id)
    # It waits, and somebody wants another one: that is a word on it too.
    await room.regenerate(third.id)
    rest = await write()
    assert len(rest) == 3
    found = (await results(office, experiment)).values()

    def counted(name: str) -> int:
        return sum(getattr(one, name) for one in found)

    assert (counted("runs"), counted("units")) == (6, 4)
    assert (counted("approved"), counted("rejected"), counted("open")) == (1, 2, 3)
    for item in rest:
        await room.decide(item, "approve")
    async with office.db.tenant(office.tenant_id) as conn:
        await running.remove(conn, office.author, room.show_id)
    found = (await results(office, experiment)).values()
    assert (counted("runs"), counted("approved"), counted("rejected")) == (6, 4, 2)


async def test_the_claim_of_a_run_says_whether_ways_are_tried(office: Office):
    experiment = await begin(office)
    noted = await exposed(office, experiment)
    assert noted.run.experimental
    async with office.db.tenant(office.tenant_id) as conn:
        await experiments.stop_experiment(conn, experiment.id, experiment.version)
    assert not (await office.waiting()).run.experimental
    await rejected(noted)
    async with office.db.tenant(office.tenant_id) as conn:
        again = await runs.claim_run(conn, noted.run.id, "test", 600)
    assert again is not None
    assert again.experimental, "it goes on in its way"


async def test_many_decisions_make_a_difference_that_is_told(office: Office):
    experiment = await begin(office)
    async with office.db.tenant(office.tenant_id) as conn:
        await conn.execute(
            """WITH made AS (
                 SELECT gen_random_uuid() AS thread, gen_random_uuid() AS run, n FROM generate_series(1, 120) AS n
               ), threads_ AS (
                 INSERT INTO threads (id, graph_version) SELECT thread, '1' FROM made
               ), runs_ AS (
                 INSERT INTO runs (id, thread_id, status, request, graph_version)
                 SELECT run, thread, 'completed', '{}', '1' FROM made
               ), exposed AS (
                 INSERT INTO experiment_exposures (run_id, experiment_id, variant, unit_id)
                 SELECT run, $1, CASE WHEN n % 2 = 0 THEN 'usual' ELSE 'tried' END, thread FROM made
               )
               INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, status, decision,
                                       decided_at, expires_at)
               SELECT run::text, thread, run, 'script_approval', 'publish_script', '{"content": "稿件"}', '{}',
                 CASE WHEN n % 2 = 0 AND n % 4 = 0 OR n % 2 = 1 AND n % 10 <> 1 THEN 'approved' ELSE 'rejected' END,
                 '{"decision": "approve"}', now(), now() FROM made""",
            experiment.id,
        )
    found = await results(office, experiment)
    assert (found["usual"].approved, found["tried"].approved) == (30, 48)
    assert (found["usual"].judged, found["tried"].judged) == (60, 60)
    assert found["tried"].verdict == "better"
    between = found["tried"].difference_interval
    assert between is not None
    assert between.low > 0
    assert found["tried"].difference == pytest.approx(0.3)


async def test_nobody_is_written_in_anothers_experiment_and_nobody_counts_anothers_runs(
    office: Office, runs_database_url: str, valkey_server: Any
):
    theirs = await begin(office)
    await approved(await exposed(office, theirs))
    async with open_office(runs_database_url, valkey_server.url, connections=2) as other:
        waiting = await other.waiting()
        async with other.db.tenant(other.tenant_id) as conn:
            assert await experiments.assign(conn, other.tenant_id, waiting.run.id, None) is None
            assert await read_results(conn, theirs) == []
            assert await experiments.list_experiments(conn) == []
        mine = await begin(other)  # of the same key: it is another team's
        foreign = Assignment(theirs.id, theirs.key, "tried", PLAIN, waiting.thread_id, recorded=False)
        with pytest.raises(Exception, match="foreign key"):
            async with other.db.tenant(other.tenant_id) as conn:
                await experiments.record_exposure(conn, waiting.run.id, foreign)
        assert (await results(other, mine))["tried"].runs == 0
    assert (await results(office, theirs))["tried"].runs == 1
