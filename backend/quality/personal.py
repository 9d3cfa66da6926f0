"""Somebody's data that a script would read out: numbers, cards, papers, and where a named person lives."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from backend.quality.heads import headed
from backend.quality.pii import PiiHit, find_pii
from backend.quality.rulebook import Severity

#: What each kind is called; kinds that are not here are no matter of a script (keys, addresses of devices).
_CALLED: Final = {
    "cn_mobile": "手机号",
    "cn_landline": "电话号码",
    "cn_id_card": "身份证号",
    "cn_id_card15": "身份证号",
    "bank_card": "银行卡号",
    "passport": "证件号",
    "email": "邮箱",
    "wechat_id": "微信号",
    "qq": "QQ 号",
    "cn_plate": "车牌号",
    "order_no": "订单号",
    "tracking_no": "快递单号",
}
#: A house's own line may be read out: 客服热线 021-…, 官方邮箱.
_OF_A_HOUSE: Final = re.compile(
    r"客服|售后|热线|官方|服务电话|咨询电话|总机|公司|企业|品牌|门店|专柜|旗舰店|商务|投诉|举报|监督"
)
_HOUSE_KINDS: Final = frozenset({"cn_landline", "email"})
_BY_ORDER: Final = frozenset({"order_no", "tracking_no"})
#: Whose address it is: a person's, or a place one may go to.
_LIVES: Final = re.compile(r"住[在址着]?|家[在住]|收[件货][人地]|签收|寄到|寄给|送到[^，。]{0,3}家")
_TITLED: Final = re.compile(r"[\u4e00-\u9fa5](?:先生|女士|小姐|阿姨|叔叔|大姐|大哥|老师|同学|太太)")
_RECEIVER: Final = re.compile(r"收[件货]人|签收人|联系人|户名|真名|本名")
#: A street and a door: 建国路88号院6号楼1203.
_DOOR: Final = headed(
    r"(?:路|街|大道|巷|弄|胡同|小区|花园|公寓|家园|苑|村|新城)\s*[\d一二三四五六七八九十百零]{1,6}\s*(?:号院?|弄|栋|幢|座)"
    r"(?:[\d一二三四五六七八九十百零a-zA-Z]{1,5}(?:号楼?|栋|幢|座|单元|室|楼|层)?){0,4}"
)
#: Numbers are read out digit by digit: 幺三八零零.
_SPOKEN: Final = str.maketrans("〇零一幺二三四五六七八九", "001123456789")
_SENTENCE: Final = re.compile(r"[^。！？!?\n]+")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What would be read out of somebody; `span` counts characters of the text, `called` says what it is."""

    span: tuple[int, int]
    called: str
    severity: Severity


def personal_data(text: str, known: str = "") -> Iterator[PersonalData]:
    """Yield the personal data of a script.

    A house's service line, and what `known` (the product's record) holds, is nobody's. A name alone is told of
    everybody on the air; with an address or a number beside it, it is somebody's data.
    """
    ours = _digits(known)
    hits = [hit for hit in find_pii(text) if hit.action != "keep"]
    hard = [hit for hit in hits if hit.type in _CALLED and not _is_of_the_house(text, hit, known, ours)]
    for hit in hard:
        yield PersonalData(hit.span, _CALLED[hit.type], "warn" if hit.type in _BY_ORDER else "block")
    names = [hit for hit in hits if hit.type == "person_name"]
    for hit in names:
        start, end = hit.span
        beside = any(abs(other.span[0] - end) < 30 or abs(start - other.span[1]) < 30 for other in hard)
        if beside and _RECEIVER.search(text, start, end):
            yield PersonalData(hit.span, "姓名", "block")
    yield from _homes(text, hits, names)


def _homes(text: str, hits: list[PiiHit], names: list[PiiHit]) -> Iterator[PersonalData]:
    """Find where a person lives: an address, and in its sentence somebody's name or that somebody lives there."""
    spans = [hit.span for hit in hits if hit.type == "address"]
    doors = (match.span() for match in _DOOR.finditer(text))
    spans += [door for door in doors if not any(low <= door[0] < high for low, high in spans)]
    for start, end in spans:
        low, high = next((one.span() for one in _SENTENCE.finditer(text) if one.start() <= start < one.end()), (0, 0))
        named = _TITLED.search(text, low, high) or any(low <= name.span[0] < high for name in names)
        if named or (_LIVES.search(text, low, high) and not _OF_A_HOUSE.search(text, low, high)):
            yield PersonalData((start, end), "住址", "block")


def _is_of_the_house(text: str, hit: PiiHit, known: str, ours: str) -> bool:
    start, end = hit.span
    number = _digits(text[start:end])
    if (len(number) >= 6 and number in ours) or text[start:end] in known:
        return True
    return hit.type in _HOUSE_KINDS and _OF_A_HOUSE.search(text, max(0, start - 16), start) is not None


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text.translate(_SPOKEN))
