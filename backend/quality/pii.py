"""Find and mask personal data. A shape alone proves little: validators and context words decide."""

import re
from dataclasses import dataclass
from typing import Final

from stdnum import luhn

from backend.quality.dictated import told_by_parts, told_in_groups
from backend.quality.doors import doors
from backend.quality.papers import IDENTITY, PAPERS
from backend.quality.persons import NAMES, names_beside, names_in_columns
from backend.quality.reached import ACCOUNTS, MAIL
from backend.quality.shapes import Action, Shape, hidden, shape
from backend.quality.typed import as_digits


@dataclass(frozen=True, slots=True)
class PiiHit:
    """One piece of personal data; `span` counts characters of the original text."""

    type: str
    span: tuple[int, int]
    action: Action
    #: What may be shown instead.
    masked: str


_VERSION_WORDS: Final = re.compile(r"(?:版本|固件|驱动|升级到|更新到|version|v)\s*[^。\n]{0,4}$", re.IGNORECASE)


def _device(match: re.Match[str], before: str) -> str | None:
    text = match.group()
    if "." in text:
        if text.startswith("127.") or text == "0.0.0.0":  # noqa: S104 - read, not bound: this machine, nobody's
            return None
        return None if _VERSION_WORDS.search(before) else text.rsplit(".", 1)[0] + ".*"
    if ":" in text or "-" in text:
        return text[:8] + "**:**:**"
    return (
        "*" * 11 + text[-4:]
        if luhn.is_valid(text) and re.search(r"(?i)(?:imei|meid|串[号码])[^。\n]{0,6}$", before)
        else None
    )


def _tail(match: re.Match[str], _before: str) -> str | None:
    return f"{match.group()[:2]}****{match.group()[-4:]}"


def _order(match: re.Match[str], _before: str) -> str | None:
    return match.group()[: match.start("number") - match.start()] + "****" + match.group("number")[-4:]


def _secret(match: re.Match[str], _before: str) -> str | None:
    return f"{match.groupdict().get('named') or ''}******"


#: Keys, and what is sent to a telephone to prove whose it is.
_SECRETS: Final = (
    # What somebody says they have set: 开机密码我设的是：xiaoyu0311Kk, password Hunter2x.
    shape(
        "secret",
        r"(?:(?<=密码)|(?<=口令))[\u4e00-\u9fa5]{1,6}[:=：]\s*(?=[!-~]{0,40}\d)[!-~]{6,}|"
        r"(?:(?<=密码)|(?<=口令)|(?<=password))\s+(?=[!-~]{0,40}[a-z])(?=[!-~]{0,40}\d)[!-~]{6,}",
        _secret,
        needs="密码|口令|password",
    ),
    shape(
        "secret", r"(?<=://)[^\s:/@，。]{1,64}:[^\s/@，。]{1,128}(?=@)", lambda _match, _before: "******", needs="://"
    ),
    shape(
        "secret",
        r"sk-[a-z0-9_\-]{16,}|bearer\s+[a-z0-9._\-]{16,}|"
        r"(?:(?<![a-z0-9_\-])eyJ[a-z0-9_\-]{10,}|eyJ[a-z0-9_\-]{10,500})\.[a-z0-9_\-]{8,}\.[a-z0-9_\-]{8,}|"
        r"(?:AKIA|LTAI)[a-z0-9]{12,24}|gh[pousr]_[a-z0-9]{30,}|glpat-[a-z0-9_\-]{16,}|xox[abeprs]-[a-z0-9\-]{10,}|"
        r"(?<![a-z0-9_\-])AIza[a-z0-9_\-]{30,}|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[a-z0-9+/=\s]*|"
        r"(?P<named>(?:api[_-]?key|secret|access[_-]?token|token|password|passwd|pwd|密码|口令(?=[\"']?\s{0,2}(?:[:=：]|是|为)\s{0,2}[!-~]))[\"']?\s*(?:[:=：]|是|"
        r"为)\s*[\"']?)(?![\"'])[^\s，。,\"']{6,}",
        _secret,
    ),
    # Of figures alone, where it is said whose it is: 支付密码778899.
    shape(
        "secret",
        r"(?:支付|取款|交易|登[录陆]|账[号户]|帐[号户]|wi-?fi|无线|银行卡|解锁|开机|锁屏|门锁|查询|微信|"
        r"支付宝)的?密码(?:就?是|为)?[:：\s]{0,3}(?P<code>\d{4,12}(?!\d|位|[-~至到])|"
        r"(?=[a-z_.]{0,20}\d)[a-z][a-z0-9!@#$%^&*_.\-]{4,20})(?![a-z0-9])",
        hidden("code"),
        needs="密码",
    ),
    shape(
        "otp",
        r"(?:验证码|动态码|校验码|短信码|短信验证|动态口令|动态密码|一次性密码|一次性口令|登[录陆]码|"
        r"认证码|授权码|确认码|"
        r"(?:verification|security|login|auth(?:entication)?|sms) code|one.time pass(?:word|code)|(?<![a-z])otp)"
        r"\D{0,6}(?P<code>\d(?:[\s-]?\d){3,7})(?!\d)",
        hidden("code"),
    ),
    shape(
        "otp",
        r"(?<![\d.])(?P<code>\d(?:[\s-]?\d){3,7})(?:\s?[,，]?\s?)(?:这个?)?[是为](?:我的|你的|您的|那个|"
        r"这次的)?(?:短信|登[录陆])?(?:验证码|校验码|动态码)",
        hidden("code"),
        needs="验证码|校验码|动态码",
    ),
    shape(
        "otp",
        r"(?<![\d.])(?P<code>\d(?:[\s，,-]{0,2}\d){3,7})[，,\s]{0,2}(?:就?是)?(?:你们?(?:说|要|问)的)?(?:那个)?"
        r"(?:验证码|校验码|动态码)(?:就?是)?(?:这个|它|了)",
        hidden("code"),
        needs="验证码|校验码|动态码",
    ),
    shape(
        "otp",
        r"(?<![\d.])(?P<code>\d{4,8}) is (?:your|the|my) (?:[a-z]+ ){0,3}(?:code|otp|password)(?![a-z])",
        hidden("code"),
        needs=" is (?:your|the|my) ",
    ),
)
_PARCELS: Final = (
    shape(
        "order_no",
        r"(?:订单|单号|流水)\D{0,6}(?P<number>\d{12,19}|\d{4}(?:[ -]\d{4}){2,4})(?!\d)",
        _order,
        "hash",
    ),
    shape(
        "tracking_no",
        r"(?<![a-z0-9])(?:SF|YTO?|JDV?|JT|ZTO|STO|YD|DPK|EMS|HT|UC)[a-z]{0,2}\d{10,15}(?!\d)",
        _tail,
        "hash",
    ),
)
_DEVICES: Final = (
    shape(
        "device_id",
        r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])|"
        r"(?<![0-9a-f:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f:])|(?<!\d)\d{15}(?!\d)",
        _device,
        "hash",
        needs=r"\d\.\d|[0-9a-f][:-][0-9a-f]|\d{15}",
    ),
)
# The order is the precedence: what an earlier kind took, a later one cannot take.
_PROOFS: Final = (*_SECRETS[:3], *MAIL, *_SECRETS[3:], *_PARCELS, *IDENTITY)
_REST: Final = (*ACCOUNTS, *PAPERS)
#: Kinds whose digits prove themselves.
_PROVEN: Final = frozenset({"cn_id_card", "bank_card"})
#: What people write their names beside.
_ONES_NUMBER: Final = frozenset({"cn_mobile", "cn_id_card", "bank_card", "address"})


class _Taken:
    """The places of a text that something was found at, and what was found."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._taken = bytearray(len(text))
        self.found: list[tuple[str, int, int, str, Action]] = []

    def is_free(self, start: int, end: int) -> bool:
        return self._taken.find(1, start, end) < 0

    def take(self, name: str, start: int, end: int, masked: str, action: Action = "mask") -> None:
        """Keep a find where nothing was found before."""
        if self.is_free(start, end):
            self._taken[start:end] = b"\1" * (end - start)
            self.found.append((name, start, end, masked, action))

    def of_shapes(self, shapes: tuple[Shape, ...]) -> None:
        """Keep what has one of these shapes, the earlier one first."""
        for kind in shapes:
            if kind.needs is not None and kind.needs.search(self._text) is None:
                continue
            for match in kind.pattern.finditer(self._text):
                start, end = match.span()
                if self.is_free(start, end):
                    masked = kind.mask(match, self._text[max(0, start - 24) : start])
                    if masked is not None:
                        self.take(kind.type, start, end, masked, kind.action)

    def door(self, start: int, end: int, masked: str) -> None:
        """Keep a door, of which the part before something else that was found may be left out."""
        start = max(start, self._taken.rfind(1, start, end) + 1)
        if start < end:
            self.take("address", start, end, masked)


def find_pii(text: str) -> list[PiiHit]:
    """Return the personal data of `text` in its order; hits do not overlap."""
    folded = as_digits(text)
    taken = _Taken(folded.text)
    told = list(told_in_groups(folded.text))
    told += told_by_parts(folded.text)
    taken.of_shapes(_PROOFS)
    # What its own digits prove comes before: eleven of an identity number's may look like a telephone's.
    for name, start, end, _ in told:
        if name in _PROVEN:
            taken.take(name, start, end, re.sub("[0-9Xx]", "*", folded.text[start:end]))
    taken.of_shapes(_REST)
    for start, end, masked in doors(folded.text):
        taken.door(start, end, masked)
    taken.of_shapes(NAMES)
    for kind, low, high, _, _ in list(taken.found):
        if kind in _ONES_NUMBER:
            for start, end in names_beside(folded.text, low, high):
                taken.take("person_name", start, end, folded.text[start] + "*" * (end - start - 1))
    taken.of_shapes(_DEVICES)
    for name, start, end, shown in told:
        taken.take(name, start, end, folded.text[start:shown] + re.sub("[0-9]", "*", folded.text[shown:end]))
    for start, end in names_in_columns(folded.text):
        taken.take("person_name", start, end, folded.text[start] + "*" * (end - start - 1))
    hits = [PiiHit(name, folded.span(start, end), action, masked) for name, start, end, masked, action in taken.found]
    return sorted(hits, key=lambda hit: hit.span)


def mask_pii(text: str) -> str:
    """Return `text` with personal data masked; order and tracking numbers keep their last four characters."""
    out: list[str] = []
    done = 0
    for hit in find_pii(text):
        if hit.action == "keep":
            continue
        out += [text[done : hit.span[0]], hit.masked]
        done = hit.span[1]
    return "".join([*out, text[done:]])
