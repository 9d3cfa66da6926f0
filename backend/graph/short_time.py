"""A text too short for what must be said of its product: said before it is written, with a length that would do."""

import math
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from backend.domain.products import Product
from backend.errors import NotFound
from backend.graph.intent.amounts import seconds_asked
from backend.graph.intent.folding import fold
from backend.graph.intent.situation import Reading
from backend.graph.state import GraphContext
from backend.quality.craft import speakable

#: More of the time than this on the name and on statements leaves no script around them.
_MOST: Final = 0.5
#: Characters of a name, a point, a price and a call to act: what a text is written for.
_REST: Final = 75
_STEP: Final = 5
_SHOWN: Final = 60
_AS_ASKED: Final = "就按"


async def with_time(
    reading: Reading, slots: dict[str, Any], message: str, pace: int, context: GraphContext, stamp: UUID | None
) -> Reading:
    """Ask for a longer time when statements that must be said would fill the one that is asked for in words.

    `pace` is the host's, in characters a minute. Who was asked and wants it all the same is not asked again.
    """
    seconds, product_id = reading.slots.get("seconds"), slots.get("product_id")
    if reading.kind not in ("write", "switch_product", "restyle", "regenerate") or not seconds or not product_id:
        return reading
    if f"{_AS_ASKED}{seconds}秒" in fold(message):
        return reading
    try:
        product = await context.profiles.product(context.db, context.tenant_id, stamp, UUID(product_id))
    except NotFound:
        return reading
    doubt = _doubt(product, seconds, message, pace)
    if doubt is None:
        return reading
    return replace(
        reading,
        kind="unclear",
        missing="short",
        slots={**reading.slots, "short": doubt},
        reason="statements fill the time",
        confidence=0.9,
    )


def _doubt(product: Product, seconds: int, message: str, pace: int) -> dict[str, Any] | None:
    statements = [one.rstrip("。！") for one in product.required_statements]
    needed = sum(speakable(one) for one in statements)
    room = round(seconds * pace / 60)
    # The name is said as well, whatever else is.
    if not needed or needed + speakable(product.name) <= room * _MOST:
        return None
    better = math.ceil(max(needed + _REST, needed / _MOST) * 60 / pace / _STEP) * _STEP
    shown = "；".join(statements)
    left = max(room - needed, 0)
    said = message.strip().rstrip("。！？!?.,， ")
    longer = seconds_asked(fold(said), pace)[1].strip(" ,")
    rest = f"只剩 {left} 字，卖点和价格讲不了几个" if left else "连提示都念不完"
    question = (
        f"{seconds} 秒大约念 {room} 字，「{product.name}」必须念的提示就有 {needed} 字"
        f"（{shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}），{rest}。要不要加到 {better} 秒？"
    )
    return {
        "question": question,
        "options": [
            [f"加到 {better} 秒", f"{longer}，{better}秒"],
            [f"还是 {seconds} 秒，只留品名、一个卖点和提示", f"{said}，{_AS_ASKED}{seconds}秒"],
        ],
    }
