"""What came of an experiment's ways of writing, by the decisions on its runs' questions, and how sure that is."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean
from typing import Any, Final, Literal

from backend.domain.experiments import Experiment
from backend.storage.postgres import Connection

#: Below so many judged runs, and units they come from, a variant is not compared with anything.
LEAST_JUDGED: Final = 30
LEAST_UNITS: Final = 10
CONFIDENCE: Final = 0.95
#: Edits whose distance is measured, the newest of each variant: each takes up to a few milliseconds.
_MEASURED: Final = 300

Lack = Literal["judged", "units"]
Verdict = Literal["not_enough", "no_difference_seen", "better", "worse"]

# What the first person who had a word said of a run's text. An approval that somebody called back while the script was
# held, or whose run somebody cancelled then, was none: the next word counts. Who takes a text back and has the same
# written anew (the same item of a show, or by another message what is next put to a person in the thread) has rejected
# it; who only takes it back has said nothing of it. What was approved by policy nobody judged, and what expired
# neither; when a person was asked after all (the rules had grown stricter), that word counts. A rejection that was
# taken back was none, nor is what the writer made of it: the run that asks again has the word.
_RESULTS: Final = """
WITH RECURSIVE family AS (
  SELECT run_id AS exposed, run_id FROM experiment_exposures WHERE experiment_id = $1
  UNION ALL
  SELECT f.exposed, back.id FROM family f JOIN interrupts i USING (run_id)
    JOIN runs back ON back.again_of = i.id AND back.request ? 'taken_back'
), asked AS (
  SELECT i.*, f.exposed,
    EXISTS (SELECT FROM interrupts earlier JOIN runs back ON back.again_of = earlier.id
            WHERE earlier.run_id = i.run_id AND earlier.created_at <= i.created_at AND back.request ? 'taken_back')
      AS void,
    CASE WHEN i.status = 'cancelled' THEN i.decided_by IS NOT NULL
         ELSE i.status IN ('approved', 'edited') AND lead(i.action = 'go_on_air' AND i.status = 'cancelled'
           AND i.decided_by IS NOT NULL, 1, false) OVER then_ END AS taken_back,
    i.status IN ('approved', 'edited') AND lead(i.action = 'go_on_air' AND i.status = 'rejected', 1, false) OVER then_
      AS called_back
  FROM family f JOIN interrupts i USING (run_id)
  WINDOW then_ AS (PARTITION BY i.run_id ORDER BY i.created_at, i.id)
), judged AS (
  SELECT DISTINCT ON (exposed) exposed AS run_id, decided_at, decision ->> 'content' AS edited,
    decision ->> 'reason' AS reason,
    -- The questions are long rows: of the others' nothing is unpacked.
    CASE WHEN status = 'edited' THEN params ->> 'content' END AS draft,
    CASE
      WHEN taken_back THEN 'rejected'
      WHEN status = 'edited' AND btrim(decision ->> 'content', E' \\t\\r\\n\u3000')
                                IS DISTINCT FROM btrim(params ->> 'content', E' \\t\\r\\n\u3000') THEN 'edited'
      WHEN status IN ('approved', 'edited') THEN
        CASE WHEN decision ->> 'policy' IS NULL THEN 'approved' ELSE 'automatic' END
      WHEN status = 'responded' THEN 'commented'
      ELSE status
    END AS outcome
  FROM asked
  WHERE action = 'publish_script' AND NOT void AND CASE
      WHEN taken_back THEN
        EXISTS (SELECT FROM runs r JOIN runs again USING (show_item_id)
                WHERE r.id = asked.run_id AND again.created_at > r.created_at)
        OR (SELECT ROW(n.params -> 'product_id', n.params -> 'product_name', n.params #> '{slots,scenario}')
              IS NOT DISTINCT FROM
              ROW(asked.params -> 'product_id', asked.params -> 'product_name', asked.params #> '{slots,scenario}')
            FROM interrupts n JOIN runs r ON r.id = n.run_id
            WHERE r.thread_id = asked.thread_id AND n.action = 'publish_script' AND n.run_id <> asked.run_id
              AND n.created_at > asked.created_at ORDER BY n.created_at LIMIT 1)
      WHEN called_back THEN false
      ELSE status IN ('approved', 'edited', 'rejected', 'responded', 'expired') END
  ORDER BY exposed, decided_by IS NULL, created_at, id
), told AS (
  SELECT x.variant, x.run_id, x.unit_id, j.draft, j.edited, j.reason, coalesce(j.outcome, CASE
      WHEN EXISTS (SELECT FROM family f JOIN runs r ON r.id = f.run_id WHERE f.exposed = x.run_id
                     AND r.status IN ('enqueued', 'queued', 'running', 'waiting')) THEN 'open' ELSE 'undecided' END)
      AS outcome,
    row_number() OVER (PARTITION BY x.variant, j.outcome ORDER BY j.decided_at DESC, x.run_id) AS newest
  FROM experiment_exposures x LEFT JOIN judged j USING (run_id)
  WHERE x.experiment_id = $1
)
SELECT v.key, count(t.run_id) AS runs, count(DISTINCT t.unit_id) AS units,
  count(DISTINCT t.unit_id) FILTER (WHERE t.outcome IN ('approved', 'edited', 'rejected', 'commented')) AS judged_units,
  count(*) FILTER (WHERE t.outcome = 'approved') AS approved,
  count(*) FILTER (WHERE t.outcome = 'edited') AS edited,
  count(*) FILTER (WHERE t.outcome = 'rejected') AS rejected,
  count(*) FILTER (WHERE t.outcome = 'commented') AS commented,
  count(*) FILTER (WHERE t.outcome = 'expired') AS expired,
  count(*) FILTER (WHERE t.outcome = 'automatic') AS automatic,
  count(*) FILTER (WHERE t.outcome = 'open') AS open,
  count(*) FILTER (WHERE t.outcome = 'undecided') AS undecided,
  jsonb_agg(t.reason) FILTER (WHERE t.outcome = 'rejected' AND t.reason IS NOT NULL) AS reasons,
  jsonb_agg(jsonb_build_array(t.draft, t.edited)) FILTER (WHERE t.outcome = 'edited' AND t.newest <= $2) AS edits
FROM experiment_variants v LEFT JOIN told t ON t.variant = v.key
WHERE v.experiment_id = $1 GROUP BY v.key, v.place ORDER BY v.place"""


@dataclass(frozen=True)
class Interval:
    """Where a number lies with 95 % confidence; of several comparisons in one experiment, all of them together."""

    low: float
    high: float


@dataclass(frozen=True)
class VariantResult:
    """What came of the runs that were written in one way.

    `judged` are those of which a person had a word: `approved` unchanged, `edited`, `rejected` (also: taken back and
    written anew) or `commented` (sent back with a word for the writer), by the first of these. Nobody judged what
    `expired`, went out by policy (`automatic`), waits or is being written (`open`), or ended without an answer
    (`undecided`: cancelled, failed).
    """

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
    #: Approved unchanged, of the judged; None when there are none.
    share: float | None
    share_interval: Interval | None
    #: Of the edited: characters put in, taken out or exchanged, and the same as a part of the longer text.
    mean_edit_characters: float | None
    mean_edit_share: float | None
    #: How often each reason was named for a rejection, the most frequent first; a rejection may name none.
    reject_reasons: dict[str, int]
    #: How many edits these means are of: the newest ones, if there are very many.
    edits_measured: int
    #: What is too few to say anything.
    lacks: Sequence[Lack]
    #: The share less that of the first variant; None for the first one, and as long as one of the two lacks something.
    difference: float | None
    difference_interval: Interval | None
    #: None for the first variant.
    verdict: Verdict | None


async def read_results(conn: Connection, experiment: Experiment) -> list[VariantResult]:
    """Return what came of each variant, in their order, out of what the tables hold now."""
    rows = await conn.fetch(_RESULTS, experiment.id, _MEASURED)
    # Hundreds of long texts: the loop carries everybody's tokens meanwhile.
    return await asyncio.to_thread(results_of, [dict(row) for row in rows])


def results_of(rows: Sequence[Mapping[str, Any]]) -> list[VariantResult]:
    """Return the results for the counted rows of the variants; the first one is what the others are compared with."""
    # Several comparisons share the risk of seeing a difference where there is none (Bonferroni).
    sure = 1 - (1 - CONFIDENCE) / max(1, len(rows) - 1)
    base: VariantResult | None = None
    results = []
    for row in rows:
        one = _result(row, base, sure)
        base = base or one
        results.append(one)
    return results


def _result(row: Mapping[str, Any], base: VariantResult | None, sure: float) -> VariantResult:
    judged = row["approved"] + row["edited"] + row["rejected"] + row["commented"]
    few: dict[Lack, bool] = {"judged": judged < LEAST_JUDGED, "units": row["judged_units"] < LEAST_UNITS}
    lacks = [name for name, lacking in few.items() if lacking]
    edits = [(edit_distance(was, now), max(len(was), len(now))) for was, now in row["edits"] or ()]
    between: Interval | None = None
    verdict: Verdict | None = None
    if base is not None:
        verdict = "not_enough"
        if not lacks and not base.lacks:
            between = difference_interval((row["approved"], judged), (base.approved, base.judged), sure)
            verdict = "better" if between.low > 0 else "worse" if between.high < 0 else "no_difference_seen"
    return VariantResult(
        **{name: row[name] for name in VariantResult.__dataclass_fields__ if name in row},
        judged=judged,
        share=row["approved"] / judged if judged else None,
        share_interval=wilson_interval(row["approved"], judged) if judged else None,
        mean_edit_characters=fmean(distance for distance, _ in edits) if edits else None,
        mean_edit_share=fmean(distance / longest for distance, longest in edits) if edits else None,
        reject_reasons=dict(Counter(row.get("reasons") or ()).most_common()),
        edits_measured=len(edits),
        lacks=lacks,
        difference=row["approved"] / judged - base.approved / base.judged if base and between else None,
        difference_interval=between,
        verdict=verdict,
    )


def wilson_interval(hits: int, of: int, sure: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval of a share; it keeps its word for few cases and near 0 and 1 too."""
    z = NormalDist().inv_cdf((1 + sure) / 2)
    share, square = hits / of, z * z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    # At the ends the bound is the end itself, which the sum misses by its rounding.
    return Interval(0.0 if hits == 0 else middle - half, 1.0 if hits == of else middle + half)


def difference_interval(one: tuple[int, int], other: tuple[int, int], sure: float = CONFIDENCE) -> Interval:
    """Return the interval of one share less another, each as (hits, of), by Newcombe's hybrid of Wilson's intervals."""
    p, q = one[0] / one[1], other[0] / other[1]
    of_p, of_q = wilson_interval(*one, sure), wilson_interval(*other, sure)
    return Interval(
        p - q - sqrt((p - of_p.low) ** 2 + (of_q.high - q) ** 2),
        p - q + sqrt((of_p.high - p) ** 2 + (q - of_q.low) ** 2),
    )


def edit_distance(was: str, now: str) -> int:
    """Return how many characters have to be put in, taken out or exchanged (Levenshtein).

    Myers' bit vectors: a column of the table is two whole numbers, so a pair of scripts takes a millisecond.
    """
    if not was or not now:
        return len(was) + len(now)
    places: dict[str, int] = {}
    for at, character in enumerate(was):
        places[character] = places.get(character, 0) | 1 << at
    every, last = (1 << len(was)) - 1, 1 << (len(was) - 1)
    up, down, distance = every, 0, len(was)
    for character in now:
        same = places.get(character, 0)
        across = (((same & up) + up) ^ up) | same
        right_up = down | (every & ~(across | up))
        right_down = up & across
        distance += bool(right_up & last) - bool(right_down & last)
        right_up = (right_up << 1 | 1) & every
        right_down = (right_down << 1) & every
        beside = same | down
        up = right_down | (every & ~(beside | right_up))
        down = right_up & beside
    return distance
