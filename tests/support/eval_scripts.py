"""Scripts to be judged: clean ones, and each of them with one defect after the other planted in it."""

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.eval_sources import SOURCES


def scripts() -> Iterator[dict[str, Any]]:
    """Clean scripts, and each of them with one thing after the other gone wrong."""
    products = json.loads((SOURCES / "products.json").read_text(encoding="utf-8"))
    others = {key: [one["name"] for name, one in products.items() if name != key] for key in products}
    for place, given in enumerate(json.loads((SOURCES / "scripts.json").read_text(encoding="utf-8"))):
        product = products[given["product"]]
        brief = {key: given[key] for key in ("scenario", "seconds", "request")} | {
            "product": product,
            "other_products": others[given["product"]],
        }
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
        "野坡土蜂蜜": (("五百克", "八百克"), ("秦岭", "长白山")),
        "逐风轻跑鞋": (("两百三十克", "一百六十克"), ("飞织网布", "头层牛皮")),
        "明序护眼台灯": (("八百勒克斯", "两千勒克斯"), ("两年", "五年")),
    }
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
    "another product": (
        "Q07",
        lambda text, product, luck: (
            text.replace(product["name"], {"野坡土蜂蜜": "明序护眼台灯"}.get(product["name"], "野坡土蜂蜜")),
            {},
        ),
    ),
    "an assistant speaks": (
        "Q08",
        lambda text, product, luck: (
            luck.choice(("好的，以下是为您撰写的话术：", "当然可以！这是一段口播稿：")) + text,
            {},
        ),
    ),
    "cut": ("Q09", lambda text, product, luck: (text[: len(text) * 2 // 3].rstrip("。，！？") + "，然后", {})),
    "repeats": ("Q10", lambda text, product, luck: (text + "".join(_sentences(text)[1:4]) * 2, {})),
    "markup": (
        "Q11",
        lambda text, product, luck: (luck.choice(("## 话术\n", "**重点**：", "（主播拿起产品展示）")) + text, {}),
    ),
    "a placeholder": (
        "Q12",
        lambda text, product, luck: (text.replace("公屏", luck.choice(("【平台】", "{{place}}", "[渠道名称]")), 1), {}),
    ),
    "not said": ("Q17", lambda text, product, luck: (text, {"must_say": ["周五停电"]})),
    "said anyway": ("Q17", lambda text, product, luck: (text, {"must_not_say": ["公屏"]})),
    "false stock": ("Q18", lambda text, product, luck: (text + "库存只剩最后三件了。", {})),
    "a violation": (
        "Q20",
        lambda text, product, luck: (
            text + luck.choice(("这是全国销量第一的产品。", "它能治好你的老毛病。", "全网最低价，绝对没有更低的。")),
            {},
        ),
    ),
}
