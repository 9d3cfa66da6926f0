"""What is found, in which order, and that the reasons given are the reasons."""

import asyncio
import math

import pytest

from backend.memory import recall as recalling
from backend.memory.documents import halfvec
from backend.memory.recall import KINDS, Filters
from tests.integration.memory.conftest import Mind, another

CUP = "保温杯先讲双层杯身，早上灌的热水到下午还是烫的，再报价。"
LOBSTER = "小龙虾别在下午卖，晚上八点以后转化高一倍，宵夜的画面最管用。"
COUPON = "优惠券要教三遍怎么领，第二遍把手机举起来对着镜头点。"


async def filled(mind: Mind) -> None:
    for text in (CUP, LOBSTER, COUPON):
        await mind.keep(text)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("小龙虾 宵夜", LOBSTER),
        ("夜宵类商品排在什么时段", LOBSTER),
        ("優惠券怎麼領", COUPON),
        ("优惠卷怎么领", COUPON),
        ("热水放到下午凉不凉", CUP),
    ],
)
async def test_a_memory_is_found_by_its_words_its_meaning_and_through_other_spellings(
    mind: Mind, query: str, first: str
) -> None:
    await filled(mind)
    assert (await mind.texts(query))[0] == first


async def test_words_are_the_same_words_in_traditional_characters(mind: Mind) -> None:
    await filled(mind)
    await mind.keep("贈品擺在畫面裡，光說沒人信。")
    for query, words in (("優惠券怎麼領", "优惠券要教"), ("赠品摆在画面里", "贈品擺在")):
        [best] = [one for one in (await mind.recall(query)).found if one.sparse_rank == 1]
        assert best.document.content.startswith(words)
        assert (best.coverage or 0) > 0.5


async def test_the_score_is_what_the_reasons_say(mind: Mind) -> None:
    await filled(mind)
    product = await mind.product()
    await mind.keep("保温杯的杯盖要当场拧给大家看。", product_id=product, approval=0.7, kind="script")
    await mind.age(await mind.keep("保温杯的热水说到下午。"), 90)
    found = (await mind.recall("保温杯 热水")).found
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for one in found:
        fused = sum(
            share / (20 + rank) for share, rank in ((1, one.dense_rank), (one.coverage or 0, one.sparse_rank)) if rank
        )
        assert math.isclose(one.fused, fused, rel_tol=1e-6)
        assert math.isclose(one.score, one.fused * one.recency * one.document.approval, rel_tol=1e-6)
        assert 0.8 <= one.recency <= 1
        assert one.coverage is None or 0 < one.coverage <= 1.0001
    assert sorted(one.dense_rank or 0 for one in found) == [1, 2, 3, 4, 5]
    assert [round(one.recency, 3) for one in found].count(0.9) == 1
    assert min(one.sparse_rank or 99 for one in found) == 1
    # What shares no word with the query has no rank by words.
    assert next(one for one in found if one.document.content == LOBSTER).sparse_rank is None


async def test_of_two_that_fit_alike_the_newer_and_the_better_approved_come_first(mind: Mind) -> None:
    old = await mind.keep("跑鞋前掌宽，脚背高的人也能穿。")
    await mind.age(old, 400)
    await mind.keep("跑鞋后跟软，走一天也不累人。")
    found = (await mind.recall("跑鞋")).found
    assert found[0].document.content.startswith("跑鞋后跟软")
    assert found[0].recency > 0.99
    assert found[1].recency < 0.83

    await mind.keep("牛排讲清楚是整切。", approval=0.7, kind="script")
    await mind.keep("牛排讲清楚是拼接。", kind="script")
    found = (await mind.recall("牛排讲清楚")).found
    assert [one.document.approval for one in found[:2]] == [1.0, pytest.approx(0.7)]


async def test_what_says_the_same_is_told_once_and_the_newest_of_it(mind: Mind) -> None:
    text = "早上灌好的热水，到了办公室一喝还是烫的。双层杯身，手握着外壁不烫手。上班路上往包里一放，到工位拧开就喝。"
    first = await mind.keep(text)
    await mind.age(first, 30)
    second = await mind.keep(text.replace("办公室", "辦公室").replace("一喝", "喝了"))
    await mind.keep(LOBSTER)
    recalled = await mind.recall("早上的热水")
    assert [one.document.id for one in recalled.found].count(second) == 1
    assert first not in [one.document.id for one in recalled.found]
    assert [one.document.id for one in recalled.doubles] == [first]


async def test_filters_let_through_only_what_they_name(mind: Mind) -> None:
    host, product = await mind.host(), await mind.product()
    await mind.keep(CUP, product_id=product)
    await mind.keep("小雅讲保温杯不要太急。", host_id=host)
    await mind.keep("保温杯这段太长了。\n——被退回的稿子：保温杯……", kind="rejection", product_id=product)
    await mind.keep("保温杯开场问一句有没有喝过凉水。", kind="script", product_id=product, scenario="opening")
    assert len(await mind.texts("保温杯")) == 4
    assert await mind.texts("保温杯", host_id=host) == ["小雅讲保温杯不要太急。"]
    assert set(await mind.texts("保温杯", product_id=product, kinds=("script", "note"))) == {
        CUP, "保温杯开场问一句有没有喝过凉水。"
    }  # fmt: skip
    assert await mind.texts("保温杯", scenario="opening") == ["保温杯开场问一句有没有喝过凉水。"]
    assert await mind.texts("保温杯", category="零食") == []
    assert set(KINDS) == {"script", "note", "rejection"}


async def test_a_tenant_finds_nothing_of_another_not_even_its_words(mind: Mind) -> None:
    await filled(mind)
    stranger = await another(mind.db, mind.owner)
    assert (await stranger.recall("保温杯")).found == []
    await stranger.keep("面膜只说贴着服帖。")
    assert await stranger.texts("保温杯 热水") == ["面膜只说贴着服帖。"]


async def test_a_text_learned_beside_us_by_the_release_before_is_found(mind: Mind) -> None:
    """What 0009's code writes: vector and words in the row of the text."""
    plain = mind.embedder.known[0]
    reading = await mind.embedder.read(CUP, plain)
    from backend.memory.documents import halfvec
    from backend.memory.terms import sparsevec

    async with mind.db.tenant(mind.tenant_id) as conn:
        await conn.execute(
            """INSERT INTO memory_documents (kind, content, embedder, dense, sparse, terms)
               VALUES ('script', $1, $2, $3::text::halfvec, $4::text::sparsevec, $5)""",
            CUP, plain, halfvec(reading.vector), sparsevec(reading.weights), sorted(reading.weights),
        )  # fmt: skip
    recalled = await mind.recall("保温杯")
    assert recalled.embedder == plain
    assert [one.document.content for one in recalled.found] == [CUP]


async def test_words_and_meaning_are_looked_up_while_others_write(mind: Mind) -> None:
    """Nothing is found half: a document is in both searches or in none."""
    await filled(mind)

    async def write() -> None:
        for n in range(12):
            await mind.keep(f"第{n}场的保温杯要讲杯盖。", source_id=None)

    async def read() -> None:
        for _ in range(12):
            for one in (await mind.recall("保温杯杯盖", limit=20)).found:
                assert one.dense_rank is not None

    await asyncio.gather(write(), read())
    assert await mind.miscounted() == []


async def test_the_nearest_of_many_are_the_nearest_there_are(mind: Mind) -> None:
    """Whatever stands first in the table: what is far from the query there must not hide what is near."""
    vector = await mind.embedder.query("露营灯")
    await mind.owner.execute(
        """WITH made AS (INSERT INTO memory_documents (id, tenant_id, kind, content)
             SELECT gen_random_uuid(), $1, 'note', '夜里' || n FROM generate_series(1, 1300) n RETURNING id, content),
           numbered AS (SELECT id, substr(content, 3)::int AS n FROM made)
           INSERT INTO memory_vectors (document_id, embedder, tenant_id, dense)
           SELECT id, $2, $1, l2_normalize($3::text::vector(384)
             + array_fill(((n * 37) % 1301)::real / 4000, ARRAY[384])::vector(384))::halfvec
           FROM numbered ORDER BY n""",
        mind.tenant_id, mind.embedder.name, halfvec(vector),
    )  # fmt: skip
    await mind.owner.execute(
        "INSERT INTO embedders (tenant_id, name, state, serving) VALUES ($1, $2, 'complete', true)",
        mind.tenant_id, mind.embedder.name,
    )  # fmt: skip
    expected = await mind.owner.fetch(
        "SELECT dense <#> $2::text::halfvec AS distance FROM memory_vectors WHERE tenant_id = $1 ORDER BY 1 LIMIT 40",
        mind.tenant_id, halfvec(vector),
    )  # fmt: skip
    for filters in (Filters(), Filters(kinds=("note",))):
        async with mind.db.tenant(mind.tenant_id) as conn:
            rows = await recalling._candidates(conn, mind.embedder.name, vector, [], filters)
        assert sorted(row["distance"] for row in rows) == pytest.approx([row["distance"] for row in expected])
