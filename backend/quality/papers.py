"""What is written on somebody's papers and cards: identity numbers, permits, plates, accounts, days of birth."""

import re
from typing import Final

from stdnum import luhn
from stdnum.cn import ric, uscc

from backend.quality.called import CARD_WORDS, ID_WORDS, PROVINCES, is_day
from backend.quality.shapes import digits_of, hidden, shape

_AREAS: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_ORDER_WORDS: Final = re.compile(
    r"(?:订单|单号|运单|快递|物流|条码|货号|编号|sku|流水|批次|型号|款号|商品码|时间戳|id)[^。\n]{0,8}$", re.IGNORECASE
)
_PASS_WORDS: Final = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|居留证|居住证|港澳证|台湾证|旅行证|往来证|证件|"
    r"passport)[^。\n]{0,10}$",
    re.IGNORECASE,
)
_PERMIT_BEFORE: Final = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|证件)(?:号码?|编号|证号)?(?:是|为)?[:：\s]{0,3}$|[证号][:：]$", re.IGNORECASE
)
_MODEL_WORDS: Final = re.compile(r"(?:型号|款式|系列|货号|接口|版本)[^。\n]{0,6}$")
_PLATE_WORDS: Final = re.compile(r"(?:车牌|车号|牌照|的车|开车|停车|车子|车主)[^。\n]{0,10}$")
#: A house's own number, and what a shop or brand has on its birthday.
_OF_A_HOUSE: Final = re.compile("(?:客服|店铺?|品牌|公司|主播|厂)的?$")
_DAY: Final = (
    r"(?:(?:19|20)\d{2}[-/.年\s]{1,2}(?:\d{1,2}|[一二三四五六七八九十]{1,2})[-/.月\s]{1,2}(?:\d{1,2}|"
    r"[一二三四五六七八九十]{1,3})[日号]?|(?:19|20)\d{2}年\d{1,2}月(?!\d)|(?:19|20)\d{6}(?!\d))"
)


def _id_card(match: re.Match[str], before: str) -> str | None:
    number = re.sub(r"[^0-9Xx]", "", match.group()).upper()
    if len(number) != 18 or not is_day(number[6:14]):
        return None
    # Not `ric.is_valid`: it wants the county to have existed at birth, but who got the number later has a later county.
    # A wrong check digit after "身份证" is a typing mistake, still somebody's number.
    genuine = number[:2] in PROVINCES and ric.calc_check_digit(number) == number[17]
    if not genuine and not ID_WORDS.search(before):
        return None
    return f"{number[:6]}************"


def _old_id_card(_match: re.Match[str], before: str) -> str | None:
    return "*" * 15 if ID_WORDS.search(before) else None


def _bank_card(match: re.Match[str], before: str) -> str | None:
    number = digits_of(match.group())
    named = CARD_WORDS.search(before)
    if not 13 <= len(number) <= 19 or (_ORDER_WORDS.search(before) and not named):
        return None
    # In fours from 62 on it is a card's also where a digit is typed wrong.
    by_fours = re.fullmatch(r"62\d\d(?:[ .-]\d{4}){3}(?:[ .-]\d{1,3})?", match.group())
    if not by_fours and not luhn.is_valid(number) and not (named and len(number) >= 15):
        return None
    known = len(number) in (16, 17, 18, 19) and re.match(r"62|4|5[1-5]", number)
    if not named and not known:
        return None
    return f"**** **** **** {number[-4:]}"


def _split_plate(match: re.Match[str], before: str) -> str | None:
    """A plate that is told in pieces: only where plates are talked of, and with a figure in it."""
    plate = re.sub(r"[^a-z0-9\u4e00-\u9fa5]", "", match.group(), flags=re.IGNORECASE)
    told = re.search("车牌|牌照|车号|开车|停车|我的?车|车是", before) and not _MODEL_WORDS.search(before)
    return f"{plate[:2]}·*****" if told and re.search("[0-9〇零一二三四五六七八九幺]", plate[2:]) else None


def _plate(match: re.Match[str], before: str) -> str | None:
    plate = re.sub(r"[-·•.\s]", "", match.group())
    # 云A12345 may be a model number; a plate with the dot or beside a word about cars is a plate.
    if _MODEL_WORDS.search(before) or not (re.search(r"\d", plate[2:])):
        return None
    if (
        "·" not in match.group()
        and "•" not in match.group()
        and re.search(r"[\u4e00-\u9fa5]$", before)
        and not _PLATE_WORDS.search(before)
    ):
        return None if re.fullmatch(r"\d+", plate[2:]) and len(plate) != 7 else f"{plate[:2]}·*****"
    return f"{plate[:2]}·*****"


def _passport(match: re.Match[str], before: str) -> str | None:
    if match.group().endswith(")"):  # Hong Kong's identity card, whose check sign stands in brackets
        return match.group()[0] + "******(*)"
    words = _PERMIT_BEFORE if match.group()[0].isdigit() else _PASS_WORDS
    return match.group()[0] + "****" + match.group()[-4:] if words.search(before) else None


def _company(match: re.Match[str], _before: str) -> str | None:
    return match.group() if uscc.is_valid(match.group()) else None


def _own_number(match: re.Match[str], before: str) -> str | None:
    return None if _OF_A_HOUSE.search(before) else hidden("number")(match, before)


def _account(match: re.Match[str], _before: str) -> str | None:
    if not 12 <= len(digits_of(match.group("number"))) <= 23:
        return None
    return match.group()[: match.start("number") - match.start()] + "****" + match.group("number")[-4:]


IDENTITY: Final = (
    shape("cn_id_card", r"(?<![0-9a-z])[1-9](?:[-\s]?\d){5}(?:[-\s]?\d){11}[-\s]?[0-9x](?![0-9a-z])", _id_card),
    shape("uscc", r"(?<![A-Z0-9])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![A-Z0-9])", _company, "keep"),
    shape("bank_card", r"(?<![\da-z])(?:62|4\d|5[1-5]|3[47]|9\d)(?:[ .-]?\d){11,17}(?![\da-z])", _bank_card),
    shape("cn_id_card15", r"(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)", _old_id_card),
    # After the word for it whatever its digits prove.
    shape(
        "bank_card",
        r"(?:银行卡号?|卡号|存折(?:账号|号码?)?|[账帐]号|[账帐]户(?:号码?)?|(?<![a-z])(?:iban|"
        r"account(?: no)?))(?:就?是|为)?[:：\s]{0,3}"
        r"(?P<number>\d(?:[ .\-]?\d){11,22})(?![\d])",
        _account,
    ),
)
PAPERS: Final = (
    # Numbers of insurance, funds, schools, staff, patients: by the word right before them.
    shape(
        "personal_no",
        r"(?:社保|医保|公积金|学籍|考生|准考证|驾驶证|驾照|行驶证|军官证|士兵证|警官证|残疾证|居住证|"
        r"户口[本簿]|结婚证|出生证|病历|就诊卡?|门诊|住院|诊疗卡|"
        r"保单|学生证|教师证|护士证|退休证|老年证|校园卡|饭卡|一卡通|员工|工作证|会员卡?|(?<![手化开科])学|"
        r"(?<![手加施完竣员])工)(?:卡|证|账户|帐户)?(?:档案)?"
        r"(?:编号|账号|帐号|号码?|id)(?:就?是|"
        r"为)?[:：\s]{0,3}(?P<number>(?=[a-z\-]{0,6}\d)[a-z0-9][a-z0-9\-]{3,19})(?![a-z0-9\-])",
        _own_number,
    ),
    shape(
        "birth_date",
        rf"(?:出生(?:日期|年月日?|时间|于|是|在)?|生日|生于|生辰|(?<![a-z])(?:dob|birth ?da(?:y|te)|"
        rf"birthday))[\"']?(?:就?是|为)?[:：=\s\"']{{0,4}}(?P<number>{_DAY})",
        _own_number,
    ),
    shape("birth_date", rf"(?<!\d)(?P<number>{_DAY})\s?(?:出生|生人|生的|年?出世)", hidden("number")),
    shape(
        "position",
        r"(?:定位|坐标|经纬度?|位置|经度|纬度|(?<![a-z])(?:gps|lat(?:itude)?|lng|lon(?:gitude)?|"
        r"location))[^。\n\d]{0,8}"
        r"(?P<number>-?\d{1,3}\.\d{3,}°?[ns东西南北]?[，,;\s/]{0,3}(?:(?:经度|纬度|东经|北纬|lng|lon|"
        r"lat)?[\"':：=\s]{0,4}[ensw]?-?\d{1,3}\.\d{3,}°?[ew]?)?)",
        hidden("number"),
    ),
    shape(
        "position",
        r"(?<![\d.])(?P<number>(?:[1-4]\d|5[0-3])\.\d{4,}[，,]\s?(?:7[3-9]|[89]\d|1[0-3]\d)\.\d{4,}|"
        r"(?:7[3-9]|[89]\d|1[0-3]\d)\.\d{4,}[，,]\s?(?:[1-4]\d|5[0-3])\.\d{4,})(?![\d.])",
        hidden("number"),
    ),
    shape(
        "cn_plate",
        rf"[{_AREAS}]\s?[A-HJ-NP-Z](?:\s?[-·•.]\s?|\s)?(?:[DF][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[DF]|"
        rf"[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])",
        _plate,
    ),
    # With one sign more inside: 苏A 9K·3T8.
    shape(
        "cn_plate",
        rf"[{_AREAS}][A-HJ-NP-Z][-·•.\s]?(?=[A-HJ-NP-Z0-9]{{1,4}}[·•\s][A-HJ-NP-Z0-9]{{1,4}}(?![A-Za-z0-9]))(?=[^a-z]{{0,2}}[a-z0-9]{{0,5}}[·•\s]?[a-z0-9]{{0,5}})"
        r"(?=[0-9·•\s]{0,5}[A-HJ-NP-Z])(?:[A-HJ-NP-Z0-9][·•\s]?){4,5}[A-HJ-NP-Z0-9](?![A-Za-z0-9])",
        _plate,
    ),
    # In pieces, as it is told: 川A，G8827, 苏 E·7 7 K 3 2, 沪C 幺二三K八.
    shape(
        "cn_plate",
        rf"[{_AREAS}]\s?[A-HJ-NP-Z](?:[，,\s]{{0,2}}(?:后面|然后|"
        rf"接着)是?)?(?:[-·•.\s，,、]{{0,2}}[A-HJ-NP-Z0-9〇零一二三四五六七八九幺]){{4,5}}[-·•.\s，,、]{{0,2}}[A-HJ-NP-Z0-9挂学警港澳〇零一二三四五六七八九幺]?(?![A-Za-z0-9])",
        _split_plate,
    ),
    shape(
        "passport",
        r"(?<![a-z0-9])(?:[egdsp](?:[\s-]?\d){8}|[egp][\s-]?[a-z](?:[\s-]?\d){7}|[chm](?:[\s-]?\d){8,10}|"
        r"[chm][a-z](?:[\s-]?\d){7}|"
        r"\d{8,10}|[a-z]{3}\d{9,12}|[a-z]{1,2}\d{6}\s?\([0-9a]\)|[a-z]{1,2}[\s-]?\d{6,9})(?![a-z0-9])",
        _passport,
    ),
)
