"""Kept pictures stay as they are until something but the time on them changes."""

import json
from pathlib import Path

import numpy
import pytest
from numpy.typing import NDArray

from tests.support.screens.camera import same_but_for_the_time

CLOCK = [10, 10, 30, 20]

Picture = NDArray[numpy.uint8]


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    told = tmp_path / "page.json"
    told.write_text(json.dumps([CLOCK]), "utf-8")
    return told


@pytest.fixture
def old() -> Picture:
    return numpy.full((60, 80, 3), 250, numpy.uint8)


def drawn(picture: Picture, x: int, y: int) -> Picture:
    copy = picture.copy()
    copy[y : y + 2, x : x + 2] = 0
    return copy


def test_another_time_is_no_other_picture(old: Picture, boxes: Path) -> None:
    assert same_but_for_the_time(old, drawn(old, 15, 12), boxes)


def test_fewer_colours_are_no_other_picture(old: Picture, boxes: Path) -> None:
    assert same_but_for_the_time(old, old - 12, boxes)


def test_a_dot_beside_the_clock_is_another_picture(old: Picture, boxes: Path) -> None:
    assert not same_but_for_the_time(old, drawn(old, 40, 12), boxes)


def test_another_size_is_another_picture(old: Picture, boxes: Path) -> None:
    assert not same_but_for_the_time(old, old[:50], boxes)
