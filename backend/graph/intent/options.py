"""What we ask when a request is not clear, and the answers we offer: each a whole request of its own."""

from typing import Final

from backend.graph.intent.folding import fold
from backend.graph.intent.planning import Plan, plans
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.unheld import IN_GENERAL, nearest
from backend.graph.intent.vocabulary import SCENARIO_NAMES

_MOST: Final = 6
_USUAL: Final = ("opening", "selling_points", "promotion", "seeding", "transition", "closing")


def question_of(  # noqa: PLR0911, PLR0912 -- one return a question
    reading: Reading, situation: Situation, message: str, room_id: str | None = None
) -> str:
    """Return the one question to ask; empty when nothing is unclear. `room_id` is the room at hand."""
    if reading.kind not in ("unclear", "batch"):
        return ""
    product = reading.slots.get("product_name") or situation.product_name
    scenario = SCENARIO_NAMES.get(reading.scenario or "", "")
    match reading.missing:
        case "scenario":
            about = f"「{product}」" if product else ""
            return f"{about}要写哪一种？选一个，或者直接说说你的要求。"
        case "product" if reading.candidates:
            return "有几个商品都对得上，要写哪一个？"
        case "product":
            lead = f"这段{scenario}" if scenario else "接下来"
            return f"{lead}讲哪个商品？选一个，或者直接告诉我商品名。"
        case "draft" if situation.drafts:
            return "这个对话里只有一段稿子，没有别的可以合进来。先补哪一段？"
        case "draft":
            return "这个对话里还没有稿子可以接着改。先写哪一种？"
        case "wish":
            return "记住了，以后的稿子都照这个要求写。先写哪一种？"
        case "unheld":
            near = nearest(product or "", list(situation.products))
            about = "名字接近的有下面几个。" if near else "库里没有名字相近的。"
            return (
                f"商品库里没有「{product}」，{about}要写哪一个？也可以按通用的写：价格、参数、赠品一个都不会编，"
                "凡是按类目推测的都会标出来。"
            )
        case "short":
            return str(reading.slots["short"]["question"])
        case "unsayable":
            return str(reading.slots["unsayable"]["question"])
        case "language":
            return "我目前只写普通话的稿子，别的语言和方言写不了，也不会拿普通话冒充。要用普通话写吗？"
        case "host":
            return f"没有找到叫「{reading.slots['stranger']}」的主播或直播间。给谁写？"
        case "odds":
            return str(reading.slots["odds"]["question"])
        case "several" if offered := plans(reading, situation, message, room_id):
            return _asked_plan(offered)
        case "several" if not situation.rooms:
            return "一次写很多段要先有一个直播间，现在一个都没有。可以先一段一段写，先写哪一个？"
        case "several":
            return "我一次写一段，写完审好再写下一段。先写哪一个？"
        case _:
            return "没太明白你的意思。你是想要下面哪一个？"


def options_of(  # noqa: PLR0911 -- one return a question
    reading: Reading, situation: Situation, message: str, room_id: str | None = None
) -> list[dict[str, str]]:
    """Return up to six answers made of the tenant's own products and our segments."""
    if reading.kind not in ("unclear", "batch"):
        return []
    said = message.strip().rstrip("。！？!?.,， ")
    match reading.missing:
        case "scenario":
            return [_option(SCENARIO_NAMES[key], f"{said}，写{SCENARIO_NAMES[key]}") for key in _USUAL]
        case "product":
            return _products(reading, situation, said)
        case "unheld":
            return _instead(reading, situation, said)
        case "short":
            return [_option(label, value) for label, value in reading.slots["short"]["options"]]
        case "unsayable":
            return [_option(label, value) for label, value in reading.slots["unsayable"]["options"]]
        case "language":
            return [_option("用普通话写", f"{said}，用普通话写")]
        case "host":
            hosts = [
                _option(name, _with_host(said, reading.slots["stranger"], name)) for name in situation.hosts.values()
            ]
            return [*hosts[: _MOST - 1], _option("不指定主播", f"{said}，不指定主播")]
        case "odds":
            return [_option(label, value) for label, value in reading.slots["odds"]["options"]]
        case "several" if offered := plans(reading, situation, message, room_id):
            first = offered[0]
            single = f"写一段{first.products[0].name}的{SCENARIO_NAMES[first.segments[0]]}"
            return [
                *(_option(_label(plan, offered), plan.line()) for plan in offered),
                _option(f"先只{single}", single),
                _option("先不写", "先不写了"),
            ]
        case "several":
            scenario = SCENARIO_NAMES.get(reading.scenario or "", "卖点介绍")
            return [_option(known.name, f"写一段{known.name}的{scenario}") for known in situation.products[:_MOST]]
        case _:
            return _starts(reading, situation)


def _asked_plan(offered: list[Plan]) -> str:
    plan = offered[0]
    names = "、".join(known.name for known in plan.products[:8])
    more = f"等 {len(plan.products)} 款" if len(plan.products) > 8 else f"（{len(plan.products)} 款）"
    segments = "、".join(SCENARIO_NAMES[one] for one in plan.segments)
    count = len(plan.items())
    rooms = {one.room for one in offered}
    where = f"放进{plan.room[1]}的节目单" if len(rooms) == 1 else "还要定在哪个直播间"
    return (
        f"{names}{more}，每款写{segments}，一共 {count} 段、约 {plan.total_seconds} 秒，{where}；"
        "写好一段送审一段。确认开写吗？"
    )


def _label(plan: Plan, offered: list[Plan]) -> str:
    segments = "＋".join(SCENARIO_NAMES[one] for one in plan.segments)
    where = f"{plan.room[1]}：" if len({one.room for one in offered}) > 1 else ""
    return f"{where}开写 {len(plan.items())} 段（{segments} × {len(plan.products)} 款）"


def _with_host(said: str, stranger: str, name: str) -> str:
    # Traditional characters are folded in the reading: the name may stand otherwise in the message.
    return said.replace(stranger, name, 1) if stranger in said else f"{said}，主播是{name}"


def _products(reading: Reading, situation: Situation, said: str) -> list[dict[str, str]]:
    fits = [known for known in situation.products if not reading.candidates or known.id in reading.candidates]
    if reading.then == "switch":
        others = [known for known in fits if known.id != situation.product_id]
        return [_option(known.name, f"换成{known.name}") for known in others[:_MOST]]
    free = reading.scenario in ("opening", "transition") and not reading.candidates
    options = [_option(known.name, f"{said}，产品是{known.name}") for known in fits[: _MOST - free]]
    return [*options, _option("不限商品", f"{said}，不限产品")] if free else options


def _instead(reading: Reading, situation: Situation, said: str) -> list[dict[str, str]]:
    """Offer the nearest products (or the first there are), and to write without a record."""
    name, scenario = str(reading.slots["product_name"]), SCENARIO_NAMES.get(reading.scenario or "", "卖点介绍")
    near = nearest(name, list(situation.products)) or list(situation.products[:3])
    options = []
    for known in near:
        at = fold(said).find(fold(name))
        same = at >= 0 and fold(said[at : at + len(name)]) == fold(name)
        value = f"{said[:at]}{known.name}{said[at + len(name) :]}" if same else f"写一段{known.name}的{scenario}"
        options.append(_option(known.name, value))
    return [*options, _option(f"按通用的写{name}（不带价格参数）", f"{said}，{IN_GENERAL}")]


def _starts(reading: Reading, situation: Situation) -> list[dict[str, str]]:
    options = []
    if situation.drafts and reading.missing != "draft":
        options = [_option("再短一点", "再短一点"), _option("换一版", "换一版"), _option("接着写", "接着往下写")]
    name = reading.slots.get("product_name") or situation.product_name
    names = [name] if name else [known.name for known in situation.products[:2]]
    for one in names:
        for key in ("opening", "selling_points", "promotion"):
            options.append(_option(f"{one} · {SCENARIO_NAMES[key]}", f"写一段{one}的{SCENARIO_NAMES[key]}"))
    return options[:_MOST] or [_option("下播收尾", "写一段下播收尾")]


def _option(label: str, value: str) -> dict[str, str]:
    return {"label": label, "value": value}
