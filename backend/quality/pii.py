"""Find and mask personal data. A shape alone proves little: validators and context words decide."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from stdnum import luhn
from stdnum.cn import ric, uscc

from backend.quality.called import (
    CARD_WORDS,
    COUNTED,
    ID_WORDS,
    ORDER_BEFORE,
    PHONE_WORDS,
    PROVINCES,
    is_day,
)
from backend.quality.dictated import told_in_groups
from backend.quality.normalize import rewrite

Action = Literal["mask", "hash", "keep"]


@dataclass(frozen=True, slots=True)
class PiiHit:
    """One piece of personal data; `span` counts characters of the original text."""

    type: str
    span: tuple[int, int]
    action: Action
    #: What may be shown instead.
    masked: str


@dataclass(frozen=True, slots=True)
class _Kind:
    type: str
    pattern: re.Pattern[str]
    #: The masked form, or None when the match is not what it looks like. Gets the match and 24 characters before it.
    mask: Callable[[re.Match[str], str], str | None]
    action: Action = "mask"
    #: Without any of this in the text there is nothing to look for: a search that costs less.
    needs: re.Pattern[str] | None = None


_CHINESE_DIGITS: Final = str.maketrans(
    "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖两", "00123456789" + "1" + "123456789" + "2"
)
# Width and circles, invisible characters, and Chinese numerals in runs long enough to be a number somebody dictates.
_FOLDABLE: Final = re.compile(
    r"[\uff01-\uff5e]|[①-⑨]|[0-9]\ufe0f?\u20e3|[\u200b-\u200f\u2060\ufeff\ufe0f\u00ad]+|(?<=[\u4e00-\u9fa5vV])[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]\ufe0f?|"
    r"(?<=区号)[〇零一二三四五六七八九幺]{3,4}|"
    r"[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖0-9]"
    r"(?:[\s\-.·、,，]{0,2}(?:[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖0-9]|"
    r"两(?=[〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖0-9]))){5,}"
)
_DIGIT: Final = r"(?:\d[-\s.·、,，*_/]{0,2})"
#: What follows the number of a house: court, block, unit, floor, and a room that may have no word behind it.
_ROOMS: Final = (
    r"(?:院?[，,\s]{0,2}[\u4e00-\u9fa5a-z]{0,10}?\s?[\da-z一二三四五六七八九十零〇\-]{1,6}(?:号楼?|栋|幢|座|单元|室|楼))*"
    r"(?:[，,\s]?(?:\d{2,4}|[零〇一二三四五六七八九十]{2,5})(?![元块个万]))?室?"
)
#: A building of several; a number alone may be a stall's or a gate's.
_BUILDING: Final = (
    r"(?:(?:\d{1,4}|[一二三四五六七八九十]{1,3})[a-z]?\s?"
    r"(?:号楼|号院|栋|幢|座|单元[\s，,]?[\d零一二三四五六七八九十])|[a-z]\s?[座栋幢])"
)
_AREAS: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_ORDER_WORDS: Final = re.compile(
    r"(?:订单|单号|运单|快递|物流|条码|货号|编号|sku|流水|批次|型号|款号|商品码|时间戳|id)[^。\n]{0,8}$", re.IGNORECASE
)
_MAIL_WORDS: Final = re.compile(r"(?:邮箱|邮件|电邮|e-?mail|mail)[^。\n]{0,10}$", re.IGNORECASE)
_PASS_WORDS: Final = re.compile(r"(?:护照|通行证|回乡证|台胞证|证件|passport)[^。\n]{0,10}$", re.IGNORECASE)
_PERMIT_BEFORE: Final = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|证件)(?:号码?|编号|证号)?(?:是|为)?[:：\s]{0,3}$|[证号][:：]$", re.IGNORECASE
)
_MODEL_WORDS: Final = re.compile(r"(?:型号|款式|系列|货号|接口|版本)[^。\n]{0,6}$")
_VERSION_WORDS: Final = re.compile(r"(?:版本|固件|驱动|升级到|更新到|version|v)\s*[^。\n]{0,4}$", re.IGNORECASE)
_PLATE_WORDS: Final = re.compile(r"(?:车牌|车号|牌照|的车|开车|停车|车子|车主)[^。\n]{0,10}$")
_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒"
    "屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石"
    "崔吉龚程邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦巴弓牧隗山谷车侯全班仰秋仲伊宫宁仇栾甘厉戎祖武符刘景詹束龙叶幸司黎薄印宿白蒲从鄂索"
    "籍赖卓蔺屠蒙池乔阴胥能苍双闻党翟谭贡劳逄姬申扶冉宰雍璩桑桂牛寿通边燕冀浦尚农温庄晏柴瞿阎连习艾容向古易廖终步都耿满弘匡文寇广东欧"
    "沃利蔚越隆师巩聂敖冷辛阚简饶空曾沙鞠关相查后荆红游权盖益桓公岳"
)


#: Words that begin with a character which is a surname too.
_NO_NAMES: Final = re.compile(
    r"(?:都|和|是|可以|请|填|写|要|不|在|能|安全|安排|明天|成功|何时|相同|时间|方便|华丽|关注|方式|单号|包裹|全部|满|司机|"
    r"应该|经理|高先生|应|连接|左右|白天|边上|终于|从|于|时候|别|向|常|能否|安装|强调|金额|温馨|万一|双方|连同|车牌|号码|"
    r"水果|国际|平台|广告|党|牛奶|古法|容量|家人|幸好|宿舍|游客|查询|后台|相关|公司|来|到|给|今天)"
)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _mobile(match: re.Match[str], before: str) -> str | None:
    number = _digits(match.group("number"))
    if ORDER_BEFORE.search(before):
        return None
    # 1[0-2] is not given out; 13-19 all are by now.
    return f"{number[:3]}****{number[7:]}"


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
    number = _digits(match.group())
    named = CARD_WORDS.search(before)
    if not 13 <= len(number) <= 19 or (_ORDER_WORDS.search(before) and not named):
        return None
    if not luhn.is_valid(number) and not (named and len(number) >= 15):
        return None
    known = len(number) in (16, 17, 18, 19) and re.match(r"62|4|5[1-5]", number)
    if not named and not known:
        return None
    return f"**** **** **** {number[-4:]}"


def _e_mail(match: re.Match[str], _before: str) -> str | None:
    name, _, domain = re.sub(r"\s", "", match.group()).replace("%40", "@").partition("@")
    if re.fullmatch(r"[\d.]+", domain):
        return None
    return f"{name[0]}***@{domain}"


def _spoken_mail(match: re.Match[str], before: str) -> str | None:
    # "look at taobao.com" is none: one of the two signs is said in a way that nobody uses else, or mail is talked of.
    plain = re.fullmatch(r"\s+at\s+", match.group("at"), re.IGNORECASE) and match.group("dot").strip() == "."
    if plain and not _MAIL_WORDS.search(before):
        return None
    return f"{match.group()[0]}***@{match.group('host')}.{match.group('top')}"


def _landline(match: re.Match[str], before: str) -> str | None:
    if re.search(r"[、,，]", match.group()) and not PHONE_WORDS.search(before):
        return None
    return f"{match.group()[:4]}****{match.group()[-4:]}"


def _wechat(match: re.Match[str], before: str) -> str | None:
    account = match.group("account")
    if _MODEL_WORDS.search(before) or re.fullmatch(r"(?:wx|vx)?-?\d{1,5}", account, re.IGNORECASE):
        return None
    return match.group()[: match.start("account") - match.start()] + f"{account[:2]}******"


def _qq(match: re.Match[str], _before: str) -> str | None:
    return match.group()[: match.start("number") - match.start()] + "****"


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


def _address(match: re.Match[str], _before: str) -> str | None:
    return match.group("area") + "****"


def _name(match: re.Match[str], _before: str) -> str | None:
    name = match.group("name")
    if name[0] not in _SURNAMES or re.match(_NO_NAMES, name):
        return None
    return match.group()[: match.start("name") - match.start()] + name[0] + "*" * (len(name) - 1)


def _passport(match: re.Match[str], before: str) -> str | None:
    if match.group().endswith(")"):  # Hong Kong's identity card, whose check sign stands in brackets
        return match.group()[0] + "******(*)"
    words = _PERMIT_BEFORE if match.group()[0].isdigit() else _PASS_WORDS
    return match.group()[0] + "****" + match.group()[-4:] if words.search(before) else None


def _company(match: re.Match[str], _before: str) -> str | None:
    return match.group() if uscc.is_valid(match.group()) else None


def _device(match: re.Match[str], before: str) -> str | None:
    text = match.group()
    if "." in text:
        if text.startswith("127.") or text == "0.0.0.0":  # noqa: S104 - read, not bound: this machine, nobody's
            return None
        return None if _VERSION_WORDS.search(before) else text.rsplit(".", 1)[0] + ".*"
    if ":" in text or "-" in text:
        return text[:8] + "**:**:**"
    return "*" * 11 + text[-4:] if luhn.is_valid(text) and re.search(r"(?i)imei[^。\n]{0,6}$", before) else None


def _tail(match: re.Match[str], _before: str) -> str | None:
    return f"{match.group()[:2]}****{match.group()[-4:]}"


def _order(match: re.Match[str], _before: str) -> str | None:
    return match.group()[: match.start("number") - match.start()] + "****" + match.group("number")[-4:]


def _code(match: re.Match[str], _before: str) -> str | None:
    return match.group()[: match.start("code") - match.start()] + "****"


def _secret(match: re.Match[str], _before: str) -> str | None:
    return f"{match.group('named') or ''}******"


def _kind(
    name: str,
    pattern: str,
    mask: Callable[[re.Match[str], str], str | None],
    action: Action = "mask",
    *,
    needs: str | None = None,
) -> _Kind:
    there = None if needs is None else re.compile(needs, re.IGNORECASE)
    return _Kind(name, re.compile(pattern, re.IGNORECASE), mask, action, there)


# The order is the precedence: what an earlier kind took, a later one cannot take.
_KINDS: Final = (
    _kind(
        "secret",
        r"sk-[a-z0-9_\-]{16,}|bearer\s+[a-z0-9._\-]{16,}|"
        r"(?:(?<![a-z0-9_\-])eyJ[a-z0-9_\-]{10,}|eyJ[a-z0-9_\-]{10,500})\.[a-z0-9_\-]{8,}\.[a-z0-9_\-]{8,}|"
        r"(?:AKIA|LTAI)[a-z0-9]{12,24}|gh[pousr]_[a-z0-9]{30,}|glpat-[a-z0-9_\-]{16,}|xox[abeprs]-[a-z0-9\-]{10,}|"
        r"(?<![a-z0-9_\-])AIza[a-z0-9_\-]{30,}|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[a-z0-9+/=\s]*|"
        r"(?:(?<=密码)|(?<=口令))[\u4e00-\u9fa5]{1,6}[:=：]\s*(?=[!-~]{0,40}\d)[!-~]{6,}|"
        r"(?:(?<=密码)|(?<=口令)|(?<=password))\s+(?=[!-~]{0,40}[a-z])(?=[!-~]{0,40}\d)[!-~]{6,}|"
        r"(?<=://)[^\s:/@，。]{1,64}:[^\s/@，。]{1,128}(?=@)|"
        r"(?P<named>(?:api[_-]?key|secret|access[_-]?token|token|password|passwd|pwd|密码|口令)[\"']?\s*(?:[:=：]|是|"
        r"为)\s*[\"']?)(?![\"'])[^\s，。,\"']{6,}",
        _secret,
    ),
    _kind(
        "email",
        # From where the word begins, or from 64 signs before the @ (no name is longer): from each sign of a long word
        # it would be looked for an @ that does not come, which takes the square of its length.
        r"(?:(?<![a-z0-9._%+\-])[a-z0-9._%+\-]+|[a-z0-9._%+\-]{1,64})\s*(?:@|%40)\s*"
        r"[a-z0-9\-]+(?:\s?\.\s?[a-z0-9\-]+)*\s?\.\s?[a-z]{2,}(?![a-z])",
        _e_mail,
    ),
    # With its signs in words, as it is dictated: pengyue at 163 dot com, 小老鼠, 圈a, 艾特, 点.
    _kind(
        "email",
        r"(?<![a-z0-9._%+\-])[a-z0-9][a-z0-9._%+\-]{0,63}(?P<at>\s+at\s+|\s*(?:[(\[{]\s*at\s*[)\]}]|艾特|爱特|小老鼠|圈\s?a|@)\s*)"
        r"(?P<host>[a-z0-9\-]{1,63})(?P<dot>\s+dot\s+|\s*(?:[(\[{]\s*dot\s*[)\]}]|点|\.)\s*)"
        r"(?P<top>com|cn|net|org|edu|gov|io|me|vip|top|hk|tw)(?![a-z0-9])",
        _spoken_mail,
        needs=r"\sat\s|[(\[{]\s*at|艾特|爱特|小老鼠|圈\s?a|@",
    ),
    _kind(
        "otp",
        r"(?:验证码|动态码|校验码|短信码|短信验证|动态口令|动态密码|一次性密码|一次性口令|登[录陆]码|认证码|授权码|确认码|"
        r"(?:verification|security|login|auth(?:entication)?|sms) code|one.time pass(?:word|code)|(?<![a-z])otp)"
        r"\D{0,6}(?P<code>\d(?:[\s-]?\d){3,7})(?!\d)",
        _code,
    ),
    _kind("order_no", r"(?:订单|单号|流水)\D{0,6}(?P<number>\d{12,19})(?!\d)", _order, "hash"),
    _kind("tracking_no", r"(?<![a-z0-9])(?:SF|YTO?|JDV?|ZTO|STO|YD|DPK|EMS)[a-z]{0,2}\d{10,15}(?!\d)", _tail, "hash"),
    _kind("cn_id_card", r"(?<![0-9a-z])[1-9](?:[-\s]?\d){5}(?:[-\s]?\d){11}[-\s]?[0-9x](?![0-9a-z])", _id_card),
    _kind("uscc", r"(?<![A-Z0-9])[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}(?![A-Z0-9])", _company, "keep"),
    _kind("bank_card", r"(?<![\da-z])(?:62|4\d|5[1-5]|3[47]|9\d)(?:[ .-]?\d){11,17}(?![\da-z])", _bank_card),
    _kind("cn_id_card15", r"(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)", _old_id_card),
    _kind(
        "cn_mobile",
        r"(?<![\d.])(?:(?:\+|00)?86[-\s]{0,2})?(?P<number>1[-\s.]?[3-9]"
        + r"[-\s.·、,，*_/]{0,2}\d" * 9
        + r")(?![\d]|\.\d)",
        _mobile,
    ),
    # Of other countries, told by the sign before it.
    _kind(
        "cn_mobile",
        r"(?<![\d+])\+(?!86)[1-9]\d{0,2}[-\s]?\d(?:[-\s]?\d){6,11}(?![\d.])"
        rf"(?!{COUNTED})",
        lambda m, _: f"{m.group()[:3]}****{m.group()[-2:]}",
    ),
    _kind(
        "cn_landline",
        r"(?<![\d.])(?:(?:\+|00)86[-\s]?)?(?:\(0\d{2,3}\)|0(?:10|2\d|[3-9]\d{2})|(?<=86[-\s])(?:10|2\d|[3-9]\d{2}))[-\s.·、,，]{0,2}"
        r"[2-9]\d{2,3}[-\s.·、,，]?\d{4}(?!\d|\.\d)",
        _landline,
    ),
    _kind(
        "wechat_id",
        r"(?:微信|绿泡泡|小绿|薇信|威信|徽信|v信|(?<![a-z])vx|(?<![a-z])wx|wechat|加我?v|薇(?=[\s:：]{1,3}[a-z])|加薇|加微|卫星)\s?(?:号码?|id)?\s*(?:就?是|为|"
        r"搜)?[:：\s]{0,4}(?P<account>[a-z][-_a-z0-9]{5,19}|(?<=[:：号是\s])[a-z0-9][-_a-z0-9]{5,19}|[a-z0-9](?:\s[-_a-z0-9]){5,19}(?![-_a-z0-9]))",
        _wechat,
    ),
    _kind(
        "wechat_id",
        r"(?:微信|薇信|威信|徽信|(?<![a-z])vx|(?<![a-z])wx|wechat)[^a-z0-9。\n]{1,12}(?:搜索?|添加|加|叫|是|[:：])\s?"
        r"(?P<account>(?=[a-z_-]{0,18}\d)[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])",
        _wechat,
    ),
    _kind(
        "qq",
        r"(?:(?<![a-z])q\s?q|扣扣|企鹅|球球)(?:群|号|号码)*\s*(?:就?是|"
        r"为)?[:：\s]{0,4}(?P<number>[1-9]\d{4,10})(?!\d)(?!\s*(?:元|块|件|个|人))",
        _qq,
    ),
    _kind(
        "cn_plate",
        rf"[{_AREAS}]\s?[A-HJ-NP-Z](?:\s?[-·•.]\s?|\s)?(?:[DF][A-HJ-NP-Z0-9]\d{{4}}|\d{{5}}[DF]|"
        rf"[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])",
        _plate,
    ),
    _kind(
        "address",
        r"(?P<area>(?:[\u4e00-\u9fa5]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|州|"
        r"盟))?(?:[\u4e00-\u9fa5]{1,8}?(?:市|区|县|旗)))[，,、\s]?"
        r"[\u4e00-\u9fa50-9]{0,20}(?:路|街道?|大道|巷|弄|村|镇|小区|花园|大厦|公寓|家园|苑|胡同|里|园|城)"
        r"[\u4e00-\u9fa50-9a-z\-]{0,14}?"
        # Behind a comma only what is a building's: 那条路，3号门口见 is no door.
        rf"(?:\s{{1,2}}|[，,、]\s?[\u4e00-\u9fa50-9]{{0,10}}?(?={_BUILDING}))?"
        rf"(?:(?:\d|[一二三四五六七八九十百]{{1,4}})[\da-z\-]*\s?(?:号楼?|栋|幢|座|单元|室|楼|弄|#)|[a-z]\s?[座栋幢]){_ROOMS}",
        _address,
        needs=r"[号栋幢座室楼弄#]|单元",
    ),
    # A block and a room of an estate are somebody's door without the town before them.
    _kind(
        "address",
        r"(?P<area>)[\u4e00-\u9fa5]{2,8}(?:小区|花园|公寓|家园|佳苑|新苑|苑|府|新村|新城|庭|湾|大厦|公馆|名都|雅居|"
        r"(?:路|街|大道|巷|胡同|弄|里)\s?(?:\d{1,5}|[一二三四五六七八九十百]{1,5})号院?(?:[，,\s]?[\u4e00-\u9fa5]{2,10}?)?)[，,\s]?"
        r"(?:\d{1,4}|[一二三四五六七八九十]{1,3})[a-z]?\s?(?:号楼|栋|幢|座)[，,\s]?"
        r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,2})单元[，,\s]?)?"
        r"(?:\d{3,4}|[零〇一二三四五六七八九十]{2,5})(?![\d元块个])(?:室|号|户)?",
        _address,
        needs=r"号[楼院]|[栋幢座]",
    ),
    _kind(
        "address",
        r"(?<![a-z])(?P<area>)(?:room|rm|apt|unit|flat|suite|no)\.?\s?\d{1,5}[a-z]?"
        r"(?:[,\s]{1,2}(?:building|bldg|block|tower|unit|lane|no|alley|floor)\.?\s?\d{1,5}[a-z]?){0,4}"
        r"[,\s]{1,2}(?:\d{1,5}\s)?[a-z]+(?:\s[a-z]+){0,3}\s(?:road|rd|street|st|avenue|ave|lane|boulevard|blvd)(?![a-z])",
        _address,
        needs=r"(?:road|rd|street|st|avenue|ave|lane|boulevard|blvd)(?![a-z])",
    ),
    _kind(
        "person_name",
        r"(?:(?:收件人?|收货人?|签收人?|联系人|联络人|收款人|付款人|汇款人|持卡人|开户人|下单人|中奖人|投保人|法人|机主|户主|车主|房东|"
        r"姓名|户名|真名|我叫|本名|本人|寄给|发给|抬头|名字)"
        r"(?:姓名)?(?:(?:上面)?(?:写|填|登记|留|签)的?)?(?:的?(?:名字|姓名))?(?:就?是|叫|为)?[:：=\s]{0,3}|"
        r"(?<![\u4e00-\u9fa5])收[:：]\s?|"
        r"(?<![a-z])(?:receiver|recipient|consignee|addressee|contact|customer|buyer|payee|real|full|legal)(?:[_\s-]?name)?"
        r"[\"']?\s{0,2}[:：=]\s{0,2}[\"']?)"
        r"(?P<name>[\u4e00-\u9fa5](?:\s?[\u4e00-\u9fa5·]){1,3}?)(?=[，。,、；;\s\d！!？?（(）)\"'&}\]|/]|$|电话|手机|住|地址|的|身份证|证件|微信|"
        r"卡|qq|电|号|先生|女士|小姐)",
        _name,
    ),
    _kind(
        "person_name",
        r"(?<![a-z])(?:receiver|recipient|consignee|addressee|payee)(?:[_\s-]?name)?[\"']?\s{0,2}[:：=]\s{0,2}[\"']?"
        r"(?P<name>(?-i:[A-Z][a-z]+(?:[ \-][A-Z][a-z]+){1,2}))(?![a-z])",
        lambda m, _: m.group()[: m.start("name") - m.start()] + m.group("name")[0] + "****",
    ),
    _kind(
        "person_name",
        rf"姓[{_SURNAMES}][，,\s]{{0,2}}(?:名字?|全名)(?:叫|是|为)(?P<name>[\u4e00-\u9fa5]{{1,2}})(?=[，。,、；;\s]|$)",
        lambda m, _: m.group()[: m.start("name") - m.start()] + "*" * len(m.group("name")),
    ),
    # A short name with a telephone number behind it needs no word before.
    _kind(
        "person_name",
        r"(?<![\u4e00-\u9fa5a-z\d])(?P<name>[\u4e00-\u9fa5]{2,4})(?=[，,、:：\s]{1,3}"
        r"(?:(?:电话|手机|tel)[:：\s]*)?(?:\+?86[-\s]?)?1[3-9]\d)",
        _name,
    ),
    _kind(
        "passport",
        r"(?<![a-z0-9])(?:[egdsp](?:[\s-]?\d){8}|[egp][\s-]?[a-z](?:[\s-]?\d){7}|[chm](?:[\s-]?\d){8,10}|[chm][a-z](?:[\s-]?\d){7}|"
        r"\d{8,10}|[a-z]{1,2}\d{6}\s?\([0-9a]\))(?![a-z0-9])",
        _passport,
    ),
    _kind(
        "device_id",
        r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])|"
        r"(?<![0-9a-f:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f:])|(?<!\d)\d{15}(?!\d)",
        _device,
        "hash",
    ),
)


#: Kinds whose digits prove themselves.
_PROVEN: Final = frozenset({"cn_id_card", "bank_card"})
#: A table's column whose cells are people's names.
_NAME_COLUMN: Final = re.compile(
    r"(?:收[货件]人|联系人|姓名|客户|会员|买家|签收人)(?:姓名)?|consignee|recipient|"
    r"(?:receiver|recipient|consignee|contact|customer|buyer|full)[_ ]?name",
    re.IGNORECASE,
)


def find_pii(text: str) -> list[PiiHit]:
    """Return the personal data of `text` in its order; hits do not overlap."""
    folded = rewrite(text, _FOLDABLE, _fold)
    taken = bytearray(len(folded.text))
    hits: list[PiiHit] = []

    def take(name: str, start: int, end: int, masked: str, action: Action = "mask") -> None:
        taken[start:end] = b"\1" * (end - start)
        hits.append(PiiHit(name, folded.span(start, end), action, masked))

    told = list(told_in_groups(folded.text))
    for kind in _KINDS:
        if kind.type == "cn_mobile":
            # What its own digits prove comes before: eleven of an identity number's may look like a telephone's.
            for name, start, end, _ in told:
                if name in _PROVEN and taken.find(1, start, end) < 0:
                    take(name, start, end, re.sub("[0-9Xx]", "*", folded.text[start:end]))
        if kind.needs is not None and kind.needs.search(folded.text) is None:
            continue
        for match in kind.pattern.finditer(folded.text):
            start, end = match.span()
            if taken.find(1, start, end) >= 0:
                continue
            masked = kind.mask(match, folded.text[max(0, start - 24) : start])
            if masked is not None:
                take(kind.type, start, end, masked, kind.action)
    for name, start, end, shown in told:
        if taken.find(1, start, end) < 0:
            take(name, start, end, folded.text[start:shown] + re.sub("[0-9]", "*", folded.text[shown:end]))
    for start, end in _in_columns(folded.text):
        if taken.find(1, start, end) < 0:
            take("person_name", start, end, folded.text[start] + "*" * (end - start - 1))
    return sorted(hits, key=lambda hit: hit.span)


def _in_columns(text: str) -> Iterator[tuple[int, int]]:
    """Yield the names that stand in a table's column of names: 收货人,件数 over 蒋文彬,2."""
    head, _, rows = text.partition("\n")
    mark = next((mark for mark in ("\t", "|", ",", ";") if mark in head), None)
    if not rows or mark is None or _NAME_COLUMN.search(head) is None:
        return
    places = [at for at, cell in enumerate(head.split(mark)) if _NAME_COLUMN.fullmatch(cell.strip(" \"'"))]
    begin = len(head) + 1
    for row in rows.split("\n"):
        start = begin
        for at, cell in enumerate(row.split(mark)):
            name = cell.strip(" \"'")
            if at in places and re.fullmatch("[\u4e00-\u9fa5]{2,4}", name) and name[0] in _SURNAMES:
                first = start + cell.index(name)
                yield first, first + len(name)
            start += len(cell) + 1
        begin += len(row) + 1


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


def _fold(match: re.Match[str], _before: str) -> str:
    run = match.group()
    if "\uff01" <= run[0] <= "\uff5e" and len(run) == 1:
        return chr(ord(run) - 0xFEE0)
    if "①" <= run[0] <= "⑨":
        return str(ord(run) - ord("①") + 1)
    if run[-1] == "\u20e3":
        return run[0]
    return run.translate(_CHINESE_DIGITS) if run[0].isalnum() else ""
