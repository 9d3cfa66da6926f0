"""The brief of a script made ready for the writer: cleaned, typed, with what was asked already decided."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import Any, Final

from backend.llm.adapters.offline.asks import Asks, styles_in, together, topic_named, understand
from backend.llm.adapters.offline.claims import risky
from backend.llm.adapters.offline.phrases import Kind, kind_of
from backend.llm.adapters.offline.speech import speakable, spoken_length

SCENARIOS: Final = ("opening", "selling_points", "promotion", "seeding", "transition", "closing")
_DEFAULT_SECONDS: Final = {
    "opening": 30, "selling_points": 60, "promotion": 45, "seeding": 60, "transition": 15, "closing": 25,
}  # fmt: skip
#: Spoken characters of a sentence, when a script is asked for in sentences.
_SENTENCE: Final = 14
#: A catchphrase that only calls the listeners: it is how they are addressed, and no sentence.
_CALL: Final = re.compile("^[^，。！？]{1,3}们$")
#: What would urge to drink (广告法 23): amounts for a sitting, finishing it, effects, driving.
_TEMPTING: Final = re.compile(
    "一[顿餐口人天晚次][^，。]{0,3}[瓶杯盅两斤口]|剩不下|喝[完光个干]|干杯|一口闷|多喝|畅饮|豪饮|管够|不醉|不上头|醒得快|解乏|助眠|好睡|暖身|驱寒|活血|养生|解压|放松|壮|开车|停不下来|过瘾"
)
#: What stands behind a thing when it is asked for: 保温时间 asks for what the record says of 保温.
_ASKED_OF: Final = re.compile(
    "(?:的?(?:时间|时长|效果|功能|问题|情况|参数|数据|信息|能力|性能|特点|优势|卖点|方面|这一?[点个块]|多久|程度))+$"
)
#: Evidence that is only the name of a paper.
_PAPER: Final = re.compile("[^，。：]{2,24}(?:证|证书|认证|书|报告|备案|许可证|合格|标识)")
#: Pieces of a pack: 60片, 25ml×10片, 5包装.
_PIECES: Final = re.compile(r"(?<![\d.])(\d{1,3})\s*([片粒颗包支袋册本条枚])(?=装|$|[\s，。）)])")
_NAME_MARKS: Final = re.compile(r"【[^】]*】|\[[^\]]*\]|（[^）]*）|\([^)]*\)|[{}<>#*_`|]")
_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")
_ADDRESSES: Final = {
    "活泼": ("家人们", "宝子们", "朋友们"),
    "幽默": ("家人们", "朋友们"),
    "专业": ("大家", "各位"),
    "温柔": ("大家", "朋友们"),
    "简洁": ("大家", "各位"),
    "紧迫": ("家人们", "朋友们"),
}
#: Where people mourn nothing is funny and nothing hurries.
MOURNING: Final = "祭奠"
LOUD: Final = frozenset({"活泼", "幽默", "紧迫"})
_HEARD: Final = ("recalled", "history", "aired")
#: Who has the thing bought for them, and is not the one who listens; kinds of skin and hair; nobody to call by name.
_CARED_FOR: Final = re.compile("(?:孩子|小孩|小朋友|宝宝|婴儿|幼儿|娃|老人家?|长辈|爸妈|父母|爷爷奶奶|猫咪?|狗狗?)$")
_CONDITION: Final = re.compile("(?:肌|皮|肤|发|头|身材|体型|脚型|脸型|星人)$")
_CROWD: Final = re.compile("的?(?:人群|群体|用户|粉丝|观众|受众|客户|消费者|人士)$")
_NOT_CALLED: Final = re.compile("病|症|患|孕|癌|三高|血[糖压脂]|产后|术后|[死穷丑胖]")
_AUDIENCES: Final = ("宝妈", "宝爸", "上班族", "打工人", "学生党", "姐妹", "车主", "养宠人", "铲屎官", "健身人", "老师")


@dataclass(frozen=True, slots=True)
class Point:
    feature: str
    benefit: str
    proof: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a script is composed from. `target` is in spoken characters; money is as it is said."""

    scenario: str
    action: str
    styles: tuple[str, ...]
    target: int
    pace: int
    name: str
    call: str
    short: str
    brand: str
    category: str
    kind: Kind | None
    address: tuple[str, ...]
    #: For whom the request wants the text, as they are called: ("宝妈们",).
    audience: tuple[str, ...]
    host: str
    catchphrases: tuple[str, ...]
    points: tuple[Point, ...]
    assumed: tuple[Point, ...]
    facts: tuple[tuple[str, str], ...]
    evidence: tuple[str, ...]
    price: Decimal | None
    list_price: Decimal | None
    #: What so many cost together, where that is less than so many times the price.
    ladder: tuple[tuple[int, Decimal], ...]
    unit: str
    stock: int | None
    gifts: tuple[str, ...]
    required: tuple[str, ...]
    #: Shapes that the beginning must not have, shapes it is to have, and words that must not stand in it (`Asks`).
    begin_without: frozenset[str]
    begin_with: frozenset[str]
    not_first: tuple[str, ...]
    say: tuple[str, ...]
    unsay: tuple[str, ...]
    drop: frozenset[str]
    want: frozenset[str]
    heard: str
    #: The first sentences of what the room and this conversation have heard, without the product's name.
    openings: tuple[str, ...]
    #: What bothers people who look for such a thing, and where they use it: the category's common knowledge.
    pains: tuple[str, ...]
    scenes: tuple[str, ...]
    #: A piece of the pack and its share of the price as it is said: ("片", "不到0.8元").
    each: tuple[str, str] | None
    #: Features and names of facts that were asked for: they are said however short the script is.
    focus: frozenset[str]


def read_sheet(brief: Mapping[str, Any]) -> Sheet:  # noqa: PLR0915 -- a line for each thing that is decided
    """Return the sheet of a brief. Whatever is missing, empty or of the wrong type is simply not said."""
    product, host = _mapping(brief.get("product")), _mapping(brief.get("host"))
    asks = together([*map(_text, _list(brief.get("remarks"))), _text(brief.get("feedback"))])
    request = understand(_text(brief.get("request")))
    scenario = brief.get("scenario") if brief.get("scenario") in SCENARIOS else "selling_points"
    previous = _text(brief.get("previous_script"))
    unsay = [*_forbidden(brief), *asks.unsay, *request.unsay]
    drop, want = _with_blocks(brief, asks.drop | (request.drop - asks.want), asks.want | request.want)
    if any(re.fullmatch("价格|价钱|多少钱|价", term) for term in unsay):
        drop.add("price")
    name = _name(product)
    # The name must be said and cannot be forbidden; a finding about a whole paragraph says nothing about its words.
    unsay = [term for term in dict.fromkeys(unsay) if term and term not in name and len(term) <= 60]
    aliases = sorted(filter(None, (speakable(one) for one in _list(product.get("aliases")))), key=len)
    brand, category = speakable(product.get("brand")), speakable(product.get("category"))
    kind = kind_of(name, category)
    name = name or category or "这款商品"
    short = _short(name, brand, kind)
    spoken_name = re.sub(r"\s+\S*\d.*$", "", name)
    spoken_name = spoken_name if len(spoken_name) >= 3 else name
    # Said again and again a long name is all that is heard: where people have a shorter one, it is called by that.
    long = 10 if aliases else 14
    sayable = spoken_length(spoken_name) <= long and re.search("[\u4e00-\u9fff]", spoken_name)
    call = spoken_name if sayable else next((one for one in aliases if len(one) >= 2), short)
    price = _money(product.get("price"))
    list_price = _money(product.get("list_price"))
    stock = product.get("stock")
    pace = brief.get("pace")
    pace = int(pace) if isinstance(pace, int | float) and 80 <= pace <= 500 else 260
    seconds = _seconds(brief, (asks, request), previous, scenario=str(scenario), pace=pace)
    points = _points(product.get("points"))
    assumed = _points(brief.get("assumed"))
    if brief.get("action") == "continue":
        told = _bare("\n".join([previous, *(_text(one) for one in _list(brief.get("history")))]))
        points = [one for one in points if _bare(one.feature or one.benefit) not in told]
    if kind is not None and kind.noun == "酒":
        points = [one for one in points if not _TEMPTING.search(one.feature)]
        points = [Point(one.feature, "" if _TEMPTING.search(one.benefit) else one.benefit, one.proof) for one in points]
        points = [one for one in points if one.feature]
    told = _bare(previous) if brief.get("action") == "join" else ""
    facts, evidence = _on_record(product, previous if brief.get("action") == "continue" else "")
    wanted_by = [speakable(one) for one in _list(brief.get("audience"))]
    called = _called(wanted_by)
    styles = _styles(brief, host, asks, request)
    mourning = kind is not None and kind.noun == MOURNING
    if mourning:
        styles = tuple(one for one in styles if one not in LOUD)
    must_say = [one for one in map(_text, _list(brief.get("must_say"))) if one]
    # 提一下价格 wants the price said, not the word.
    topics = {one: topic for one in must_say if (topic := topic_named(one)) is not None}
    must_say, want = [one for one in must_say if one not in topics], want | {*topics.values()}
    named = [one for one in must_say if len(one) <= 8 and not re.search(r"[\d一二两三四五六七八九十百]", one)]
    # What the request wants said was read where it was understood (`must_say`); here it only leads to the record.
    mentions, say = _mentions([*asks.mention, *request.mention], points, facts)
    say = [one for one in say if one in asks.sayable]
    asked_for = {one: _mentions([one], points, facts)[0] for one in named}
    mentions |= set().union(*asked_for.values())
    # What the texts that become one have told is told by the one as well.
    mentions |= {one.feature + one.benefit for one in points if told and _bare(one.feature or one.benefit) in told}
    # A thing of the record that must be said is said with what the record knows of it, not by its name alone.
    must_say = [one for one in must_say if not asked_for.get(one)]
    # Said by a statement it is not said once more beside it.
    stated = [_text(one) for one in _list(product.get("required_statements"))]
    must_say = [one for one in must_say if not any(one in statement for statement in stated)]
    if previous and brief.get("action") in {"restyle", "join"}:
        want, drop = _as_before(previous, price, stock, want, drop)
        if any(_bare(speakable(gift)) in _bare(previous) for gift in _list(product.get("gifts"))):
            want |= {"gift"} - drop
    return Sheet(
        scenario=str(scenario),
        action=str(brief.get("action") or "write"),
        styles=styles,
        target=max(18, round(seconds * pace / 60)),
        pace=pace,
        name=name,
        call=call,
        short=next((one for one in aliases if 2 <= len(one) <= 8), short),
        brand="" if risky(brand) or brand in name else brand,
        category=category,
        kind=kind,
        address=called or (("大家", "各位") if mourning else _addresses(host, styles)),
        audience=called,
        host=speakable(host.get("name")),
        catchphrases=tuple(
            one
            for one in (speakable(said) for said in _list(host.get("catchphrases")))
            if one and not risky(one) and not _CALL.search(one)
        ),
        points=tuple(sorted(
            points, key=lambda one: (one.feature + one.benefit not in mentions, not _touches(one, wanted_by))
        )),
        assumed=tuple(assumed),
        facts=tuple(sorted(
            (one for one in facts if all(one) and not risky("".join(one)) and len(one[1]) <= 40),
            key=lambda one: one[0] not in mentions,
        )),
        evidence=tuple(one for one in evidence if one and not risky(one)),
        price=price,
        list_price=list_price if price is not None and list_price is not None and list_price > price else None,
        # More bottles at once would be an inducement.
        ladder=() if kind is not None and kind.noun == "酒" else _ladder(product.get("price_ladder"), price),
        unit=_text(product.get("unit")) if 1 <= len(_text(product.get("unit"))) <= 2 else "",
        stock=stock if isinstance(stock, int) and not isinstance(stock, bool) and stock > 0 else None,
        gifts=tuple(one for one in (speakable(gift) for gift in _list(product.get("gifts"))) if one and not risky(one)),
        required=tuple(filter(None, (_text(one) for one in _list(product.get("required_statements"))))),
        say=tuple(
            one.strip()
            for one in dict.fromkeys([*must_say, *asks.say, *request.say, *say])
            if one.strip() and not any(term in one for term in unsay)
        ),
        # What a reviewer says of the draft comes before what the request said.
        begin_without=frozenset(asks.begin_without | (request.begin_without - asks.begin_with)),
        begin_with=frozenset(asks.begin_with | (request.begin_with - asks.begin_without)),
        not_first=tuple(dict.fromkeys([*asks.not_first, *request.not_first])),
        unsay=tuple(unsay),
        drop=frozenset(drop),
        want=frozenset(want - drop),
        focus=frozenset(mentions),
        pains=_known(brief, "pains"),
        scenes=_known(brief, "scenes"),
        each=_each(product, name, price),
        heard="\n".join([previous, *(_text(one) for key in _HEARD for one in _list(brief.get(key)))]),
        openings=tuple(
            opening_of(one, name)
            for one in (previous, *(_text(one) for key in ("aired", "recalled") for one in _list(brief.get(key))))
            if one
        ),
    )  # fmt: skip


def _forbidden(brief: Mapping[str, Any]) -> list[str]:
    """Return what the request, the host or a finding does not want to be said."""
    found = [_text(_mapping(one).get("excerpt")) for one in _list(brief.get("findings"))]
    taboo = _list(_mapping(brief.get("host")).get("taboo_words"))
    return [*map(_text, _list(brief.get("must_not_say"))), *map(_text, taboo), *found]


def _with_blocks(brief: Mapping[str, Any], drop: set[str], want: set[str]) -> tuple[set[str], set[str]]:
    """Add the blocks that are to come early, or not at all, where nobody asked otherwise."""
    blocks = _mapping(brief.get("blocks"))
    more, less = (set(map(_text, _list(blocks.get(key)))) for key in ("more", "less"))
    return drop | (less - want), want | (more - drop)


def opening_of(text: str, name: str) -> str:
    """Return the first sentence of a text as it is compared with others: bare, without the product's name."""
    return re.sub(r"\W", "", re.split(r"[。！？!?\n]", text.strip(), maxsplit=1)[0].replace(name, ""))


def _on_record(product: Mapping[str, Any], told: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Return facts and evidence as they are said; a text that goes on leaves out what it has `told`."""
    facts = [(speakable(key), _measured(speakable(value))) for key, value in _mapping(product.get("facts")).items()]
    evidence = [_carried(one) for one in _list(product.get("evidence"))]
    evidence = [f"{one}，可以核对" if _PAPER.fullmatch(one) else one for one in evidence]
    heard = _bare(told)
    return (
        [one for one in facts if not heard or _bare(one[1]) not in heard],
        [one for one in evidence if not heard or _bare(one)[:10] not in heard],
    )


def _known(brief: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(filter(None, (speakable(one) for one in _list(_mapping(brief.get("category")).get(key)))))


def _each(product: Mapping[str, Any], name: str, price: Decimal | None) -> tuple[str, str] | None:
    """Return what one piece costs, when the record leaves no doubt how many there are."""
    texts = [name, *(_text(value) for value in _mapping(product.get("facts")).values())]
    found = {(hit[2], int(hit[1])) for text in texts for hit in _PIECES.finditer(text)}
    if price is None or len(found) != 1:
        return None
    counter, count = found.pop()
    exact = price / count
    if count < 2 or exact < Decimal("0.1"):
        return None
    if exact == exact.quantize(Decimal("0.1")):
        return counter, f"{said_money(exact.quantize(Decimal('0.1')))}元"
    return counter, f"不到{said_money(exact.quantize(Decimal('0.1'), ROUND_UP))}元"


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text)


def _measured(value: str) -> str:
    """Return a fact as it is said: "6小时68度" is a temperature after a time."""
    return re.sub(r"(\d+(?:\.\d+)?(?:小时|分钟))(\d+(?:\.\d+)?度)", r"\1后\2", value)


def _carried(evidence: object) -> str:
    """Return a piece of evidence with its result in a sentence of its own, which a bare row of figures is not."""
    head, colon, result = re.sub("[:：]", "：", _text(evidence)).partition("：")
    ratio = re.search(r"(?<!\d)\d{1,2}$", head) and re.match(r"\d", result)
    if not colon or not result.strip() or ratio:
        return speakable(evidence)
    said = _measured(re.sub(r"(?<=度)环境(?=\d)", "环境下", speakable(result)))
    head = speakable(head)
    return f"{'有' if _PAPER.fullmatch(head) and head[0] != '有' else ''}{head}。上面写的是，{said}"


def _shown(proof: str) -> str:
    """Return a proof that is only the name of something with what the listener does with it."""
    if proof.startswith("现场") and len(proof) <= 10 and not re.search("看|瞧|听|大家|你|对比$", proof):
        return f"{proof}给大家看"
    if re.fullmatch("[^，。]{0,10}(?:实拍|实拍图)", proof):
        return f"看{proof}就知道"
    if re.fullmatch("[^，。]{0,10}(?:标签|配料表|成分表|报告|证书|授权书|详情页|说明书|许可证|吊牌|包装)", proof):
        return f"{proof}上就能核对"
    return proof


def _styles(brief: Mapping[str, Any], host: Mapping[str, Any], asks: Asks, request: Asks) -> tuple[str, ...]:
    named = [style for word in _list(brief.get("style")) for style in styles_in(_text(word))]
    chosen = asks.styles or named or request.styles or styles_in(_text(host.get("voice")))
    if asks.styles and named:
        chosen = [*asks.styles, *(one for one in named if one not in {"简洁"} and not _clash(one, asks.styles))]
    return tuple(dict.fromkeys(one for one in chosen if one not in asks.unwanted_styles))[:2]


def _clash(style: str, others: list[str]) -> bool:
    calm, loud = {"专业", "温柔"}, {"活泼", "紧迫", "幽默"}
    return any((style in calm and one in loud) or (style in loud and one in calm) for one in others)


def _seconds(
    brief: Mapping[str, Any], asked_by: tuple[Asks, Asks], previous: str, *, scenario: str, pace: int
) -> float:
    asks, request = asked_by
    given = brief.get("seconds")
    asked = float(given) if isinstance(given, int | float) and not isinstance(given, bool) and given > 0 else None
    before = spoken_length(previous) * 60 / pace if previous and brief.get("action") != "continue" else None
    factor = asks.factor
    if factor == 1.0:
        factor = {"shorter": 0.68, "longer": 1.45}.get(str(brief.get("length_change")), 1.0)
    if asks.seconds:
        return asks.seconds
    if count := asks.sentences or (None if request.seconds else request.sentences):
        return count * _SENTENCE * 60 / pace
    if factor != 1.0:
        base = before or asked or request.seconds or _DEFAULT_SECONDS[scenario]
        # A length asked for together with the change stands, when it goes the same way.
        if asked and asks.factor == 1.0 and before and (asked < before * 0.95) == (factor < 1) and asked != before:
            return asked if (asked < before * 0.95 or asked > before * 1.05) else before * factor
        return min(1800.0, base * factor)
    fallback = before if brief.get("action") in {"restyle", "rewrite", "join"} and before and before >= 5 else None
    return min(1800.0, asked or request.seconds or fallback or _DEFAULT_SECONDS[scenario])


def _as_before(
    previous: str, price: Decimal | None, stock: object, want: set[str], drop: set[str]
) -> tuple[set[str], set[str]]:
    """A change of tone keeps the facts: what the text named before is named again, what it did not stays out."""
    named = price is not None and said_money(price) in previous
    want, drop = set(want), set(drop)
    if named:
        want.add("price")
    elif "price" not in want:
        drop.add("price")
    if isinstance(stock, int) and str(stock) not in previous:
        drop.add("stock")
    return want, drop


def _mentions(asked: list[str], points: list[Point], facts: list[tuple[str, str]]) -> tuple[set[str], list[str]]:
    """Return what of the record is meant by the asked words, and the words that the record does not hold."""
    found: set[str] = set()
    unknown: list[str] = []
    for asked_words in asked:
        words = _ASKED_OF.sub("", asked_words)
        if len(words) < 2:
            words = asked_words
        texts = {one.feature + one.benefit: one.feature + one.benefit for one in points}
        texts |= {name: name + value for name, value in facts}
        # The fact of that very name is what was meant, before all that only touches it.
        hits = {name for name, _ in facts if name in words or words in name}
        hits = hits or {key for key, text in texts.items() if words in text or _alike(words, text)}
        found |= hits
        if not hits and len(asked_words) >= 4:
            unknown.append(asked_words)
    return found, unknown


def _alike(words: str, text: str) -> bool:
    pairs = {words[at : at + 2] for at in range(len(words) - 1)}
    return bool(pairs) and sum(pair in text for pair in pairs) / len(pairs) >= 0.5


def _name(product: Mapping[str, Any]) -> str:
    raw = _text(product.get("name"))
    return " ".join(_EMOJI.sub("", _NAME_MARKS.sub(" ", raw)).split()) or speakable(raw)


def _short(name: str, brand: str, kind: Kind | None) -> str:
    if spoken_length(name) <= 7:
        return name
    if brand and name.startswith(brand) and 2 <= spoken_length(name[len(brand) :]) <= 7:
        return name[len(brand) :].strip()
    words = [word for word in (kind.words if kind else ()) if word in name and len(word) >= 2]
    if words:
        return max(words, key=len)
    tail = re.split(r"[\s，、]", name)[-1]
    return tail if 2 <= len(tail) <= 7 and not re.search(r"[\dA-Za-z]", tail) else "这一款"


def _addresses(host: Mapping[str, Any], styles: tuple[str, ...]) -> tuple[str, ...]:
    audience = _text(host.get("audience"))
    called = [speakable(one) for one in _list(host.get("catchphrases"))]
    own = tuple(one for one in called if _CALL.search(one))
    own = own or tuple(f"{word}们" for word in _AUDIENCES if word in audience)
    return own or _ADDRESSES.get(styles[0] if styles else "", ("大家", "朋友们"))


def _called(audience: list[str]) -> tuple[str, ...]:
    """Return how those are called for whom a text is wanted; who cannot be called politely is not."""
    found = []
    for one in audience:
        word = one.removesuffix("们")
        if not 2 <= spoken_length(word) <= 10 or risky(word) or _NOT_CALLED.search(word):
            continue
        if _CARED_FOR.search(word):
            found.append(f"家里有{word}的朋友")
        elif _CROWD.search(word) or _CONDITION.search(word):
            found.append(f"{_CROWD.sub('', word)}的朋友")
        else:
            found.append(word if word.endswith("朋友") else f"{word}们")
    return tuple(dict.fromkeys(found))


def _touches(point: Point, audience: list[str]) -> bool:
    """Tell whether a point speaks of those for whom the text is wanted."""
    said = point.feature + point.benefit
    return any(one.removesuffix("们") in said for one in audience if len(one) >= 2)


def _points(value: object) -> list[Point]:
    found = []
    for one in _list(value):
        entry = one if isinstance(one, Mapping) else {"feature": one}
        feature, benefit, proof = (speakable(entry.get(key)) for key in ("feature", "benefit", "proof"))
        proof = _shown(_carried(entry.get("proof"))) if proof else ""
        point = Point(*("" if risky(text) else text for text in (feature, benefit, proof)))
        # A benefit whose feature may not be said would hang in the air.
        if point.feature or (point.benefit and not feature):
            found.append(point)
    return found


def _money(value: object) -> Decimal | None:
    if isinstance(value, bool) or value is None:
        return None
    figures = re.search(r"\d+(?:\.\d+)?", str(value).replace(",", ""))
    try:
        amount = Decimal(figures[0]) if figures else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount > 0 else None


def _ladder(value: object, price: Decimal | None) -> tuple[tuple[int, Decimal], ...]:
    steps = {}
    for one in map(_mapping, _list(value)):
        quantity, total = one.get("quantity"), _money(one.get("total"))
        if isinstance(quantity, int) and quantity > 1 and total is not None and price and total < quantity * price:
            steps[quantity] = total
    return tuple(sorted(steps.items()))


def said_money(amount: Decimal) -> str:
    """Return an amount without idle zeros: 39.90 is said 39.9."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return _text(value.get("content") or value.get("text"))
    return ""


def _list(value: object) -> list[Any]:
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
