"""Plain words for what is to be said (要说绑带, 产地说一下): a duty only where the product's record holds it.

Without the record nobody knows whether such words name a fact or a manner of speaking.
"""

from typing import Any, Final
from uuid import UUID

from backend.errors import NotFound
from backend.graph.state import GraphContext
from backend.quality import untold
from backend.quality.normalize import NUMERALS, fold
from backend.quality.record import fields_of

_FEWEST: Final = 2


async def with_held(slots: dict[str, Any], context: GraphContext, stamp: UUID | None) -> None:
    """Turn `say_if_held` of the slots into what must be said, as far as the record of their product holds it."""
    asked = slots.pop("say_if_held", None)
    if not asked or not slots.get("product_id"):
        return
    try:
        product = await context.profiles.product(context.db, context.tenant_id, stamp, UUID(slots["product_id"]))
    except NotFound:
        return
    unwanted = slots.get("must_not_say") or []
    found = [one for one in asked if one not in unwanted and holds(product.brief(), one)]
    if found:
        slots["must_say"] = list(dict.fromkeys([*(slots.get("must_say") or []), *found]))


def holds(product: dict[str, Any], words: str) -> bool:
    """Tell whether a record holds what `words` name: as it stands there, or as a matter or fact it has (产地)."""
    said = fold(words).text.strip()
    if len(said) < _FEWEST:
        return False
    fields = fields_of({key: value for key, value in product.items() if key not in _NOT_TOLD})
    figures = any(sign.isdigit() for sign in said.translate(NUMERALS))
    if any(said in one for one in fields) or (not figures and untold.is_held(said, product)):
        return True
    # 三年质保 of 质保：3年.
    signs = set(said.translate(NUMERALS))
    return any(
        signs <= set(one.translate(NUMERALS)) and any(said[at : at + 2] in one for at in range(len(said) - 1))
        for one in fields
        if len(one) <= _A_FIELD
    )


#: What is no fact to be told: keys, and the name that is said anyway.
_NOT_TOLD: Final = frozenset({"id", "name", "category", "aliases", "compliance_flags"})
#: In a longer field all characters of a word stand somewhere by chance.
_A_FIELD: Final = 40
