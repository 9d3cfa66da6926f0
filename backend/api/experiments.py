"""Experiments: ways of writing tried beside each other, and what people made of the scripts."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Experimenter, ExperimentReader, Parts
from backend.api.pages import (
    Cursor,
    IdempotencyKey,
    IfMatch,
    Limit,
    Page,
    after,
    cut,
    encode_cursor,
    expected_version,
    once,
)
from backend.domain import audit, experiment_results, experiments
from backend.domain.experiments import Unit
from backend.errors import BadRequest
from backend.graph.variants import Changes
from backend.ids import STORABLE
from backend.protocol.commands import RejectReason
from backend.storage.postgres import Connection

router = APIRouter(prefix="/experiments", tags=["experiments"])

Key = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
Question = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), STORABLE]
Weight = Annotated[int, Field(ge=0, le=experiments.BUCKETS, description="Of the units, in per cent.")]
VersionField = Annotated[int, Field(ge=1, le=999_999_999)]


class VariantBody(BaseModel):
    """One way of writing and its share of the units in per cent."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    weight: Weight
    changes: Changes = Changes()


Variants = Annotated[list[VariantBody], Field(min_length=2, max_length=8)]


class VariantShown(BaseModel):
    """One way of writing as it is kept. `changes` are as they were written down, if today's prompt has them or not."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    weight: int
    changes: dict[str, object]


class Experiment(BaseModel):
    """An experiment. Its first variant is what the others are compared with; `chosen` was decided for at its end."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    key: str
    question: str
    unit: Unit
    status: experiments.Status
    variants: list[VariantShown]
    chosen: str | None
    version: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ExperimentPage(Page[Experiment]):
    """A part of the list of experiments."""


class NewExperiment(BaseModel):
    """An experiment to add, as a draft. The weights sum to 100; a thread or a host keeps its variant."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    question: Question = ""
    unit: Unit = "thread"
    variants: Variants


class ExperimentChanges(BaseModel):
    """What to change; what is left out stays. `version` is the one that was read (or send If-Match).

    `unit` and `variants` only as long as it is a draft; `weights` (of each variant, by key) until it is concluded.
    """

    model_config = ConfigDict(extra="forbid")

    version: VersionField | None = None
    question: Question | None = None
    unit: Unit | None = None
    variants: Variants | None = None
    weights: Annotated[dict[Key, Weight], Field(min_length=2, max_length=8)] | None = None


class Step(BaseModel):
    """A step in an experiment's life. `version` is the one that was read (or send If-Match)."""

    model_config = ConfigDict(extra="forbid")

    version: VersionField | None = None


class Conclusion(Step):
    """The end of an experiment; `chosen` is the variant that was decided for, if any."""

    chosen: Key | None = None


class Interval(BaseModel):
    """Where a number lies, with 95 % confidence."""

    model_config = ConfigDict(from_attributes=True)

    low: float
    high: float


class VariantResult(BaseModel):
    """What came of the runs that were written in one way.

    The outcome of a run is the first word a person had on its text: `approved` unchanged, `edited`, `rejected` (also by
    taking it back and having it written anew) or `commented`; these are the `judged`. Nobody judged what is `expired`,
    `automatic` (by policy), `open`, `undecided`. `share` is approved of judged. Edits are told in characters and as a
    part of the longer text; `reject_reasons` counts the reasons that rejections named. While `lacks` names something
    there is too little of (judged runs, units), nothing is compared and the verdict is `not_enough`.
    """

    model_config = ConfigDict(from_attributes=True)

    key: str
    runs: int
    units: int
    approved: int
    edited: int
    rejected: int
    commented: int
    expired: int
    automatic: int
    open: int
    undecided: int
    judged: int
    judged_units: int
    share: float | None
    share_interval: Interval | None
    mean_edit_characters: float | None
    mean_edit_share: float | None
    reject_reasons: dict[RejectReason, int]
    edits_measured: int
    lacks: list[experiment_results.Lack]
    difference: float | None
    difference_interval: Interval | None
    verdict: experiment_results.Verdict | None


class Results(BaseModel):
    """What came of an experiment so far. Below `least_judged` runs of `least_units` units nothing is compared."""

    experiment: Experiment
    variants: list[VariantResult]
    least_judged: int
    least_units: int


@router.get("")
async def list_experiments(
    identity: ExperimentReader, services: Parts, cursor: Cursor = None, limit: Limit = 50
) -> ExperimentPage:
    """List experiments, newest first."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await experiments.list_experiments(conn, after(cursor), limit + 1)
    page, next_cursor = cut(rows, limit, lambda one: encode_cursor(one.id))
    return ExperimentPage(items=[Experiment.model_validate(one) for one in page], next_cursor=next_cursor)


@router.post("", status_code=201)
async def create_experiment(
    identity: Experimenter, services: Parts, body: NewExperiment, key: IdempotencyKey = None
) -> Experiment:
    """Add an experiment as a draft; nothing is written differently before it is started."""
    variants = _variants(body.variants)

    async def act(conn: Connection) -> Experiment:
        made = await experiments.create_experiment(
            conn, identity.user_id, key=body.key, question=body.question, unit=body.unit, variants=variants
        )
        await audit.record(conn, identity.user_id, "experiment.created", str(made.id), key=made.key)
        return Experiment.model_validate(made)

    return await once(services.db, identity, key, request=body, result=Experiment, act=act)


@router.get("/{experiment_id}")
async def read_experiment(
    identity: ExperimentReader, services: Parts, experiment_id: UUID, response: Response
) -> Experiment:
    """Read an experiment; `ETag` is its version."""
    async with services.db.tenant(identity.tenant_id) as conn:
        found = await experiments.get_experiment(conn, experiment_id)
    response.headers["ETag"] = f'"{found.version}"'
    return Experiment.model_validate(found)


@router.patch("/{experiment_id}")
async def update_experiment(
    identity: Experimenter, services: Parts, experiment_id: UUID, body: ExperimentChanges, if_match: IfMatch = None
) -> Experiment:
    """Change an experiment, if nobody else changed it meanwhile. Other weights move as few units as they can."""
    if body.variants is not None and body.weights is not None:
        raise BadRequest("new variants have their weights with them", field="weights")
    if body.weights is not None:
        _require_whole(list(body.weights.values()), "weights")
    async with services.db.tenant(identity.tenant_id) as conn:
        changed = await experiments.change_experiment(
            conn,
            experiment_id,
            expected_version(body.version, if_match),
            question=body.question,
            unit=body.unit,
            variants=None if body.variants is None else _variants(body.variants),
            weights=body.weights,
        )
        await audit.record(
            conn,
            identity.user_id,
            "experiment.changed",
            str(experiment_id),
            fields=sorted(body.model_fields_set - {"version"}),
            weights={one.key: one.weight for one in changed.variants},
        )
    return Experiment.model_validate(changed)


@router.post("/{experiment_id}/start")
async def start_experiment(
    identity: Experimenter, services: Parts, experiment_id: UUID, body: Step | None = None, if_match: IfMatch = None
) -> Experiment:
    """Let new runs be written in the experiment's ways; one experiment of a team runs at a time."""
    async with services.db.tenant(identity.tenant_id) as conn:
        started = await experiments.start_experiment(conn, experiment_id, _version(body, if_match))
        weights = {one.key: one.weight for one in started.variants}
        await audit.record(conn, identity.user_id, "experiment.started", str(experiment_id), weights=weights)
    return Experiment.model_validate(started)


@router.post("/{experiment_id}/stop")
async def stop_experiment(
    identity: Experimenter, services: Parts, experiment_id: UUID, body: Step | None = None, if_match: IfMatch = None
) -> Experiment:
    """Let new runs be written as usual; what was begun goes on, and its decisions still count."""
    async with services.db.tenant(identity.tenant_id) as conn:
        stopped = await experiments.stop_experiment(conn, experiment_id, _version(body, if_match))
        await audit.record(conn, identity.user_id, "experiment.stopped", str(experiment_id))
    return Experiment.model_validate(stopped)


@router.post("/{experiment_id}/conclude")
async def conclude_experiment(
    identity: Experimenter,
    services: Parts,
    experiment_id: UUID,
    body: Conclusion | None = None,
    if_match: IfMatch = None,
) -> Experiment:
    """End an experiment for good and keep what was decided; the usual way of writing is not changed by it."""
    chosen = body.chosen if body else None
    async with services.db.tenant(identity.tenant_id) as conn:
        done = await experiments.conclude_experiment(conn, experiment_id, _version(body, if_match), chosen)
        await audit.record(conn, identity.user_id, "experiment.concluded", str(experiment_id), chosen=chosen)
    return Experiment.model_validate(done)


@router.get("/{experiment_id}/results")
async def read_results(identity: ExperimentReader, services: Parts, experiment_id: UUID) -> Results:
    """Read what came of each variant, counted now from the decisions themselves."""
    async with services.db.tenant(identity.tenant_id) as conn:
        found = await experiments.get_experiment(conn, experiment_id)
        results = await experiment_results.read_results(conn, found)
    return Results(
        experiment=Experiment.model_validate(found),
        variants=[VariantResult.model_validate(one) for one in results],
        least_judged=experiment_results.LEAST_JUDGED,
        least_units=experiment_results.LEAST_UNITS,
    )


def _version(body: Step | None, if_match: str | None) -> int:
    return expected_version(body.version if body else None, if_match)


def _variants(bodies: list[VariantBody]) -> list[experiments.Variant]:
    _require_whole([one.weight for one in bodies], "variants")
    if len({one.key for one in bodies}) != len(bodies):
        raise BadRequest("two variants have the same key", field="variants")
    return [experiments.Variant(one.key, one.weight, one.changes.model_dump(mode="json")) for one in bodies]


def _require_whole(weights: list[int], field: Literal["variants", "weights"]) -> None:
    if sum(weights) != experiments.BUCKETS:
        raise BadRequest(f"the weights must sum to {experiments.BUCKETS}", field=field)
