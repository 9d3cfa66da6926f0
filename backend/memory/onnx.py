"""Writes ONNX models, as much of the format as our network needs: the `onnx` package is 30 MB for this.

The numbers of fields are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Of protocol buffers: how a field is written.
_NUMBER, _BYTES, _FLOAT = 0, 2, 5
#: Which operators a model may have: the newest set that has all that we use.
_OPERATORS: Final = {"": 18, "com.microsoft": 1}
_FORMAT: Final = 10
#: ONNX's numbers for what a table holds.
_KINDS: Final = {np.dtype(np.float32): 1, np.dtype(np.int8): 3, np.dtype(np.int64): 7}


class Graph:
    """A graph that is put together; a node's and a constant's name are those of what it gives."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a table; return its name."""
        dims = b"".join(_number(1, size) for size in values.shape)
        raw = np.ascontiguousarray(values).tobytes()
        self._constants.append(_bytes(5, dims + _number(2, _KINDS[values.dtype]) + _text(8, name) + _bytes(9, raw)))
        return name

    def node(self, operator: str, inputs: Sequence[str], out: str, *, domain: str = "", **settings: float) -> str:
        """Add a step; return the name of what it gives. Whole numbers and fractions are different settings."""
        return self._add(operator, inputs, [out], domain, settings)

    def split(self, of: str, parts: Sequence[str]) -> None:
        """Cut something into equal parts, along its last direction."""
        self._add("Split", [of], parts, "", {"axis": -1, "num_outputs": len(parts)})

    def _add(
        self, operator: str, inputs: Sequence[str], outs: Sequence[str], domain: str, settings: dict[str, float]
    ) -> str:
        written = [_text(1, name) for name in inputs] + [_text(2, name) for name in outs] + [_text(4, operator)]
        for name, value in settings.items():
            if isinstance(value, int):
                written.append(_bytes(5, _text(1, name) + _number(3, value) + _number(20, 2)))
            else:
                written.append(_bytes(5, _text(1, name) + _key(2, _FLOAT) + struct.pack("<f", value) + _number(20, 1)))
        self._nodes.append(b"".join(written) + _text(7, domain))
        return outs[0]

    def model(self, takes: str, of: Sequence[int | str], gives: str, shape: Sequence[int | str]) -> bytes:
        """Return the model: a table of fractions in, one out; a size may have a name instead of a number."""
        graph = [_bytes(1, node) for node in self._nodes]
        graph += [_text(2, "network"), *self._constants]
        graph += [_bytes(11, _value(takes, of)), _bytes(12, _value(gives, shape))]
        sets = [_bytes(8, _text(1, domain) + _number(2, version)) for domain, version in _OPERATORS.items()]
        # Joined once: the tables are megabytes.
        return b"".join([_number(1, _FORMAT), _key(7, _BYTES), _varint(sum(map(len, graph))), *graph, *sets])


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = [_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape]
    tensor = _number(1, 1) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # below zero: two's complement
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, value: int) -> bytes:
    return _key(field, _NUMBER) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, _BYTES) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
