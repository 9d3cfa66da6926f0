"""docs/screens: its page shows every picture there, and they stay few and small."""

from tests.support.screens.camera import KEPT, named_in

MOST = 220
MOST_BYTES = 11_000_000


def test_the_pictures_are_those_that_their_page_shows_few_and_small() -> None:
    there = {picture.stem: picture.stat().st_size for picture in KEPT.glob("*.png")}
    assert sorted(named_in(KEPT / "README.md")) == sorted(there)
    assert len(there) <= MOST
    assert sum(there.values()) <= MOST_BYTES
