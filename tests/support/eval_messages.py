"""Messages: those to be judged by, and the lessons to learn from, which are made of patterns of their own."""

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from pypinyin import lazy_pinyin

from tests.support.eval_sources import SOURCES, half_of, lines_of, part_of


def situations(source: str = "situations.json") -> dict[str, dict[str, Any]]:
    """The catalogues of a dozen trades, none of them of the demo."""
    given = json.loads((SOURCES / source).read_text(encoding="utf-8"))
    keys = ("name", "brand", "category")
    return {
        name: {
            "type": "situation", "name": name, "hosts": one["hosts"],
            "rooms": [f"{host}的直播间" for host in one["hosts"]],
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


def intents(
    source: str, part: Callable[[str], str] = part_of, worlds_of: str = "situations.json"
) -> Iterator[dict[str, Any]]:
    """Messages written one by one, to be judged by; `part` says which part of the set a message is in."""
    worlds = situations(worlds_of)
    yield from worlds.values()
    for fields in lines_of(source):
        tier, world, state, message = fields[:4]
        yield {
            "type": "intent", "tier": tier, "message": message, **_before(worlds[world], state),
            "expect": _expected(fields[4]), "template": message,
            "split": part(message),
        }  # fmt: skip


def injections() -> Iterator[dict[str, Any]]:
    """Orders to us that somebody planted, and honest words that look like them."""
    for told, where, *rest in lines_of("injections.txt"):
        text = "|".join(rest)  # attacks may hold the sign themselves
        yield {
            "type": "injection", "tier": f"{told} {where}", "where": where, "attack": told == "attack", "text": text,
            "split": half_of(text), "template": text,
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
    "再": "在",
    "重": "从",
    "继续": "继需",
    "语气": "语器",
    "活泼": "活波",
    "促销": "促消",
    "种草": "中草",
    "开场": "开厂",
    "换成": "换城",
    "卖点": "买点",
    "一版": "一板",
    "短": "断",
    "改": "该",
    "写": "些",
    "逼单": "比单",
    "接着": "接这",
    "讲": "将",
    "分钟": "分种",
}


def _mistyped(message: str, luck: random.Random) -> str:
    """Write it now and then as hurried people do: a wrong character of the same sound, one left out, no commas."""
    chance = luck.random()
    if chance < 0.08:
        places = [right for right in _MISTYPED if right in message]
        if places:
            right = luck.choice(places)
            return message.replace(right, _MISTYPED[right], 1)
    elif chance < 0.14 and len(message) > 4:
        at = luck.randrange(len(message))
        return message[:at] + luck.choice(_same_sound().get(_syllable(message[at]), [message[at]])) + message[at + 1 :]
    elif chance < 0.18 and len(message) > 6:
        at = luck.randrange(len(message))
        return message[:at] + message[at + 1 :]
    elif chance < 0.26:
        return message.replace("，", luck.choice(("", " ")))
    elif chance < 0.30:
        return message + luck.choice(("！", "！！", "~", "。", "🙏", "😂"))
    return message


@cache
def _syllable(sign: str) -> str:
    return str(lazy_pinyin(sign)[0])


@cache
def _same_sound() -> dict[str, list[str]]:
    """The characters of the lessons by how they sound."""
    signs = sorted({sign for *_, pattern in lines_of("intents_train.txt") for sign in pattern if "一" <= sign <= "龥"})
    sounding: dict[str, list[str]] = defaultdict(list)
    for sign in signs:
        sounding[_syllable(sign)].append(sign)
    return dict(sounding)


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
