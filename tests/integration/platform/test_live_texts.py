"""Text under way through a real Valkey: in order, nothing missing, many texts in few calls."""

import asyncio
from collections.abc import AsyncIterator, Callable

import orjson
import pytest
from redis.asyncio.client import PubSub

from backend.fanout.live_text import LiveText, LiveTexts, read_so_far
from backend.fanout.topics import token_channel
from backend.ids import new_id
from backend.storage.redis import Cache
from tests.support.databases import forget_everything


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    async with Cache.open(redis_url) as opened:
        yield opened


def a_text() -> LiveText:
    return LiveText(thread_id=new_id(), message_id=new_id(), agent="script", attempt=1)


async def test_a_reader_gets_every_piece_in_order_and_the_store_holds_the_whole(cache: Cache) -> None:
    texts, text = LiveTexts(cache, window_ms=10, ttl=60), a_text()
    said = [f"第{n}句。" for n in range(60)]
    async with cache.client.pubsub() as reader, texts.pumping():
        await reader.subscribe(token_channel(text.thread_id))
        for piece in said:
            texts.add(text, piece)
            await asyncio.sleep(0.001)
        await texts.flush(text)
        frames = await _read(reader, "".join(said))
    assert [frame["i"] for frame in frames] == list(range(len(frames)))
    assert frames[0]["content"] == said[0], "the first piece leaves at once"
    assert len(frames) < len(said), "later ones leave together"
    so_far = await read_so_far(cache, text.message_id, 1)
    assert so_far is not None
    assert (so_far.i, so_far.content) == (len(frames), "".join(said))


async def test_a_piece_after_a_silence_is_not_left_behind(cache: Cache) -> None:
    texts, text = LiveTexts(cache, window_ms=200, ttl=60), a_text()
    async with cache.client.pubsub() as reader, texts.pumping():
        await reader.subscribe(token_channel(text.thread_id))
        texts.add(text, "先说的。")
        await _read(reader, "先说的。")
        texts.add(text, "后说的。")  # within the window, and nothing comes after it
        assert [frame["content"] for frame in await _read(reader, "后说的。")] == ["后说的。"]


async def test_texts_that_are_due_together_share_a_call(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    texts, many = LiveTexts(cache, window_ms=100, ttl=60), [a_text() for _ in range(40)]
    calls: list[int] = []
    send = cache.client.eval

    def counted(script: str, numkeys: int, *values: object) -> object:
        calls.append(numkeys)
        return send(script, numkeys, *values)

    monkeypatch.setattr(cache.client, "eval", counted)
    async with texts.pumping():
        for text in many:
            texts.add(text, "一")
        await _until(lambda: sum(calls) == 40)
        for text in many:
            texts.add(text, "二")
        await _until(lambda: sum(calls) == 80)
    assert len(calls) <= 16, "one for the first pieces, then one for each group; more only on a busy machine"
    for text in many:
        so_far = await read_so_far(cache, text.message_id, 1)
        assert so_far is not None
        assert so_far.content == "一二"


async def test_a_text_that_was_lost_is_whole_again_with_its_next_frame(cache: Cache, redis_url: str) -> None:
    texts, text = LiveTexts(cache, window_ms=1, ttl=60), a_text()
    async with texts.pumping():
        texts.add(text, "一")
        await texts.flush(text)
        forget_everything(redis_url)
        texts.add(text, "二")
        await texts.flush(text)
        texts.add(text, "三")
        await texts.flush(text)
    so_far = await read_so_far(cache, text.message_id, 1)
    assert so_far is not None
    # The pump may have brought the whole by itself in between, in a frame of its own.
    assert (so_far.i, so_far.content) == (text.frame, "一二三")


async def test_a_text_that_was_lost_is_whole_again_though_the_writer_pauses(cache: Cache, redis_url: str) -> None:
    texts, text = LiveTexts(cache, window_ms=40, ttl=60), a_text()
    async with texts.pumping():
        texts.add(text, "一")
        await texts.flush(text)
        forget_everything(redis_url)
        texts.add(text, "二")
        await texts.flush(text)
        async with asyncio.timeout(10):
            while (so_far := await read_so_far(cache, text.message_id, 1)) is None:  # noqa: ASYNC110 (Redis has none)
                await asyncio.sleep(0.02)
    assert so_far.content == "一二"


async def _read(reader: PubSub, whole: str) -> list[dict[str, object]]:
    frames: list[dict[str, object]] = []
    async with asyncio.timeout(10):
        async for message in reader.listen():
            if message["type"] == "message":
                frames.append(orjson.loads(message["data"]))
                if "".join(str(frame["content"]) for frame in frames) == whole:
                    break
    return frames


async def _until(true: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    while not true():
        assert asyncio.get_running_loop().time() < deadline, "it did not come true within ten seconds"
        await asyncio.sleep(0.005)
