"""An image as a PNG of at most 256 colours: a third of the size, and of a page of text nobody sees it."""

import struct
import zlib
from typing import Final

import numpy
from numpy.typing import NDArray

MOST: Final = 256
#: The commonest colours (the surfaces) stay exactly as they are.
EXACT: Final = 48

Colours = NDArray[numpy.int64]


def paletted(pixels: NDArray[numpy.uint8]) -> bytes:
    """The PNG of height x width x 3 pixels."""
    height, width, _ = pixels.shape
    red, green, blue = (pixels[:, :, channel].astype(numpy.int64) for channel in range(3))
    found, place, count = numpy.unique((red << 16) + (green << 8) + blue, return_inverse=True, return_counts=True)
    colours = numpy.stack([found >> 16, (found >> 8) & 255, found & 255], axis=1)
    palette = colours if len(colours) <= MOST else _chosen(colours, count)
    nearest = numpy.empty(len(colours), numpy.uint8)
    for at in range(0, len(colours), 4096):
        far = ((colours[at : at + 4096, None] - palette[None]) ** 2).sum(axis=2)
        nearest[at : at + 4096] = far.argmin(axis=1)
    rows = nearest[place.reshape(height, width)]
    # Each row begins with the number of its filter: none, which suits a palette.
    lines = numpy.concatenate([numpy.zeros((height, 1), numpy.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = {
        b"IHDR": header,
        b"PLTE": palette.astype(numpy.uint8).tobytes(),
        b"IDAT": zlib.compress(lines.tobytes(), 9),
    }
    chunks = [_chunk(kind, data) for kind, data in [*parts.items(), (b"IEND", b"")]]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chosen(colours: Colours, count: Colours) -> Colours:
    """The commonest, and the middles of boxes of the others: the widest and most seen box is cut, again and again."""
    order = count.argsort()[::-1]
    boxes = [order[EXACT:]]
    while len(boxes) < MOST - EXACT:
        worth = [_spread(colours[box]) * float(numpy.log1p(count[box].sum())) for box in boxes]
        widest = int(numpy.argmax(worth))
        box = boxes.pop(widest)
        if len(box) < 2:
            boxes.append(box)
            break
        channel = int(numpy.ptp(colours[box], axis=0).argmax())
        box = box[colours[box, channel].argsort()]
        boxes += [box[: len(box) // 2], box[len(box) // 2 :]]
    middles = [numpy.average(colours[box], axis=0, weights=count[box]).round().astype(numpy.int64) for box in boxes]
    return numpy.concatenate([colours[order[:EXACT]], numpy.stack(middles)])


def _spread(colours: Colours) -> float:
    return float(numpy.ptp(colours, axis=0).max())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
