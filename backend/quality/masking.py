"""Takes personal data out of whole structures: states, snapshots, entries of the audit log."""

import re
from collections.abc import Mapping
from typing import Any, Final

from backend.quality.pii import find_pii, mask_pii

#: Ids and checksums of ours: their digits may look like a telephone number.
_OPAQUE: Final = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:[0-9a-f]{32}){1,2}")


def mask_values(value: Any) -> Any:
    """Return plain values (JSON, and what pydantic dumps in Python's own types) with every text in them masked.

    Findings beside the `content` that they point into keep pointing at the same words, although masks may be longer or
    shorter than what they cover.
    """
    if isinstance(value, str):
        return value if _OPAQUE.fullmatch(value) else mask_pii(value)
    if isinstance(value, dict):
        masked = {name: mask_values(inner) for name, inner in value.items()}
        if isinstance(value.get("content"), str) and isinstance(value.get("findings"), list):
            masked["findings"] = _moved(value["content"], value["findings"])
        return masked
    return [mask_values(inner) for inner in value] if isinstance(value, list) else value


def _moved(content: str, findings: list[Any]) -> list[Any]:
    hits = [hit for hit in find_pii(content) if hit.action != "keep"]
    if not hits:
        return [mask_values(finding) for finding in findings]
    text = mask_pii(content)

    def place(at: int, *, end: bool) -> int:
        moved = at
        for hit in hits:
            start, stop = hit.span
            if stop <= at:
                moved += len(hit.masked) - (stop - start)
            elif start < at:  # inside of what is masked: all of the mask, from whichever side one comes
                moved += start - at + (len(hit.masked) if end else 0)
        return moved

    def shown(finding: Any) -> Any:
        masked = mask_values(finding)
        if isinstance(finding, Mapping) and isinstance(finding.get("span"), list | tuple):
            low, high = finding["span"]
            span = (place(low, end=False), place(high, end=True))
            masked["span"] = type(finding["span"])(span)
            if finding.get("excerpt") == content[low:high]:
                masked["excerpt"] = text[slice(*span)]
        return masked

    return [shown(finding) for finding in findings]
