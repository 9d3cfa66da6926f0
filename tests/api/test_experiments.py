"""Experiments by REST: made, started, weighed anew, stopped and concluded, by whom it is allowed and by version."""

import asyncio
from typing import Any

import httpx
import psycopg

from backend.graph.prompts import sections
from tests.api.conftest import SignIn

ALL = "/api/v1/experiments"
BODY: dict[str, Any] = {
    "key": "less-asking",
    "question": "少互动是不是更容易通过？",
    "unit": "thread",
    "variants": [
        {"key": "usual", "weight": 50},
        {"key": "quiet", "weight": 50, "changes": {"blocks": {"less": ["ask"]}, "style": ["专业"]}},
    ],
}


async def made(admin: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await admin.post(ALL, json=BODY | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    return answer.status_code, told["code"], (told.get("details") or {}).get("reason")


async def test_an_experiments_whole_life(admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str):
    one = await made(admin)
    at = f"{ALL}/{one['id']}"
    assert (one["status"], one["version"], [v["weight"] for v in one["variants"]]) == ("draft", 1, [50, 50])
    assert one["variants"][1]["changes"]["blocks"] == {"more": [], "less": ["ask"]}
    read = await operator.get(at)
    assert (read.headers["etag"], read.json()) == ('"1"', one)

    started = (await admin.post(f"{at}/start", headers={"If-Match": '"1"'})).json()
    assert (started["status"], started["version"]) == ("running", 2)
    weighed = await admin.patch(at, json={"version": 2, "weights": {"usual": 20, "quiet": 80}})
    assert [v["weight"] for v in weighed.json()["variants"]] == [20, 80]
    assert refusal(await admin.patch(at, json={"version": 3, "unit": "host"})) == (409, "conflict", "status")
    stopped = (await admin.post(f"{at}/stop", json={"version": 3})).json()
    again = (await admin.post(f"{at}/start", json={"version": stopped["version"]})).json()
    assert (again["status"], again["ended_at"], again["started_at"]) == ("running", None, started["started_at"])
    unknown = await admin.post(f"{at}/conclude", json={"version": again["version"], "chosen": "loud"})
    assert unknown.status_code == 400
    done = (await admin.post(f"{at}/conclude", json={"version": again["version"], "chosen": "quiet"})).json()
    assert (done["status"], done["chosen"]) == ("concluded", "quiet")
    for step in ("start", "stop", "conclude"):
        assert refusal(await admin.post(f"{at}/{step}", json={"version": done["version"]}))[0] == 409
    assert refusal(await admin.patch(at, json={"version": done["version"], "question": "?"})) == (
        409, "conflict", "status",
    )  # fmt: skip

    told = (await operator.get(f"{at}/results")).json()
    assert [(v["key"], v["runs"], v["share"], v["lacks"]) for v in told["variants"]] == [
        ("usual", 0, None, ["judged", "units"]),
        ("quiet", 0, None, ["judged", "units"]),
    ]
    assert [v["verdict"] for v in told["variants"]] == [None, "not_enough"]
    with psycopg.connect(demo_url) as owner:
        rows = owner.execute("SELECT action FROM audit_log WHERE subject = %s ORDER BY n", [one["id"]]).fetchall()
    names = ["created", "started", "changed", "stopped", "started", "concluded"]
    assert [action for (action,) in rows] == [f"experiment.{name}" for name in names]


async def test_who_may_see_it_and_who_may_change_it(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, sign_in: SignIn
):
    one = await made(admin)
    at = f"{ALL}/{one['id']}"
    assert (await operator.get(at)).status_code == 200
    for method, path, body in (
        ("POST", ALL, BODY | {"key": "another"}),
        ("PATCH", at, {"version": 1, "question": "?"}),
        ("POST", f"{at}/start", {"version": 1}),
        ("POST", f"{at}/stop", {"version": 1}),
        ("POST", f"{at}/conclude", {"version": 1}),
    ):
        assert (await operator.request(method, path, json=body)).status_code == 403, path
    # Whoever judges the texts does not see which way wins.
    for email in ("amin@demo.cuedesk", "xiaoya@demo.cuedesk"):
        other = await sign_in(email)
        for path in (ALL, at, f"{at}/results"):
            assert (await other.get(path)).status_code == 403, (email, path)


async def test_of_two_that_change_it_at_once_one_is_told(admin: httpx.AsyncClient):
    one = await made(admin)
    at = f"{ALL}/{one['id']}"
    changes = [{"version": 1, "question": text} for text in ("甲", "乙", "丙")]
    answers = await asyncio.gather(*(admin.patch(at, json=change) for change in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"version_conflict"}
    stale = await admin.post(f"{at}/start", json={"version": 1})
    assert refusal(stale)[1] == "version_conflict"
    assert (await admin.post(f"{at}/start", json={})).status_code == 400


async def test_one_experiment_runs_at_a_time(admin: httpx.AsyncClient):
    first, second = await made(admin), await made(admin, key="another")
    answers = await asyncio.gather(
        *(admin.post(f"{ALL}/{one['id']}/start", json={"version": 1}) for one in (first, second))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [refusal(answer)[2] for answer in answers if answer.status_code == 409] == ["another_runs"]
    statuses = sorted(one["status"] for one in (await admin.get(ALL)).json()["items"])
    assert statuses == ["draft", "running"]


async def test_what_cannot_be_tried_is_refused(admin: httpx.AsyncClient):
    usual = {"key": "usual", "weight": 50}
    style = sections("script")["style"]
    for variants in (
        [usual],
        [usual, {"key": "tried", "weight": 49}],
        [usual, usual],
        [usual, {"key": "Tried", "weight": 50}],
        [usual, {"key": "tried", "weight": 50, "changes": {"sections": {"role": "你好"}}}],
        [usual, {"key": "tried", "weight": 50, "changes": {"sections": {"style": style.replace("{{host}}", "")}}}],
        [usual, {"key": "tried", "weight": 50, "changes": {"style": ["咆哮"]}}],
        [usual, {"key": "tried", "weight": 50, "changes": {"blocks": {"less": ["required"]}}}],
    ):
        assert (await admin.post(ALL, json=BODY | {"variants": variants})).status_code == 400, variants
    await made(admin)
    assert refusal(await admin.post(ALL, json=BODY)) == (409, "conflict", None)
    alone = await made(admin, key="alone", variants=[usual | {"weight": 100}, {"key": "tried", "weight": 0}])
    assert refusal(await admin.post(f"{ALL}/{alone['id']}/start", json={"version": 1})) == (
        409, "conflict", "one_variant",
    )  # fmt: skip
    for weights in ({"usual": 60, "tried": 50}, {"usual": 50, "other": 50}, {"usual": 100, "tried": 0, "more": 0}):
        answer = await admin.patch(f"{ALL}/{alone['id']}", json={"version": 1, "weights": weights})
        assert answer.status_code == 400, weights


async def test_other_weights_move_no_more_than_they_must(admin: httpx.AsyncClient, demo_url: str):
    variants = [{"key": key, "weight": weight} for key, weight in (("a", 40), ("b", 30), ("c", 30))]
    one = await made(admin, variants=variants)

    def buckets() -> list[int]:
        with psycopg.connect(demo_url) as owner:
            found: list[int] = owner.execute("SELECT buckets FROM experiments").fetchone()[0]
        return found

    before = buckets()
    await admin.patch(f"{ALL}/{one['id']}", json={"version": 1, "weights": {"a": 30, "b": 30, "c": 40}})
    changed = [(was, now) for was, now in zip(before, buckets(), strict=True) if was != now]
    assert changed == [(0, 2)] * 10


async def test_a_drafts_variants_are_replaced_as_a_whole(admin: httpx.AsyncClient):
    one = await made(admin)
    variants = [{"key": "a", "weight": 10}, {"key": "b", "weight": 20}, {"key": "c", "weight": 70}]
    changed = await admin.patch(f"{ALL}/{one['id']}", json={"version": 1, "unit": "host", "variants": variants})
    assert [(v["key"], v["weight"]) for v in changed.json()["variants"]] == [("a", 10), ("b", 20), ("c", 70)]
    assert changed.json()["unit"] == "host"
