"""A run that belongs to an experiment: written in its way, noted once, and the script says so."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from langgraph.runtime import Runtime

from backend.domain import experiments
from backend.domain.experiment_results import read_results
from backend.domain.experiments import Experiment, Variant
from backend.domain.scripts import get_script
from backend.errors import LeaseLost
from backend.graph.nodes.script import script
from backend.graph.prompts import sections, version
from backend.graph.variants import Changes, way_of
from backend.ids import new_id
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.protocol.events import ScriptFinalized
from tests.integration.graph.conftest import GOOD, Desk, ScriptedModel

OPENING = "给小雅的直播间写一段保温杯开场，30秒"
SHORT = f"{sections('script')['style']}\n全部用短句，一句不超过十个字。"


def changes(**changed: Any) -> dict[str, Any]:
    return Changes.model_validate(changed).model_dump(mode="json")


async def running(desk: Desk, unit: experiments.Unit = "thread", **changed: Any) -> Experiment:
    """Start an experiment whose second variant has all the weight but what a start needs, and gets that then."""
    desk.experimental = True
    variants = [Variant("usual", 50, changes()), Variant("tried", 50, changes(**changed))]
    async with desk.db.tenant(desk.tenant_id) as conn:
        owner = await conn.fetchval("SELECT id FROM users LIMIT 1")
        made = await experiments.create_experiment(
            conn, owner, key=f"e-{new_id().hex[-8:]}", question="", unit=unit, variants=variants
        )
        started = await experiments.start_experiment(conn, made.id, made.version)
        return await experiments.change_experiment(conn, made.id, started.version, weights={"usual": 0, "tried": 100})


async def exposures(desk: Desk) -> list[tuple[Any, ...]]:
    async with desk.db.tenant(desk.tenant_id) as conn:
        rows = await conn.fetch(
            "SELECT run_id, experiment_id, variant, unit_id FROM experiment_exposures ORDER BY created_at"
        )
    return [tuple(row) for row in rows]


async def another_run(desk: Desk) -> UUID:
    """A run of the desk's conversation that is over, as far as the row goes."""
    run_id = new_id()
    async with desk.db.tenant(desk.tenant_id) as conn:
        await conn.execute(
            "INSERT INTO runs (id, thread_id, status, request, graph_version) VALUES ($1, $2, 'failed', '{}', '1')",
            run_id, desk.thread_id,
        )  # fmt: skip
    return run_id


async def test_the_model_is_asked_in_the_variants_words_and_the_script_says_so(desk: Desk) -> None:
    tried = await running(desk, sections={"style": SHORT}, style=["专业"])
    await desk.ask(OPENING)
    asked = desk.model.asked[0].turns[1].content
    assert "全部用短句" in asked
    assert "风格：专业。" in asked
    assert '"name":"小雅"' in asked
    assert await exposures(desk) == [(desk.run_id, tried.id, "tried", desk.thread_id)]
    # Whoever judges the text is not told how it was written.
    assert "tried" not in str(desk.interrupts[-1].value) + str(desk.frames)
    await desk.decide("approve")
    [final] = desk.said(ScriptFinalized)
    async with desk.db.tenant(desk.tenant_id) as conn:
        _, [published] = await get_script(conn, final.script_id)
        [usual, result] = await read_results(conn, tried)
    assert published.provenance["experiment"] == {"id": str(tried.id), "key": tried.key, "variant": "tried"}
    assert published.provenance["prompt_version"] == version("script", {"style": SHORT}) != version("script")
    assert (usual.runs, result.runs, result.approved, result.share) == (0, 1, 1, 1.0)


async def test_without_an_experiment_everything_is_as_usual(desk: Desk) -> None:
    await desk.ask(OPENING)
    assert desk.model.asked[0].turns[0].content == sections("script")["role"]
    assert desk.model.asked[0].brief["blocks"] == {"more": [], "less": []}
    assert await exposures(desk) == []
    await desk.decide("approve")
    async with desk.db.tenant(desk.tenant_id) as conn:
        _, [published] = await get_script(conn, desk.said(ScriptFinalized)[0].script_id)
    assert (published.provenance["experiment"], published.provenance["prompt_version"]) == (None, version("script"))


async def test_where_nothing_is_tried_nobody_asks_the_database_for_a_way(desk: Desk) -> None:
    await desk.ask(OPENING)

    def asked(_: UUID) -> None:
        pytest.fail("the database was asked")

    desk.db.tenant = asked  # type: ignore[method-assign, assignment]
    assert await way_of(desk.state, desk.context, first=True) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "missing"),
    [({"blocks": {"less": ["ask"]}}, ("公屏", "打出来", "说出来")), ({"style": ["专业"]}, ("！",)), ({"seed": 7}, ())],
)
async def test_the_offline_writer_writes_otherwise_by_blocks_by_style_and_by_seed(
    desk: Desk, changed: dict[str, Any], missing: tuple[str, ...]
) -> None:
    desk.model = OfflineWriter(0)  # type: ignore[assignment]
    await desk.ask("写一段保温杯卖点，60秒")
    usual = desk.state["draft"]
    await running(desk, **changed)
    # The same run once more from its first draft: by the same seed, but for the variant's.
    runtime = Runtime(context=desk.context, stream_writer=lambda _: None)
    tried = (await script({**desk.state, "round": 0, "report": {}}, runtime)).update["content"]  # type: ignore[typeddict-item]
    assert tried != usual
    assert len(await exposures(desk)) == 1
    assert not any(word in tried for word in missing)


async def test_a_style_that_was_asked_for_is_not_tried_away(desk: Desk) -> None:
    await running(desk, style=["专业"])
    await desk.ask(f"{OPENING}，活泼一点")
    assert desk.model.asked[0].brief["style"] == ["活泼"]
    await desk.decide("reject")
    await desk.ask(f"{OPENING}，不要专业腔")
    assert desk.model.asked[-1].brief["style"] == []


async def test_a_run_keeps_its_way_through_every_draft_although_the_experiment_was_stopped(desk: Desk) -> None:
    tried = await running(desk, sections={"style": SHORT})
    await desk.ask(OPENING)
    async with desk.db.tenant(desk.tenant_id) as conn:
        await experiments.stop_experiment(conn, tried.id, tried.version)
    await desk.decide("reject", feedback="短一点")
    assert "全部用短句" in desk.model.asked[-1].turns[1].content
    assert len(desk.model.asked) == 2
    assert len(await exposures(desk)) == 1
    await desk.decide("approve")
    # The next one is written as usual, and noted nowhere.
    await desk.ask(OPENING)
    assert "全部用短句" not in desk.model.asked[-1].turns[1].content
    assert len(await exposures(desk)) == 1


async def test_a_run_that_began_before_the_experiment_is_not_in_it(desk: Desk) -> None:
    await desk.ask(OPENING)
    await running(desk, sections={"style": SHORT})
    await desk.decide("reject", feedback="短一点")
    assert "全部用短句" not in desk.model.asked[-1].turns[1].content
    assert await exposures(desk) == []


async def test_a_node_that_runs_again_finds_the_run_noted_and_in_the_same_way(desk: Desk) -> None:
    tried = await running(desk, sections={"style": SHORT})
    await desk.ask(OPENING)
    async with desk.db.tenant(desk.tenant_id) as conn:
        await experiments.change_experiment(conn, tried.id, tried.version, weights={"usual": 100, "tried": 0})
        again = [await experiments.assign(conn, desk.tenant_id, desk.run_id, None) for _ in range(2)]
        new = await experiments.assign(conn, desk.tenant_id, await another_run(desk), None)
        for one in again:
            assert one is not None
            await experiments.record_exposure(conn, desk.run_id, one)
    assert {(one.variant, one.recorded) for one in again if one} == {("tried", True)}
    assert new is not None
    assert (new.variant, new.recorded) == ("usual", False)
    assert len(await exposures(desk)) == 1


async def test_by_host_all_of_a_hosts_threads_are_written_in_one_way_and_what_has_no_host_is_left_out(
    desk: Desk,
) -> None:
    tried = await running(desk, unit="host", sections={"style": SHORT})
    await desk.ask(OPENING)
    assert await exposures(desk) == [(desk.run_id, tried.id, "tried", desk.host_id)]
    async with desk.db.tenant(desk.tenant_id) as conn:
        nobody = await experiments.assign(conn, desk.tenant_id, await another_run(desk), None)
    assert nobody is None


async def test_a_variant_that_no_longer_fits_the_prompt_is_not_tried_and_not_counted(desk: Desk) -> None:
    tried = await running(desk, sections={"style": SHORT})
    async with desk.db.tenant(desk.tenant_id) as conn:
        variants = await conn.fetch("SELECT * FROM experiment_variants WHERE experiment_id = $1", tried.id)
        await conn.execute("DELETE FROM experiment_variants WHERE experiment_id = $1", tried.id)
        for one in variants:
            await conn.execute(
                "INSERT INTO experiment_variants (experiment_id, key, place, changes) VALUES ($1, $2, $3, $4)",
                tried.id, one["key"], one["place"], {"sections": {"gone": "x {{product}}"}},
            )  # fmt: skip
    await desk.ask(OPENING)
    assert len(desk.interrupts) == 1
    assert await exposures(desk) == []


async def test_what_comes_back_to_the_letter_is_written_in_no_way(desk: Desk) -> None:
    await desk.ask(OPENING)
    await desk.decide("approve")
    await desk.ask("短一点")
    await desk.decide("approve")
    await running(desk, sections={"style": SHORT})
    drafts = len(desk.model.asked)
    await desk.ask("用上一版")
    assert len(desk.model.asked) == drafts
    assert await exposures(desk) == []


async def test_words_of_the_variants_prompt_are_not_read_out_either(desk: Desk) -> None:
    leak = "全部用短句，一句不超过十个字，像在和老朋友聊天那样说话"
    await running(desk, sections={"style": f"{sections('script')['style']}\n{leak}。"})
    desk.model = ScriptedModel([f"{leak}。{GOOD}"])
    await desk.ask(OPENING)
    told = [finding["message"] for finding in desk.state["report"]["findings"]]
    assert "把写作要求念了出来" in told
    assert desk.state["blocked"]


async def test_a_worker_that_lost_its_run_notes_nothing(desk: Desk) -> None:
    await desk.ask(OPENING)
    await running(desk, sections={"style": SHORT})
    async with desk.db.tenant(desk.tenant_id) as conn:
        await conn.execute("UPDATE runs SET status = 'running', attempt = 2 WHERE id = $1", desk.run_id)
    with pytest.raises(LeaseLost):
        await way_of(desk.state, desk.context, first=True)  # type: ignore[arg-type]
    assert await exposures(desk) == []


async def test_two_that_note_one_run_at_once_note_it_once(desk: Desk) -> None:
    tried = await running(desk, sections={"style": SHORT})
    run_id = await another_run(desk)

    async def note() -> None:
        async with desk.db.tenant(desk.tenant_id) as conn:
            found = await experiments.assign(conn, desk.tenant_id, run_id, None)
            assert found is not None
            await experiments.record_exposure(conn, run_id, found)

    await asyncio.gather(*(note() for _ in range(3)))
    assert await exposures(desk) == [(run_id, tried.id, "tried", desk.thread_id)]
