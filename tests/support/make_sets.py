"""Makes `tests/eval/*.jsonl` of their sources, the same every time: `python -m tests.support.make_sets [folder]`.

The sources are written by hand (`tests/eval/sources`); what is made here are evasions of the plain violations, numbers
that only have to be valid, and the many fillings of a pattern. A pattern with all its fillings is in one part of a set.
"""

import json
import random
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pypinyin import lazy_pinyin

from tests.support.eval_desks import desks
from tests.support.eval_messages import injections, intents
from tests.support.eval_scripts import scripts
from tests.support.eval_sources import FOLDER, SOURCES, half_of, lines_of, part_of

_MARK = re.compile(r"⟦(.*?)⟧")
_KEEP = re.compile(r"⟪(.*?)⟫")


def sentences(name: str) -> Iterator[dict[str, Any]]:
    """Violations, their disguises, and what may be said."""
    plain = []
    for tier, category, marked in lines_of(name):
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


def copy() -> Iterator[dict[str, Any]]:
    """Whole clean scripts, as hosts speak."""
    for category, text in lines_of("clean_copy.txt"):
        yield {
            "type": "compliance", "tier": "copy", "expect": "clean", "category": category, "text": text,
            "split": part_of(text), "template": text,
        }  # fmt: skip


def programs() -> Iterator[dict[str, Any]]:
    """Sentences that a product's record shows to be wrong, or right."""
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
    "最": "醉蕞",
    "治": "冶",
    "疗": "辽",
    "第": "弟递",
    "一": "壹",
    "低": "低",
    "信": "芯",
    "微": "威薇",
    "全": "铨",
    "网": "枉",
    "好": "郝",
    "减": "剪",
    "肥": "淝",
    "糖": "溏",
    "癌": "嵒",
    "病": "并",
    "药": "葯",
    "效": "校",
    "永": "泳",
    "久": "玖",
    "绝": "决",
    "对": "怼",
    "顶": "鼎",
    "级": "极",
    "国": "國",
    "家": "傢",
    "保": "宝",
    "无": "芜",
    "唯": "惟",
    "首": "手",
    "高": "糕",
    "杀": "刹",
    "菌": "君",
    "除": "厨",
    "根": "跟",
    "压": "鸭",
    "血": "雪",
    "脂": "支",
    "丰": "峰",
    "胸": "凶",
    "瘦": "受",
    "免": "勉",
    "疫": "亿",
    "力": "莉",
    "财": "才",
    "运": "云",
    "赚": "撰",
    "愈": "玉",
    "炎": "言",
    "毒": "独",
}


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


def pii(source: str, seed: int) -> Iterator[dict[str, Any]]:
    """Lines with personal data that is valid in its form."""
    for place, (tier, template) in enumerate(lines_of(source)):
        luck = random.Random(seed + place)
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


def written(folder: Path, name: str, cases: Iterable[dict[str, Any]]) -> None:
    """Write a set."""
    lines = [json.dumps(case, ensure_ascii=False) for case in cases]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(folder: Path) -> None:
    written(folder, "intents.jsonl", intents("intents.txt"))
    written(folder, "intents_fresh.jsonl", intents("intents_fresh.txt", lambda _: "test"))
    written(folder, "intents_fresh2.jsonl", intents("intents_fresh2.txt", half_of, "situations_fresh2.json"))
    written(folder, "intents_fresh3.jsonl", intents("intents_fresh3.txt", lambda _: "test", "situations_fresh2.json"))
    written(folder, "injections.jsonl", injections())
    written(folder, "compliance.jsonl", [*sentences("compliance.txt"), *programs()])
    written(folder, "compliance_fresh.jsonl", [*sentences("compliance_fresh.txt"), *copy()])
    written(folder, "pii.jsonl", pii("pii.txt", 1000))
    written(folder, "pii_fresh.jsonl", pii("pii_fresh.txt", 5000))
    written(folder, "scripts.jsonl", [*scripts(), *desks()])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
