"""How long to wait before the same model is asked again: few times, spread out, and as the provider asks."""

import random
from typing import Final

from backend.errors import ModelError
from backend.llm.failures import policy_of

MAX_RETRIES: Final = 2
FIRST_PAUSE: Final = 0.5
#: Seconds. A provider that asks for a longer pause is not waited for; the caller learns how long it asked.
LONGEST_PAUSE: Final = 10.0
#: … and where somebody else could answer at once, not even so long.
LONGEST_PAUSE_BESIDE_ANOTHER: Final = 2.0
#: The part of `Deadlines.switch` after which the same model is not asked again while another is left …
LAST_RETRY_BESIDE_ANOTHER: Final = 1 / 3
#: … and of the time until it must be left: a retry without time for an answer would only look like one more failure.
LAST_RETRY_OF_SHARE: Final = 0.5
#: The part of `Deadlines.switch` in which a model must be left: the rest is for what hanging up takes.
LEFT_WITHIN: Final = 0.95


def pause_before(retry: int, error: ModelError, *, beside_another: bool = False) -> float | None:
    """Return the seconds to wait before the `retry`-th retry (from 1) after `error`; None when there should be none."""
    if retry > MAX_RETRIES or not policy_of(error).retry:
        return None
    longest = LONGEST_PAUSE_BESIDE_ANOTHER if beside_another else LONGEST_PAUSE
    if error.retry_after_ms is not None:
        asked = error.retry_after_ms / 1000
        # A little spread on top, or all that were told the same second come back in it.
        return asked + random.uniform(0, 0.25) if asked <= longest else None  # noqa: S311
    return random.uniform(0, min(longest, FIRST_PAUSE * 2 ** (retry - 1)))  # noqa: S311
