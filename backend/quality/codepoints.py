"""Replace single characters of long texts quickly: `str.translate` asks a dictionary for each, an array asks once."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PLANE: Final = 0x10000


def codes_of(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text, one each character; lone surrogates too."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


class Swap:
    """What `str.translate` does with a table of one character to one, both of the basic plane."""

    def __init__(self, table: Mapping[int, Any]) -> None:
        # Differences instead of images: whatever is in no table, of any plane, has the difference 0.
        self._shift = np.zeros(_PLANE, dtype=np.uint32)
        for source, image in table.items():
            target = ord(image) if isinstance(image, str) else int(image)
            self._shift[source] = (target - source) % (1 << 32)
        self._shift[_PLANE - 1] = 0

    def __call__(self, text: str) -> str:
        return self.codes(codes_of(text)).tobytes().decode("utf-32-le", "surrogatepass")

    def codes(self, codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Do it with code points."""
        return codes + self._shift.take(codes, mode="clip")
