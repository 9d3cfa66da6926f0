"""Makes `tests/eval/*.jsonl` of their sources, the same every time: `python -m tests.support.make_sets [folder]`.

The sources are written by hand (`tests/eval/sources`); what is made here are evasions of the plain violations, numbers
that only have to be valid, and the many fillings of a pattern. A pattern with all its fillings is in one part of a set.
"""

import hashlib
import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pypinyin import lazy_pinyin

FOLDER = Path(__file__).resolve().parents[1] / "eval"
SOURCES = FOLDER / "sources"
_MARK = re.compile(r"⟦(.*?)⟧")
_KEEP = re.compile(r"⟪(.*?)⟫")


def lines_of(name: str) -> list[list[str]]:
    """The fields of a source's lines; `#` begins a comment."""
    text = (SOURCES / name).read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines() if line.strip() and not line.startswith("#")]


def part_of(template: str) -> str:
    """In which part of a set a pattern is: a third to look at while building, the rest to be judged by."""
    return "dev" if int(hashlib.sha256(template.encode()).hexdigest(), 16) % 3 == 0 else "test"


def compliance() -> Iterator[dict[str, Any]]:
    """Violations, their disguises, and what may be said."""
    plain = []
    for tier, category, marked in lines_of("compliance.txt"):
        text, spans = _MARK.sub(r"\1", marked), _MARK.findall(marked)
        case = {"type": "compliance", "tier": tier, "category": category, "text": text, "spans": spans}
        yield {**case, "split": part_of(text), "template": text}
        if tier == "lexical":
            plain.append((category, marked))
    tricks = list(_TRICKS.items())
    for place, (category, marked) in enumerate(plain):
        name, trick = tricks[place % len(tricks)]
        luck = random.Random(place)
        disguised = [trick(words, luck) for words in _MARK.findall(marked)]
        text = marked
        for words in disguised:
            text = _MARK.sub(lambda _, words=words: words, text, count=1)
        if text != _MARK.sub(r"\1", marked):
            whole = _MARK.sub(r"\1", marked)
            yield {
                "type": "compliance", "tier": "evasion", "category": category, "text": text, "spans": disguised,
                "note": name, "split": part_of(whole), "template": whole,
            }  # fmt: skip
    products = json.loads((SOURCES / "products.json").read_text(encoding="utf-8"))
    for product, expected, marked in lines_of("program.txt"):
        text = _MARK.sub(r"\1", marked)
        yield {
            "type": "compliance", "tier": "program" if expected == "violation" else "clean", "text": text,
            "spans": _MARK.findall(marked), "product": products[product], "split": part_of(text), "template": text,
        }  # fmt: skip


def _between(words: str, luck: random.Random) -> str:
    sign = luck.choice(" .·-*_/~|")
    return sign.join(words)


def _unseen(words: str, luck: random.Random) -> str:
    return luck.choice("\u200b\u200d\u2060").join(words)


def _emoji(words: str, luck: random.Random) -> str:
    at = luck.randrange(1, len(words))
    return words[:at] + luck.choice("🔥✨💊💥") + words[at:]


def _traditional(words: str, _luck: random.Random) -> str:
    import opencc

    return str(opencc.OpenCC("s2t").convert(words))


def _spelled(words: str, luck: random.Random) -> str:
    at = luck.randrange(len(words))
    return words[:at] + lazy_pinyin(words[at])[0] + words[at + 1 :]


#: Characters of the same sound that people write when a word is not to be read by machines.
_SAME_SOUND = {
    "最": "醉蕞", "治": "冶", "疗": "辽", "第": "弟递", "一": "壹", "低": "低", "信": "芯", "微": "威薇", "全": "铨", "网": "枉",
    "好": "郝", "减": "剪", "肥": "淝", "糖": "溏", "癌": "嵒", "病": "并", "药": "葯", "效": "校", "永": "泳", "久": "玖",
    "绝": "决", "对": "怼", "顶": "鼎", "级": "极", "国": "國", "家": "傢", "保": "宝", "无": "芜", "唯": "惟", "首": "手",
    "高": "糕", "杀": "刹", "菌": "君", "除": "厨", "根": "跟", "压": "鸭", "血": "雪", "脂": "支", "丰": "峰", "胸": "凶",
    "瘦": "受", "免": "勉", "疫": "亿", "力": "莉", "财": "才", "运": "云", "赚": "撰", "愈": "玉", "炎": "言", "毒": "独",
}  # fmt: skip


def _same_sound(words: str, luck: random.Random) -> str:
    places = [place for place, sign in enumerate(words) if sign in _SAME_SOUND]
    if not places:
        return _between(words, luck)
    at = luck.choice(places)
    return words[:at] + luck.choice(_SAME_SOUND[words[at]]) + words[at + 1 :]


def _wide(words: str, luck: random.Random) -> str:
    at = luck.randrange(1, len(words))
    return words[:at] + "\u3000" + words[at:]


def _split_off(words: str, luck: random.Random) -> str:
    parts = {
        "治": "氵台",
        "好": "女子",
        "胸": "月匈",
        "根": "木艮",
        "效": "交攵",
        "明": "日月",
        "减": "冫咸",
        "信": "亻言",
    }
    for sign, pieces in parts.items():
        if sign in words:
            return words.replace(sign, pieces, 1)
    return _between(words, luck)


_TRICKS: dict[str, Callable[[str, random.Random], str]] = {
    "signs between": _between,
    "unseen signs": _unseen,
    "an emoji": _emoji,
    "traditional": _traditional,
    "pinyin": _spelled,
    "same sound": _same_sound,
    "wide space": _wide,
    "taken apart": _split_off,
}


def pii() -> Iterator[dict[str, Any]]:
    """Lines with personal data that is valid in its form."""
    for place, (tier, template) in enumerate(lines_of("pii.txt")):
        luck = random.Random(1000 + place)
        filled = re.sub(
            r"\{([a-z]+)(\d*)(?: (\w+))?\}", lambda m, luck=luck: _number(m[1], m[2], m[3] or "", luck), template
        )
        text = _KEEP.sub(r"\1", _MARK.sub(r"\1", filled))
        yield {
            "type": "pii", "tier": tier, "text": text, "spans": _MARK.findall(filled), "keep": _KEEP.findall(filled),
            "split": part_of(template), "template": template,
        }  # fmt: skip


def _digits(count: int, luck: random.Random) -> str:
    return "".join(luck.choice("0123456789") for _ in range(count))


def _number(kind: str, count: str, form: str, luck: random.Random) -> str:
    match kind:
        case "mobile":
            return _mobile(form, "1" + luck.choice("356789") + luck.choice("123456789") + _digits(8, luck))
        case "id":
            number = _id_card(luck)
            if form == "lower":
                while not number.endswith("X"):
                    number = _id_card(luck)
                return number.lower()
            return f"{number[:6]} {number[6:14]} {number[14:]}" if form == "spaced" else number
        case "card":
            number = _luhn("62" + luck.choice(("2202", "1700", "2848", "1226")) + _digits(12, luck))
            return " ".join(number[at : at + 4] for at in range(0, 19, 4)) if form == "spaced" else number
        case "landline":
            return f"0{luck.choice(('571', '28', '755', '512'))}-8{_digits(7, luck)}"
        case "area":
            return luck.choice(("571", "755", "512", "451"))
        case "local":
            return "8" + _digits(7, luck)
        case "order":
            return "2" + _digits(15, luck)
        case "qq":
            return luck.choice("123456789") + _digits(8, luck)
        case "plate":
            if form == "green":
                return "浙AD" + _digits(5, luck)
            return "沪B" + ("·" if form == "dotted" else "") + luck.choice("KMNP") + _digits(4, luck)
        case "digits":
            return _digits(int(count), luck)
    raise ValueError(kind)


def _mobile(form: str, number: str) -> str:
    groups = (number[:3], number[3:7], number[7:])
    match form:
        case "spaced":
            return " ".join(groups)
        case "dashed":
            return "-".join(groups)
        case "dots":
            return ".".join(groups)
        case "full":
            return "".join(chr(ord(sign) + 0xFEE0) for sign in number)
        case "chinese":
            return "".join("零一二三四五六七八九"[int(sign)] for sign in number)
    return number


def _id_card(luck: random.Random) -> str:
    day = f"{luck.randrange(1960, 2005)}{luck.randrange(1, 13):02}{luck.randrange(1, 28):02}"
    body = luck.choice(("330106", "110105", "440305", "510107")) + day + _digits(3, luck)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(sign) * weight for sign, weight in zip(body, weights, strict=True)) % 11]


def _luhn(body: str) -> str:
    total = sum(sum(divmod(int(sign) * (2 if place % 2 == 0 else 1), 10)) for place, sign in enumerate(reversed(body)))
    return body + str(-total % 10)


def scripts() -> Iterator[dict[str, Any]]:
    """Clean scripts, and each of them with one thing after the other gone wrong."""
    products = json.loads((SOURCES / "products.json").read_text(encoding="utf-8"))
    others = {key: [one["name"] for name, one in products.items() if name != key] for key in products}
    for place, given in enumerate(json.loads((SOURCES / "scripts.json").read_text(encoding="utf-8"))):
        product = products[given["product"]]
        brief = {key: given[key] for key in ("scenario", "seconds", "request")} | {
            "product": product, "other_products": others[given["product"]],
        }  # fmt: skip
        clean = {"type": "script", "text": given["text"], "brief": brief, "split": "test", "template": given["request"]}
        yield {**clean, "tier": "clean"}
        for name, (defect, planted) in _PLANTED.items():
            text, changed = planted(given["text"], product, random.Random(place))
            if text != given["text"] or changed:
                yield {**clean, "text": text, "brief": brief | changed, "tier": name, "defects": [defect]}


_Planted = Callable[[str, dict[str, Any], random.Random], tuple[str, dict[str, Any]]]


def _sentences(text: str) -> list[str]:
    return re.findall(r"[^。？！]*[。？！]", text)


def _dearer(text: str, product: dict[str, Any], _luck: random.Random) -> tuple[str, dict[str, Any]]:
    said = {
        "野坡土蜂蜜": ("八十九", "七十九"),
        "逐风轻跑鞋": ("三百二十九", "二百九十九"),
        "明序护眼台灯": ("一百五十九", "一百四十九"),
    }
    return text.replace(*said[product["name"]]), {}


def _other_fact(text: str, product: dict[str, Any], _luck: random.Random) -> tuple[str, dict[str, Any]]:
    said = {
        "野坡土蜂蜜": (("五百克", "八百克"), ("秦岭", "长白山")), "逐风轻跑鞋": (("两百三十克", "一百六十克"), ("飞织网布", "头层牛皮")),
        "明序护眼台灯": (("八百勒克斯", "两千勒克斯"), ("两年", "五年")),
    }  # fmt: skip
    return text.replace(*said[product["name"]][0]), {}


def _without_action(text: str, _product: dict[str, Any], _luck: random.Random) -> tuple[str, dict[str, Any]]:
    return "".join(one for one in _sentences(text) if not re.search("链接|拍下|下单", one)), {}


_PLANTED: dict[str, tuple[str, _Planted]] = {
    "too long": ("Q01", lambda text, product, luck: (text, {"seconds": 10})),
    "too short": ("Q01", lambda text, product, luck: (text, {"seconds": 150})),
    "wrong price": ("Q03", _dearer),
    "wrong sum": ("Q03", lambda text, product, luck: (re.sub("省(?:一百七|四十)|少了一百七", "省了两百一", text), {})),
    "wrong fact": ("Q05", _other_fact),
    "no action": ("Q06", _without_action),
    "another product": ("Q07", lambda text, product, luck: (text.replace(product["name"], {"野坡土蜂蜜": "明序护眼台灯"}.get(product["name"], "野坡土蜂蜜")), {})),
    "an assistant speaks": ("Q08", lambda text, product, luck: (luck.choice(("好的，以下是为您撰写的话术：", "当然可以！这是一段口播稿：")) + text, {})),
    "cut": ("Q09", lambda text, product, luck: (text[: len(text) * 2 // 3].rstrip("。，！？") + "，然后", {})),
    "repeats": ("Q10", lambda text, product, luck: (text + "".join(_sentences(text)[1:4]) * 2, {})),
    "markup": ("Q11", lambda text, product, luck: (luck.choice(("## 话术\n", "**重点**：", "（主播拿起产品展示）")) + text, {})),
    "a placeholder": ("Q12", lambda text, product, luck: (text.replace("公屏", luck.choice(("【平台】", "{{place}}", "[渠道名称]")), 1), {})),
    "not said": ("Q17", lambda text, product, luck: (text, {"must_say": ["周五停电"]})),
    "said anyway": ("Q17", lambda text, product, luck: (text, {"must_not_say": ["公屏"]})),
    "false stock": ("Q18", lambda text, product, luck: (text + "库存只剩最后三件了。", {})),
    "a violation": ("Q20", lambda text, product, luck: (text + luck.choice(("这是全国销量第一的产品。", "它能治好你的老毛病。", "全网最低价，绝对没有更低的。")), {})),
}  # fmt: skip


def situations() -> dict[str, dict[str, Any]]:
    """The catalogues of twelve trades, none of them of the demo."""
    given = json.loads((SOURCES / "situations.json").read_text(encoding="utf-8"))
    keys = ("name", "brand", "category")
    return {
        name: {
            "type": "situation", "name": name, "hosts": one["hosts"], "rooms": [f"{host}的直播间" for host in one["hosts"]],
            "products": [
                {**dict(zip(keys, product, strict=False)), "aliases": product[3:]} for product in one["products"]
            ],
        }
        for name, one in given.items()
    }  # fmt: skip


_SEGMENTS = {
    "o": ("opening", "开场"), "s": ("selling_points", "卖点介绍"), "p": ("promotion", "促销"),
    "e": ("seeding", "种草"), "t": ("transition", "过款"), "c": ("closing", "下播收尾"),
}  # fmt: skip
_NUMBERS = ("seconds", "draft", "later")
_OUTSIDE_SLOTS = ("scenario", "missing", "about", "then", "draft", "later")


def intents() -> Iterator[dict[str, Any]]:
    """Messages written one by one, to be judged by."""
    worlds = situations()
    yield from worlds.values()
    for fields in lines_of("intents.txt"):
        tier, world, state, message = fields[:4]
        yield {
            "type": "intent", "tier": tier, "message": message, **_before(worlds[world], state),
            "expect": _expected(fields[4]), "split": part_of(message), "template": message,
        }  # fmt: skip


def _before(world: dict[str, Any], state: str) -> dict[str, Any]:
    """What came before a message in this state."""
    products = [product["name"] for product in world["products"]]
    waiting = state.endswith("+W")
    state = state.removesuffix("+W")
    history: list[dict[str, Any]] = []
    current = None
    if state.startswith("P"):
        current = products[int(state[1]) - 1]
    elif state.startswith("D"):
        for place in state[1:].split(","):
            current = products[int(place[0]) - 1]
            segment, word = _SEGMENTS[place[1]]
            history += [
                {"role": "user", "content": f"写一段{current}的{word}"},
                {"role": "assistant", "content": f"大家来看这款{current}。今天就聊聊它。", "scenario": segment,
                 "product": current, "seconds": 45},
            ]  # fmt: skip
    elif state.startswith("Q"):
        request, question, options = state[1:].split(">")
        history = [
            {"role": "user", "content": request},
            {"role": "assistant", "content": question, "options": options.split("/")},
        ]
    situation: Any = world["name"]
    if current is not None or waiting:
        situation = {key: world[key] for key in ("hosts", "rooms", "products")} | {
            "product": current,
            "waiting": waiting,
        }
    return {"history": history, "situation": situation}


def _expected(said: str) -> dict[str, Any]:
    head, *rest = said.split(" ")
    kind, _, scenario = head.partition("/")
    expect: dict[str, Any] = {"kind": kind, "slots": {}} | ({"scenario": scenario} if scenario else {})
    names = {"len": "length_change", "must": "must_say", "must_not": "must_not_say", "prices": "prices"}
    for one in rest:
        name, _, value = one.partition("=")
        name = names.get(name, name)
        if name == "absent":
            expect["absent"] = value.split("+")
            continue
        read: Any = int(value) if name in _NUMBERS else value
        if name in ("style", "must_say", "must_not_say", "audience", "prices"):
            read = value.split("+")
        (expect if name in _OUTSIDE_SLOTS else expect["slots"])[name] = read
    return expect


def lessons() -> Iterator[dict[str, Any]]:
    """Messages to learn from: each pattern filled in several ways, in each state it may be said in."""
    worlds = situations()
    yield from worlds.values()
    fillings = json.loads((SOURCES / "fillings.json").read_text(encoding="utf-8"))
    for place, (label, states, pattern) in enumerate(lines_of("intents_train.txt")):
        luck = random.Random(place)
        rich = pattern.count("{")
        for state in states:
            for _ in range(min(1 + 3 * rich, 8)):
                yield _lesson(label, state, pattern, luck, worlds, fillings)


#: What fingers and input methods make of words.
_MISTYPED = {
    "再": "在", "重": "从", "继续": "继需", "语气": "语器", "活泼": "活波", "促销": "促消", "种草": "中草", "开场": "开厂", "换成": "换城",
    "卖点": "买点", "一版": "一板", "短": "断", "改": "该", "写": "些", "逼单": "比单", "接着": "接这", "讲": "将", "分钟": "分种",
}  # fmt: skip


def _mistyped(message: str, luck: random.Random) -> str:
    """Now and then with a typing error, or in traditional characters."""
    if luck.random() < 0.08:
        places = [right for right in _MISTYPED if right in message]
        if places:
            right = luck.choice(places)
            return message.replace(right, _MISTYPED[right], 1)
    return message


def _lesson(
    label: str, state: str, pattern: str, luck: random.Random, worlds: dict[str, Any], fillings: dict[str, Any]
) -> dict[str, Any]:
    segment, other = luck.sample(sorted(fillings["S"]), 2)
    segment_words = {"S": luck.choice(fillings["S"][segment]), "S0": luck.choice(fillings["S"][other])}
    world = luck.choice(sorted(worlds.values(), key=lambda one: str(one["name"])))
    own = [name for product in world["products"] for name in (product["name"], *product["aliases"])]

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name in segment_words:
            return segment_words[name]
        if name in "PQ":
            return str(luck.choice(own if luck.random() < 0.7 else fillings["P"]))
        return str(luck.choice(fillings[name]))

    message = _mistyped(re.sub(r"\{(\w+)\}", filled, pattern), luck)
    count = len(world["products"])
    before = {
        "e": "-", "p": f"P{luck.randint(1, count)}", "d": f"D{luck.randint(1, count)}{luck.choice('osp')}",
        "w": f"D{luck.randint(1, count)}{luck.choice('osp')}+W",
    }[state]  # fmt: skip
    kind, _, scenario = label.partition("/")
    return {
        "message": message, "label": kind, "scenario": segment if scenario == "*" else scenario,
        **_before(world, before), "template": pattern,
    }  # fmt: skip


def written(folder: Path, name: str, cases: Iterable[dict[str, Any]]) -> None:
    """Write a set."""
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    written(folder, "intents.jsonl", intents())
    written(folder, "compliance.jsonl", compliance())
    written(folder, "pii.jsonl", pii())
    written(folder, "scripts.jsonl", scripts())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
