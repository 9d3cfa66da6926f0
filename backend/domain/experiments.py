"""Experiments: ways of writing beside each other, who falls into which, and which runs were written so.

A unit (a thread, or a host; a script of a show, which gets a new thread whenever it is begun anew, by its place in the
show) falls by its hash into one of a hundred buckets, and each bucket is some variant's. A
variant's weight is how many it has, in per cent. At most one experiment of a tenant is running.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from backend.errors import BadRequest, Conflict, NotFound, VersionConflict
from backend.storage.postgres import Connection, Record, UniqueViolation

Status = Literal["draft", "running", "stopped", "concluded"]
Unit = Literal["thread", "host"]

BUCKETS: Final = 100

_EXPERIMENT: Final = """SELECT e.id, e.key, e.question, e.unit, e.status, e.buckets, e.chosen, e.version, e.created_at,
    e.started_at, e.ended_at,
    (SELECT jsonb_agg(jsonb_build_object('key', v.key, 'changes', v.changes) ORDER BY v.place)
     FROM experiment_variants v WHERE v.experiment_id = e.id) AS variants
  FROM experiments e"""


@dataclass(frozen=True)
class Variant:
    """One way of writing. `weight` is its share of the units in per cent, `changes` plain JSON (graph/variants)."""

    key: str
    weight: int
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Experiment:
    """An experiment. With its first variant the others are compared; `chosen` is the one decided for at the end."""

    id: UUID
    key: str
    question: str
    unit: Unit
    status: Status
    variants: Sequence[Variant]
    chosen: str | None
    version: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Assignment:
    """The variant that a run falls into, and by which unit. `recorded`: its exposure is noted already."""

    experiment_id: UUID
    key: str
    variant: str
    changes: Mapping[str, Any]
    unit_id: UUID
    recorded: bool


# Who falls where ----------------------------------------------------------------------------------------------------


def bucket_of(tenant_id: UUID, experiment_id: UUID, unit_id: UUID) -> int:
    """Return the unit's bucket: the same in every process and for good, and another one in every experiment."""
    digest = hashlib.sha256(b"cuedesk experiment" + tenant_id.bytes + experiment_id.bytes + unit_id.bytes).digest()
    # Of 64 bits the remainder favours no bucket by more than one in 10^17.
    return int.from_bytes(digest[:8]) % BUCKETS


def first_buckets(weights: Sequence[int]) -> list[int]:
    """Return whose each bucket is, for weights that sum to a hundred."""
    return [place for place, weight in enumerate(weights) for _ in range(weight)]


def moved_buckets(buckets: Sequence[int], weights: Sequence[int]) -> list[int]:
    """Return `buckets` changed to `weights`: who loses weight gives as many as it loses, who gains takes those."""
    moved = list(buckets)
    freed: list[int] = []
    for place, weight in enumerate(weights):
        own = [at for at, whose in enumerate(buckets) if whose == place]
        freed += own[weight:]
    free = iter(sorted(freed))
    for place, weight in enumerate(weights):
        for _ in range(weight - sum(whose == place for whose in buckets)):
            moved[next(free)] = place
    return moved


async def assign(conn: Connection, tenant_id: UUID, run_id: UUID, host_id: UUID | None) -> Assignment | None:
    """Return the variant that a run for this host has, or would get now; None when nothing runs or it has no such unit.

    The experiment stays as it is until the transaction ends, so nothing is noted for one that was stopped before.
    """
    row = await conn.fetchrow(
        """SELECT e.id, e.key, e.buckets, x.variant,
             coalesce(x.unit_id, CASE e.unit WHEN 'host' THEN $2 ELSE coalesce(r.show_item_id, r.thread_id) END)
               AS unit_id
           FROM experiments e JOIN runs r ON r.id = $1
             LEFT JOIN experiment_exposures x ON x.experiment_id = e.id AND x.run_id = r.id
           WHERE x.run_id IS NOT NULL OR e.status = 'running'
           ORDER BY x.run_id IS NULL LIMIT 1 FOR SHARE OF e""",
        run_id,
        host_id,
    )
    if row is None or row["unit_id"] is None:
        return None
    recorded, unit_id = row["variant"] is not None, row["unit_id"]
    place = None if recorded else row["buckets"][bucket_of(tenant_id, row["id"], unit_id)]
    variant = await conn.fetchrow(
        "SELECT key, changes FROM experiment_variants WHERE experiment_id = $1 AND (key = $2 OR place = $3)",
        row["id"],
        row["variant"],
        place,
    )
    assert variant is not None, "a bucket that is nobody's"
    return Assignment(row["id"], row["key"], variant["key"], variant["changes"], unit_id, recorded)


async def record_exposure(conn: Connection, run_id: UUID, to: Assignment) -> None:
    """Note that the run is written in this way. Noted once: whoever comes again finds it (`assign`)."""
    await conn.execute(
        """INSERT INTO experiment_exposures (run_id, experiment_id, variant, unit_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT (run_id) DO NOTHING""",
        run_id,
        to.experiment_id,
        to.variant,
        to.unit_id,
    )


# What people do with them -------------------------------------------------------------------------------------------


async def list_experiments(conn: Connection, before: UUID | None = None, limit: int = 200) -> list[Experiment]:
    """Return experiments, newest first, those made before `before`."""
    rows = await conn.fetch(
        f"{_EXPERIMENT} WHERE ($1::uuid IS NULL OR e.id < $1) ORDER BY e.id DESC LIMIT $2", before, limit
    )
    return [_experiment(row) for row in rows]


async def get_experiment(conn: Connection, experiment_id: UUID) -> Experiment:
    """Return the experiment.

    Raises:
        NotFound: this tenant has no such experiment.
    """
    row = await conn.fetchrow(f"{_EXPERIMENT} WHERE e.id = $1", experiment_id)
    if row is None:
        raise NotFound
    return _experiment(row)


async def create_experiment(
    conn: Connection, created_by: UUID, *, key: str, question: str, unit: Unit, variants: Sequence[Variant]
) -> Experiment:
    """Add an experiment as a draft; nothing is written differently yet.

    Raises:
        Conflict: there is one of this key already.
    """
    try:
        experiment_id: UUID = await conn.fetchval(
            """INSERT INTO experiments (key, question, unit, buckets, created_by) VALUES ($1, $2, $3, $4, $5)
               RETURNING id""",
            key,
            question,
            unit,
            first_buckets([one.weight for one in variants]),
            created_by,
        )
    except UniqueViolation:
        raise Conflict("an experiment of this key is there already", field="key") from None
    await _insert_variants(conn, experiment_id, variants)
    return await get_experiment(conn, experiment_id)


async def change_experiment(
    conn: Connection,
    experiment_id: UUID,
    version: int,
    *,
    question: str | None = None,
    unit: Unit | None = None,
    variants: Sequence[Variant] | None = None,
    weights: Mapping[str, int] | None = None,
) -> Experiment:
    """Change what is named, if nobody changed the experiment since `version`.

    What a variant does, and by what units are told apart, can be changed in a draft only: else the numbers would be of
    two things. Weights can be changed until the end; that moves units from who loses to who gains, and no others.

    Raises:
        NotFound: this tenant has no such experiment.
        VersionConflict: somebody changed it meanwhile.
        Conflict: its status does not allow this change any more.
        BadRequest: the weights are not those of its variants.
    """
    was = await get_experiment(conn, experiment_id)
    fixed = unit is not None or variants is not None
    if was.version != version:
        raise VersionConflict(version=was.version)
    if was.status == "concluded" or (fixed and was.status != "draft"):
        raise Conflict("this experiment cannot be changed so any more", reason="status", status=was.status)
    if weights is not None and weights.keys() != {one.key for one in was.variants}:
        raise BadRequest("name the weight of each variant", field="weights")
    buckets = await conn.fetchval("SELECT buckets FROM experiments WHERE id = $1", experiment_id)
    if variants is not None:
        buckets = first_buckets([one.weight for one in variants])
    elif weights is not None:
        buckets = moved_buckets(buckets, [weights[one.key] for one in was.variants])
    await _compare_and_set(
        conn,
        experiment_id,
        version,
        (was.status,),
        "question = $4, unit = $5, buckets = $6",
        was.question if question is None else question,
        unit or was.unit,
        buckets,
    )
    if variants is not None:
        await conn.execute("DELETE FROM experiment_variants WHERE experiment_id = $1", experiment_id)
        await _insert_variants(conn, experiment_id, variants)
    return await get_experiment(conn, experiment_id)


async def start_experiment(conn: Connection, experiment_id: UUID, version: int) -> Experiment:
    """Let new runs be written in the experiment's ways, also again after a stop.

    Raises:
        NotFound, VersionConflict: as for `change_experiment`.
        Conflict: it is running or concluded; another one is running; or only one variant has any weight.
    """
    was = await get_experiment(conn, experiment_id)
    if sum(one.weight > 0 for one in was.variants) < 2:
        raise Conflict("an experiment needs two variants that have weight", reason="one_variant")
    try:
        await _compare_and_set(
            conn,
            experiment_id,
            version,
            ("draft", "stopped"),
            "status = 'running', started_at = coalesce(started_at, now()), ended_at = NULL",
        )
    except UniqueViolation:
        raise Conflict("another experiment is running", reason="another_runs") from None
    return await get_experiment(conn, experiment_id)


async def stop_experiment(conn: Connection, experiment_id: UUID, version: int) -> Experiment:
    """Let new runs be written as usual; those that were begun go on in their way, and their decisions still count.

    Raises:
        NotFound, VersionConflict: as for `change_experiment`.
        Conflict: it is not running.
    """
    await _compare_and_set(conn, experiment_id, version, ("running",), "status = 'stopped', ended_at = now()")
    return await get_experiment(conn, experiment_id)


async def conclude_experiment(conn: Connection, experiment_id: UUID, version: int, chosen: str | None) -> Experiment:
    """End the experiment for good; `chosen` is the variant that was decided for, if any.

    Raises:
        NotFound, VersionConflict: as for `change_experiment`.
        Conflict: it was never started, or is concluded.
        BadRequest: it has no variant of this name.
    """
    was = await get_experiment(conn, experiment_id)
    if chosen is not None and chosen not in {one.key for one in was.variants}:
        raise BadRequest("this experiment has no such variant", field="chosen")
    await _compare_and_set(
        conn,
        experiment_id,
        version,
        ("running", "stopped"),
        "status = 'concluded', ended_at = coalesce(ended_at, now()), chosen = $4",
        chosen,
    )
    return await get_experiment(conn, experiment_id)


async def _compare_and_set(
    conn: Connection, experiment_id: UUID, version: int, of: Sequence[Status], assignments: str, *values: Any
) -> None:
    # The assignments are written in this module; what comes from outside are parameters.
    done = await conn.fetchval(
        f"""UPDATE experiments SET {assignments}, version = version + 1, updated_at = now()
            WHERE id = $1 AND version = $2 AND status = ANY ($3) RETURNING true""",
        experiment_id,
        version,
        list(of),
        *values,
    )
    if done is None:
        now = await get_experiment(conn, experiment_id)
        if now.version != version:
            raise VersionConflict(version=now.version)
        raise Conflict("the experiment is not in a status for this", reason="status", status=now.status)


async def _insert_variants(conn: Connection, experiment_id: UUID, variants: Sequence[Variant]) -> None:
    for place, one in enumerate(variants):
        await conn.execute(
            "INSERT INTO experiment_variants (experiment_id, key, place, changes) VALUES ($1, $2, $3, $4)",
            experiment_id,
            one.key,
            place,
            dict(one.changes),
        )


def _experiment(row: Record) -> Experiment:
    variants = [
        Variant(one["key"], row["buckets"].count(place), one["changes"]) for place, one in enumerate(row["variants"])
    ]
    return Experiment(**{name: row[name] for name in Experiment.__dataclass_fields__} | {"variants": variants})
