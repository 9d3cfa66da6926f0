"""What the graph can do for whom: shown, checked beforehand, opened and closed by the tenant."""

import asyncio

import httpx
import psycopg
import pytest

from tests.api.conftest import SignIn
from tests.api.test_shows import new_show


async def skills_of(client: httpx.AsyncClient) -> dict[str, dict[str, object]]:
    answer = await client.get("/api/v1/skills")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["items"]}


async def test_every_skill_says_what_it_needs_in_a_closed_schema(operator: httpx.AsyncClient):
    found = await skills_of(operator)
    assert {name: one["required"] for name, one in found.items()} == {
        "generate": ["scenario"],
        "modify": ["draft"],
        "batch": ["content"],
        "rundown": ["room_id", "items"],
    }
    for one in found.values():
        assert (one["inputs"]["additionalProperties"], one["allowed"]) == (False, True)


@pytest.mark.parametrize(
    ("name", "slots", "missing", "invalid"),
    [
        ("generate", {}, ["scenario"], []),
        ("generate", {"scenario": "", "product_name": "杯子"}, ["scenario"], []),
        ("generate", {"scenario": "opening", "seconds": "30"}, [], ["seconds"]),
        ("generate", {"scenario": "singing"}, [], ["scenario"]),
        ("modify", {"draft": "大家好。", "tone": "x"}, [], ["tone"]),
        ("rundown", {"room_id": "r", "items": [{"product_id": "p"}]}, [], ["items.0.scenario"]),
        ("generate", {"scenario": "opening"}, [], []),
    ],
)
async def test_what_is_missing_is_one_question_and_what_is_wrong_is_named(
    operator: httpx.AsyncClient, name: str, slots: dict[str, object], missing: list[str], invalid: list[str]
):
    found = (await operator.post(f"/api/v1/skills/{name}/preflight", json={"slots": slots})).json()
    assert (found["missing"], list(found["invalid"])) == (missing, invalid)
    assert found["ready"] == (not missing and not invalid)
    assert bool(found["question"]) == bool(missing)


async def test_a_tenant_takes_a_skill_from_a_role_and_everything_behind_it_refuses(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, demo_url: str
):
    show = (await new_show(operator))["show"]["id"]
    assert (await operator.patch("/api/v1/skills/rundown", json={"enabled": False})).status_code == 403
    for name in ("generate", "rundown"):
        changed = await admin.patch(f"/api/v1/skills/{name}", json={"roles": ["admin"]})
        assert (changed.json()["roles"], changed.json()["allowed"]) == (["admin"], True)
    assert not (await skills_of(operator))["generate"]["allowed"]
    assert (await skills_of(operator))["modify"]["allowed"]

    refused = await operator.post(f"/api/v1/shows/{show}/start")
    assert (refused.status_code, refused.json()["code"]) == (403, "skill_refused")
    refused = await operator.post("/api/v1/generate", json={"content": "写一段保温杯开场"})
    assert (refused.status_code, refused.json()["code"]) == (403, "skill_refused")

    back = await admin.patch("/api/v1/skills/rundown", json={"roles": None})
    assert back.json()["roles"] == ["admin", "approver", "operator"]
    assert (await operator.post(f"/api/v1/shows/{show}/start")).status_code == 200
    with psycopg.connect(demo_url) as owner:
        told = owner.execute("SELECT subject FROM audit_log WHERE action = 'skill.changed' ORDER BY n").fetchall()
    assert [subject for (subject,) in told] == ["generate", "rundown", "rundown"]


@pytest.mark.parametrize(
    ("content", "skill"),
    [
        ("写一段保温杯开场", "generate"),
        (
            "把这段改短一点：大家好，今天这款杯子双层杯身，早上灌的热水，到了下午喝还是温的，喜欢的点下方小黄车。",
            "modify",
        ),
        ("给这三款各写一段开场", "batch"),
        (
            "按方案开写：开场｜每段20秒｜小雅的直播间｜2款：沐野随行保温杯 500ml、卫龙大面筋辣条 106g×5 包",
            "rundown",
        ),
    ],
)
async def test_one_request_needs_the_skill_that_its_words_ask_for(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, demo_url: str, content: str, skill: str
):
    await admin.patch(f"/api/v1/skills/{skill}", json={"enabled": False})
    async with asyncio.timeout(20):  # what is not refused waits for a worker, and there is none
        refused = await operator.post("/api/v1/generate", json={"content": content})
    assert (refused.status_code, refused.json()["code"], refused.json()["details"]["skill"]) == (
        403,
        "skill_refused",
        skill,
    )
    with psycopg.connect(demo_url) as owner:
        # What is refused leaves nothing behind.
        assert owner.execute("SELECT count(*) FROM runs").fetchone() == (0,)
        assert owner.execute("SELECT count(*) FROM threads WHERE show_id IS NULL").fetchone() == (0,)
        # Another one that is closed is not in the way.
        await admin.patch(f"/api/v1/skills/{skill}", json={"enabled": True})
        other = "batch" if skill == "generate" else "generate"
        await admin.patch(f"/api/v1/skills/{other}", json={"enabled": False})
        asked = asyncio.create_task(operator.post("/api/v1/generate", json={"content": content}))
        try:
            async with asyncio.timeout(20):
                while owner.execute("SELECT count(*) FROM runs").fetchone() == (0,):
                    assert not asked.done(), asked.result().text
                    owner.rollback()
                    await asyncio.sleep(0.05)
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)


async def test_another_tenant_keeps_its_skills(admin: httpx.AsyncClient, sign_in: SignIn):
    await admin.patch("/api/v1/skills/generate", json={"enabled": False})
    others = await sign_in("admin@shanlan.demo.cuedesk")
    assert (await skills_of(others))["generate"]["enabled"]
    assert not (await skills_of(admin))["generate"]["enabled"]
