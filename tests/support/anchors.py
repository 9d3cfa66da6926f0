"""Work out the anchors of every pattern that comes with a release: what `quality/rules/anchors.json` holds."""

import re
import sys

import orjson

from backend.quality.anchors import work_out
from backend.quality.layering import PLATFORMS, layered


def anchors() -> bytes:
    """Return the content of the file, the patterns in their order, one a line."""
    rules = [one.rule for platform in (None, *PLATFORMS) for one in layered(platform)]
    sources = dict.fromkeys(pattern.pattern for rule in rules for pattern in rule.patterns)
    lines = []
    for source in sources:
        found = work_out(source, re.IGNORECASE)
        value = orjson.dumps([sorted(found.literals), list(found.others), found.width])
        lines.append(orjson.dumps(source) + b": " + value)
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(anchors())
