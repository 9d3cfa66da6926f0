"""How long goods last, how much they hold, how far off they are, and ratings that somebody has to test.

A host tells such facts by what the goods do and not by a fact's name: 高亮开着能撑五个小时, 四升的肚量. Where the words
leave no doubt of what is spoken of, another figure than the record's is a contradiction.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.measured import Amount
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.record import FactFault, fields_of, record_text
from backend.quality.spans import is_aside

_LASTING: Final = re.compile("续航|待机|播放|照明|使用时[间长]|工作时[间长]|亮灯")
#: In a fact: how goods are used, and for how long they last then (高亮约2小时、低亮约9小时).
_MODE: Final = re.compile(rf"(?P<mode>[\u4e00-\u9fa5]{{2,4}}?)(?:约|可达|可|大约|为|：)*{NUMBER}\s*(?:小时|个小时|h)")
#: What is told of what a battery does.
_CHARGED: Final = headed("音量|[高中低常]亮|满电|充(?:满|足)?一次|一次电|一格电|满格|最[亮暗]|最[高低大小]档|续航")
#: Right before a figure: so long it can.
_CAN: Final = headed(
    "(?:能|可以?|够|撑|顶|放|听|亮|播|续航|一半)(?:着|个|到|满|足|上|差不多|大概|整整|连续|连着|撑|顶|放|听|亮|用|播|你|您|得)*$|"
    "^(?:差不多|大概|约|整整|足足|能|可以|少说|至少|连着|连续)*$"
)
#: Right behind it: what is left, not how long it lasts.
_LEFT: Final = re.compile("(?:还(?:有|剩|没)|了|以后|之后|过后|下来|前)")
_ROOM: Final = re.compile("^(?:总|额定|有效|内胆|水箱|锅体|杯身)?(?:容量|容积|储水量?|装水量?)$")
#: Right before a volume, and behind it: it is what the goods hold.
_IT_HOLDS: Final = headed(
    "(?:^它?|肚子|肚量|容量|个头|它|这[口个只款台把][\u4e00-\u9fa5]{0,4})(?:大|里|也|可|就|都|一共|是|有|足足|整整)*$"
)
_MAY_HOLD: Final = re.compile("(?:能|可以?)?(?:装|盛|灌|储|放)(?:得?下|得了|个|满|上|了)*$")
_OF_ROOM: Final = re.compile("的(?:肚量|肚子|容量|容积|大?肚|个头|大小)|肚量")
#: What stands right before a whole thing's weight.
_WHOLE: Final = re.compile("整[锅台机把个只张件辆套架](?:才|就|只|是|有|重|一共|大概|差不多|也)*$")
#: So many and some more, or nearly.
_ROUGHLY: Final = re.compile("[多来余几]|左右|出头|上下|不到")
_WEIGHT: Final = re.compile("^(?:自|净|总|整机|单[个只台])?重量?$|^自重$")
_OFF: Final = re.compile("误差|公差|偏差")
_BY_SO_MUCH: Final = re.compile(rf"(?:±|\+/-|正负|上下)\s*(?P<number>{NUMBER})\s*(?P<unit>[\u4e00-\u9fa5a-z%℃]{{1,2}})")
_TOLD_OFF: Final = re.compile(
    rf"(?:误差|公差|偏差)(?:在|是|为|只有|才|就|不超过|不到|也就)*(?:±|正负|上下)?(?P<number>{NUMBER})\s*(?P<unit>[\u4e00-\u9fa5a-z%℃]{{1,2}})"
)
#: What a laboratory measures; of these goods nobody has, where the record does not name it.
_RATING: Final = re.compile(
    rf"(?<![a-z])(?P<name>upf|ipx|ip)\s*-?(?P<grade>\d{{1,2}}|{NUMBER})(?:\+|加)?(?![a-z\d.])|防晒(?:指数|系数)(?:是|有|达到?|做到)*{NUMBER}(?:\+|加)?"
)
#: Around a rating: it is another thing's, or nothing is said of it.
_NOT_RATED: Final = headed(
    "天幕|另[外一]|别的|那[款件把条]|拍[^，。！？]{0,4}(?:另|那)|没[有做测检标写]|未|不报|没法|要(?=upf|ip)|想要|问|怎么看|指的是|意思|才算|才叫|以上的?才"
)


def performance_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield how long, how much and how exact a folded text says the goods are, where the record has other figures."""
    facts = product.get("facts")
    fields = [
        (fold(str(name)).text, fold(str(value)).text)
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
    ]
    record = record_text(product)
    for name, value in fields:
        if _LASTING.search(name):
            yield from _lasts_longer(text, name, value)
        if _ROOM.match(name) or _WEIGHT.match(name):
            yield from _holds_otherwise(text, name, value, product)
        if _OFF.search(name):
            yield from _off_otherwise(text, name, value)
    yield from _rated(text, record)


def _lasts_longer(text: str, name: str, value: str) -> Iterator[FactFault]:
    """Find a longer time than the record's: who tells a shorter one promises nothing that does not hold."""
    known = [one for one in amounts(value) if one.dimension == "time"]
    modes = {match["mode"]: hours for match in _MODE.finditer(value) if (hours := _hours_at(match, known))}
    for amount in amounts(text) if known else ():
        if amount.dimension != "time":
            continue
        low, high = clause(text, amount.start, amount.end)
        begin, _ = sentence(text, amount.start, amount.end)
        near = text[clause(text, low - 1, low - 1)[0] if low > begin else low : high]
        if not _CHARGED.search(near) or (
            not _CAN.search(text[low : amount.start]) and not _tells(modes, text, low, amount)
        ):
            continue
        told = [hours for mode, hours in modes.items() if mode in near]
        most = max(told) if told else max(one.value for one in known)
        if (
            amount.value <= most * 1.05
            or _LEFT.match(text, amount.end)
            or not is_claimed(text, amount.start, amount.end)
        ):
            continue
        said = text[amount.start : amount.end]
        yield FactFault("FAC-004", amount.start, amount.end, f"“{name}”说成了{said}，资料是{value[:24]}", True)


def _hours_at(match: re.Match[str], known: Sequence[Amount]) -> float:
    return next((one.value for one in known if match.start() <= one.start and one.end <= match.end() + 2), 0.0)


def _tells(modes: Mapping[str, float], text: str, low: int, amount: Amount) -> bool:
    """Tell whether the clause names a mode right before the figure: 低亮二十个小时."""
    before = text[low : amount.start]
    return any(re.search(rf"{re.escape(mode)}(?:开着|大概|差不多|能|约|有|是|就)*$", before) for mode in modes)


def _holds_otherwise(text: str, name: str, value: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find another volume told as what the goods hold, another weight as that of the whole thing."""
    dimension = "volume" if _ROOM.match(name) else "weight"
    known = {one.value for field in fields_of(product) for one in amounts(field) if one.dimension == dimension}
    own = {one.value for one in amounts(value) if one.dimension == dimension}
    if len(own) != 1:
        return
    for amount in amounts(text):
        if amount.dimension != dimension or any(abs(amount.value - one) <= 0.02 * one for one in known):
            continue
        low, _ = clause(text, amount.start, amount.end)
        before = text[low : amount.start]
        if _ROUGHLY.search(text, amount.start, amount.end + 2):
            continue
        if dimension == "weight":
            told = _WHOLE.search(before) is not None
        else:
            more = amount.value > max(own) and _MAY_HOLD.search(before) is not None
            told = (
                more
                or _OF_ROOM.match(text, amount.end) is not None
                or (_IT_HOLDS.search(before) is not None and before != "")
            )
        if told and is_claimed(text, amount.start, amount.end) and not is_aside(text, amount.start, amount.end):
            said = text[amount.start : amount.end]
            yield FactFault("FAC-004", amount.start, amount.end, f"“{name}”说成了{said}，资料是{value[:24]}", True)


def _off_otherwise(text: str, name: str, value: str) -> Iterator[FactFault]:
    known = {(parse_number(one["number"]), one["unit"]) for one in _BY_SO_MUCH.finditer(value)}
    units = {unit for _, unit in known}
    for match in _TOLD_OFF.finditer(text) if known else ():
        unit = next((one for one in units if match["unit"].startswith(one)), None)
        if unit is not None and (parse_number(match["number"]), unit) not in known:
            problem = f"“{name}”说成了{match['number']}{unit}，资料是{value}"
            yield FactFault("FAC-004", *match.span(), problem, True)


def _rated(text: str, record: str) -> Iterator[FactFault]:
    for match in _RATING.finditer(text):
        name = match["name"] or "upf"
        own = ("upf", "spf", "防晒指数", "防晒系数") if match["name"] is None else (name[:2],)
        if any(one in record for one in own) or (name != "upf" and "防水" in record):
            continue  # another grade of the record's own rating is `codes.py`'s
        low, high = sentence(text, *match.span())
        if is_claimed(text, *match.span()) and not _NOT_RATED.search(text, low, high):
            problem = f"“{match.group()}”要有检测，商品资料里没有"
            yield FactFault("FAC-004", *match.span(), problem, True)
