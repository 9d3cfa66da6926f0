"""Facts told by one letter or a short mark: 调：降B调, 型号：X3, and a script that says C调, 型号X5."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.normalize import fold
from backend.quality.numbers import parse_number
from backend.quality.record import FactFault, record_text
from backend.quality.spans import is_aside

#: The key of an instrument: 降B调, bB调, C大调.
_KEY: Final = re.compile(r"(?<![a-z\d])(?P<bent>[降升#♭b](?=[a-g]))?(?P<key>[a-g])(?:大|小)?调(?![子性整节料酒侃料味])")
_KEY_FIELD: Final = re.compile("^(?:调|调性|调门|调式|音调|定调|主调|本调|调子|调高|筒音)$")
#: Right before a key: it is the instrument's own.
_IS_KEY: Final = re.compile(
    "(?:^|[是为叫：]|这[支把管只款台架个]|这一[支把管只款台架个]|调(?:子|性|门)?|定(?:的|在|为)?|标准的?|一[支把管])(?:就|都|就是|是|个|的)*$"
)
#: Behind a key: other ones there are, or what is played in it.
_ANOTHER: Final = re.compile(
    "的?[^，。！？；]{0,6}(?:另|也有|别的|都有|可选|任选|在[\\d一二三四五六七八九十]|[拍选换找]|不是|没有|没货|曲|歌|音阶|练习|指法|调|也能|也行)"
)
_PLAYED: Final = re.compile(
    "能[吹弹拉奏唱转]|可以[吹弹拉奏唱转]|转|换|改|想要?|喜欢|有人|要|还有|另|别的|谁|问|唱|除了"
)
_BEND: Final = {"b": "降", "♭": "降", "#": "升"}
_MODEL_FIELD: Final = re.compile("^(?:产品|商品)?(?:型号|机型|款号|货号)$")
_MODEL: Final = re.compile(
    r"(?:型号|机型|款号|货号)(?:就|是|为|叫|：|\s)*(?P<model>[a-z0-9][a-z0-9\-+零一二三四五六七八九十百]*)"
)
_NUMERALS: Final = re.compile("[零一二三四五六七八九十百]+")


def lettered_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield keys and models of a folded text that are none of the record's."""
    facts = product.get("facts")
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        called, said = fold(str(name)).text, fold(str(value)).text
        if _KEY_FIELD.match(called):
            yield from _keys_that_differ(text, called, said, record_text(product))
        elif _MODEL_FIELD.match(called):
            yield from _models_that_differ(text, called, said, record_text(product))


def _keys_that_differ(text: str, name: str, value: str, record: str) -> Iterator[FactFault]:
    known = {_key(match) for match in _KEY.finditer(f"{value}。{record}")}
    known |= {_key(match) for match in _KEY.finditer(f"{value}调")} if not value.endswith("调") else set()
    for match in _KEY.finditer(text) if known else ():
        low, _ = clause(text, *match.span())
        before = text[low : match.start()]
        if _key(match) in known or _IS_KEY.search(before) is None or _PLAYED.search(before):
            continue
        if _ANOTHER.match(text, match.end()) is None and not is_aside(text, *match.span()):
            problem = f"“{match.group().upper()}”与商品资料（{name}：{value}）不符"
            yield FactFault("FAC-004", *match.span(), problem, True, value if len(value) <= 6 else None)


def _key(match: re.Match[str]) -> str:
    bent = match["bent"] or ""
    return _BEND.get(bent, bent) + match["key"]


def _models_that_differ(text: str, name: str, value: str, record: str) -> Iterator[FactFault]:
    plain = _plain(f"{value}。{record}")
    for match in _MODEL.finditer(text) if re.search("[a-z0-9]", value) else ():
        # Told in part it is right as well: 型号X3, of X3-Pro.
        if _plain(match["model"]) not in plain and not is_aside(text, *match.span()):
            problem = f"型号“{match['model'].upper()}”与商品资料（{name}：{value}）不符"
            yield FactFault("FAC-004", *match.span("model"), problem, True, value.upper() if len(value) <= 12 else None)


def _plain(text: str) -> str:
    figures = _NUMERALS.sub(lambda match: f"{parse_number(match.group()) or 0:g}", text)
    return re.sub(r"[\s\-_]", "", figures)
