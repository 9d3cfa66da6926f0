"""Answers out of what the room holds: its products, hosts and rooms, and the texts of the conversation."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from backend.domain.products import Product
from backend.domain.rooms import list_rooms
from backend.domain.scripts import count_of_thread, of_thread
from backend.errors import NotFound
from backend.graph.catalogue import seen_now, stamp_for
from backend.graph.intent.naming import Known
from backend.graph.intent.tripwire import planted, without_orders
from backend.graph.intent.unheld import nearest
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState

#: So many names are read in a chat; the rest are counted, and found on their page.
_MOST: Final = 30
_MOST_TEXTS: Final = 12


async def own_answer(state: ScriptState, context: GraphContext) -> str | None:
    """Return the answer to a question about our own data; None when it is about nothing that we hold."""
    slots = state["slots"]
    subject = state["reading"]["slots"].get("subject")
    if subject in ("products", "hosts", "held"):
        return await _of_the_catalogue(subject, str(slots.get("product_name") or ""), context)
    if subject == "rooms":
        async with context.db.tenant(context.tenant_id) as conn:
            return _listed("直播间", [room.name for room in await list_rooms(conn)], "间")
    if subject == "texts":
        return await _texts(context)
    if subject is None or not slots.get("product_id"):
        return None
    product = await _record(state, context, slots["product_id"])
    return None if product is None else _of_the_record(subject, product)


async def stock_on_record(state: ScriptState, context: GraphContext) -> str:
    """Return what the catalogue says of the stock that is asked about; empty when it says nothing."""
    id_ = state["slots"].get("product_id")
    product = await _record(state, context, id_) if id_ else None
    if product is None or "stock" not in product:
        return ""
    stock = f"{product['stock']}{product.get('unit') or '件'}"
    return f"商品库里登记的「{product['name']}」库存是 {stock}，实时数以店铺后台为准。"


async def _record(state: ScriptState, context: GraphContext, product_id: str) -> dict[str, Any] | None:
    try:
        found: Product = await context.profiles.product(
            context.db, context.tenant_id, await stamp_for(state, context), UUID(product_id)
        )
    except NotFound:
        return None
    return without_orders({"id": product_id, **found.brief()})[0]


async def _of_the_catalogue(subject: str, asked: str, context: GraphContext) -> str:
    async with context.db.tenant(context.tenant_id) as conn:
        stamp, _ = await seen_now(conn, context)
        names = await context.profiles.names(conn, context.tenant_id, stamp)
    if subject == "hosts":
        return _listed("主播", [host.name for host in names.hosts], "位")
    if subject == "products":
        return _listed("商品", [entry.name for entry in names.products], "款")
    products = [Known(str(one.id), one.name, one.brand, one.category, tuple(one.aliases)) for one in names.products]
    held = next((one.name for one in products if one.name == asked), None)
    if held is not None:
        return f"有的，商品库里是「{held}」。要写它的哪一段，直接说就行。"
    near = _sayable([one.name for one in nearest(asked, products)])
    also = f"名字接近的有：{'、'.join(near)}。" if near else ""
    return f"商品库里没有「{asked}」。{also}要写没有资料的商品，先到“商品”页录入，价格和卖点才能写进稿子。"


async def _texts(context: GraphContext) -> str:
    async with context.db.tenant(context.tenant_id) as conn:
        total = await count_of_thread(conn, context.thread_id)
        shown = list(range(max(total - _MOST_TEXTS, 0) + 1, total + 1))
        drafts = await of_thread(conn, context.thread_id, shown) if shown else []
    if not drafts:
        return "这个对话里还没有写过稿子。告诉我商品和环节，我来起草。"
    segments = [SCENARIO_NAMES.get(draft.slots.get("scenario") or "", "口播") for draft in drafts]
    lines = [
        f"{draft.number}. {draft.product_name or '不限产品'} · {segment}"
        for draft, segment in zip(drafts, segments, strict=True)
    ]
    before = f"（前 {total - len(drafts)} 段没有列出）" if total > len(drafts) else ""
    return f"这个对话里写了 {total} 段{before}：\n" + "\n".join(lines)


def _of_the_record(subject: str, product: dict[str, Any]) -> str:
    name = product["name"]
    told = {
        "price": _price(product),
        "gifts": "、".join(map(str, product.get("gifts", []))),
        "points": "；".join(
            _sayable([str(one.get("feature") or one.get("benefit")) for one in product.get("points", [])])
        ),
    }
    if subject == "record":
        facts = [f"{key}：{value}" for key, value in product.get("facts", {}).items()]
        parts = [("价格", told["price"]), ("赠品", told["gifts"]), ("卖点", told["points"]), ("参数", "；".join(facts))]
        lines = [f"{label}：{text}" for label, text in parts if text]
        return (
            f"商品库里「{name}」登记的是：\n" + "\n".join(lines)
            if lines
            else f"「{name}」在商品库里只有名字，还没有填资料。"
        )
    label = {"price": "价格", "gifts": "赠品", "points": "卖点"}[subject]
    if not told[subject]:
        return f"商品库里「{name}」没有登记{label}，所以稿子里也不会写。到“商品”页补上就能用。"
    return f"「{name}」商品库里登记的{label}：{told[subject]}。"


def _price(product: dict[str, Any]) -> str:
    if "price" not in product:
        return ""
    unit = f"/{product['unit']}" if product.get("unit") else ""
    said = f"{product['price']} 元{unit}"
    if "list_price" in product:
        said += f"，划线价 {product['list_price']} 元"
    steps = [f"{step['quantity']} 件 {step['total']} 元" for step in product.get("price_ladder", [])]
    return "，".join([said, *steps])


def _sayable(names: Sequence[str]) -> list[str]:
    """Leave out what is an order to whoever reads it."""
    return [name for name in names if not planted(name)]


def _listed(what: str, names: Sequence[str], counter: str) -> str:
    said = _sayable(names)
    if not said:
        return f"现在一{counter}{what}都没有，管理员可以在“{what}”页里添加。"
    more = f"，另外还有 {len(said) - _MOST} {counter}在“{what}”页里" if len(said) > _MOST else ""
    return f"现在有 {len(said)} {counter}{what}：{'、'.join(said[:_MOST])}{more}。"
