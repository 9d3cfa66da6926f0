"""How somebody is reached: telephones, mail, accounts of WeChat and QQ."""

import re
from typing import Final

from backend.quality.called import COUNTED, ORDER_BEFORE, PHONE_WORDS
from backend.quality.shapes import digits_of, hidden, shape

_MAIL_WORDS: Final = re.compile(r"(?:邮箱|邮件|电邮|发票|e-?mail|mail)[^。\n]{0,10}$", re.IGNORECASE)
_MODEL_WORDS: Final = re.compile(r"(?:型号|款式|系列|货号|接口|版本)[^。\n]{0,6}$")
#: A line that a house gives out, and no person's.
_HOUSE_LINE: Final = re.compile(r"(?:客服|热线|售后|官方|投诉|举报|服务|咨询|监督|品牌|厂家|公司|门店)[^。\n]{0,6}$")
#: What stands between figures that somebody breaks up: signs, but none of sums, sizes and times.
_SIGNS: Final = r"[^\da-z\u4e00-\u9fa5\n！？!?×<>=%$¥￥℃/:：]"
_TOP: Final = "com|cn|net|org|edu|gov|io|me|vip|top|hk|tw"


def _mobile(match: re.Match[str], before: str) -> str | None:
    number = digits_of(match.group("number"))
    if ORDER_BEFORE.search(before):
        return None
    # 1[0-2] is not given out; 13-19 all are by now.
    return f"{number[:3]}****{number[7:]}"


def _overseas(match: re.Match[str], before: str) -> str | None:
    named = PHONE_WORDS.search(before) or re.search("台湾|台北|高雄|台中", before)
    if ORDER_BEFORE.search(before) or ("-" not in match.group() and not named):
        return None
    return f"{match.group()[:4]}****{match.group()[-2:]}"


def _local(match: re.Match[str], before: str) -> str | None:
    if _HOUSE_LINE.search(before):
        return None
    return match.group()[: match.start("number") - match.start()] + f"****{match.group()[-4:]}"


def _e_mail(match: re.Match[str], _before: str) -> str | None:
    name, _, domain = re.sub(r"\s", "", match.group()).replace("%40", "@").partition("@")
    if re.fullmatch(r"[\d.]+", domain):
        return None
    return f"{name[0]}***@{domain.lstrip('@')}"


def _spoken_mail(match: re.Match[str], before: str) -> str | None:
    # "look at taobao.com" is none: one of the two signs is said in a way that nobody uses else, or mail is talked of.
    plain = re.fullmatch(r"\s+at\s+|#", match.group("at"), re.IGNORECASE) and match.group("dot").strip() == "."
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


def _called_q(match: re.Match[str], before: str) -> str | None:
    number = digits_of(match.group("number"))
    if len(set(number)) < 3 or number in "12345678900" or _MODEL_WORDS.search(before):
        return None  # 扣666666 is what a room is asked to type
    return match.group()[: match.start("number") - match.start()] + "****"


#: How WeChat is written where its name may not be: other characters of its sound, pulled apart, in Latin, by colour.
_WECHAT: Final = (
    r"(?:[微薇威徽葳维巍唯葳]\s?[.·_\-*/|+\s]?\s?[信芯]|绿泡泡?|绿色(?:聊天)?软件|绿色的?那个|小绿|"
    r"(?<![a-z])v{1,3}(?=\s?[号:：])|v信|v芯|"
    r"(?<![a-z])[vw]x|wei\s?xin|wechat|(?:加|\+)\s?我?的?\s?(?:v(?![a-z])|[薇微威徽])|"
    r"[薇威徽](?=[\s:：是号]{1,3}[a-z])|卫星)"
)
#: Between the name and the account: 号是, 搜一下, 找我, arrows.
_LINK: Final = (
    r"\s?(?:号码?|账号|帐号|id)?\s{0,2}(?:(?:就是|[是为叫搜加]|找我|搜索|我的?|同号|也是)\s?){0,3}[:：=>.·\-\s]{0,4}"
)

MAIL: Final = (
    # The parts of a name spelled one by one, after a word for mail.
    shape(
        "email",
        r"(?:邮箱|邮件|e-?mail|"
        r"mail)[是为:：\s]{0,4}(?P<account>[a-z0-9]{1,20}(?:\s[a-z0-9._\-]{1,20}){1,6}\s?(?:@|艾特)\s?"
        rf"[a-z0-9\-]{{1,30}}\s?(?:\.|点)\s?(?:{_TOP}))(?![a-z0-9])",
        hidden("account", 1),
        needs="@|艾特",
    ),
    # With spaces around the sign a name may have one inside: kefu 2024 @ shop.com.cn.
    shape(
        "email",
        r"(?<![a-z0-9._%+\-])(?P<account>[a-z0-9._%+\-]{1,20}\s[a-z0-9._%+\-]{1,20}\s@\s[a-z0-9\-]{1,30}(?:\s?\.\s?[a-z0-9\-]{1,30}){0,3}"
        rf"\s?\.\s?(?:{_TOP}))(?![a-z0-9])",
        hidden("account", 1),
        needs="@",
    ),
    shape(
        "email",
        # From where the word begins, or from 64 signs before the @ (no name is longer): from each sign of a long word
        # it would be looked for an @ that does not come, which takes the square of its length.
        r"(?:(?<![a-z0-9._%+\-])[a-z0-9._%+\-]+|[a-z0-9._%+\-]{1,64})\s*(?:@{1,2}|%40)\s*"
        r"[a-z0-9\-]+(?:\s?\.\s?[a-z0-9\-]+)*\s?\.\s?[a-z]{2,}(?![a-z])",
        _e_mail,
    ),
    # With its signs in words, as it is dictated: pengyue at 163 dot com, 小老鼠, 圈a, 艾特, 点.
    shape(
        "email",
        r"(?<![a-z0-9._%+\-])[a-z0-9][a-z0-9._%+\-]{0,63}(?P<at>\s+at\s+|\s*(?:[(\[{]\s*at\s*[)\]}]|\(?(?:艾特|"
        r"爱特|小老鼠|圈\s?a?|@{1,2}|#)\)?)\s*)"
        r"(?P<host>[a-z0-9\-]{1,63})(?P<dot>\s+dot\s+|\s*(?:[(\[{]\s*dot\s*[)\]}]|\(?点\)?|[.。·,，])\s*)"
        rf"(?P<top>{_TOP})(?![a-z0-9])",
        _spoken_mail,
        needs=r"\sat\s|[(\[{]\s*at|艾特|爱特|小老鼠|圈|@|#",
    ),
)
ACCOUNTS: Final = (
    shape(
        "cn_mobile",
        r"(?<![\d.])(?:(?:\(?(?:\+|00)86\)?|(?<![\d.])0?86)[-\s]{0,2})?(?P<number>1[-\s.]?[3-9]"
        + r"[-\s.·、,，*_/]{0,3}\d" * 9
        + r")(?![\d]|\.\d)",
        _mobile,
    ),
    # A digit too many, as it happens to who dictates.
    shape(
        "cn_mobile",
        r"(?<![\d.])(?P<number>1[3-9]\d{10})(?=[，,。\s]{0,2}(?:发货前?|有事|到了|先)?(?:打这个|打我|找我|是我的?(?:电话|手机)))",
        _mobile,
        needs="打这个|打我|找我|是我",
    ),
    # In the groups that everybody makes, whatever signs stand between them.
    shape(
        "cn_mobile",
        rf"(?<![\d.])(?P<number>1[3-9]\d{_SIGNS}{{1,6}}\d{{4}}{_SIGNS}{{0,6}}\d{{4}})(?![\d]|\.\d)",
        _mobile,
    ),
    # Masked already, and what was masked told behind it.
    shape(
        "cn_mobile",
        rf"(?<![\d.])(?P<number>1[3-9]\d[*x]{{3,6}}\d{{4}}[^\d。\n]{{0,12}}(?:中间|"
        rf"[*星]号?)[^\d。\n]{{0,6}}\d{{4}})(?!\d)(?!{COUNTED})",
        lambda m, _: f"{m.group()[:3]}****",
        needs=r"[*x]{3}",
    ),
    # Of other countries, told by the sign before it.
    shape(
        "cn_mobile",
        r"(?<![\d+])\+(?!86)[1-9]\d{0,2}[-\s]?\d(?:[-\s]?\d){6,11}(?![\d.])"
        rf"(?!{COUNTED})",
        lambda m, _: f"{m.group()[:3]}****{m.group()[-2:]}",
    ),
    shape("cn_mobile", r"(?<![\d.\-])09\d{2}[-\s]?\d{3}[-\s]?\d{3}(?![\d\-]|\.\d)", _overseas),
    shape(
        "cn_landline",
        r"(?<![\d.])(?:(?:\+|00)86[-\s]?)?(?:\(0\d{2,3}\)|0(?:10|2\d|[3-9]\d{2})|(?<=86[-\s])(?:10|2\d|"
        r"[3-9]\d{2}))[-\s.·、,，]{0,3}"
        r"[2-9]\d{2,3}[-\s.·、,，]{0,3}\d{4}(?!\d|\.\d)",
        _landline,
    ),
    # Without the town's digits, where it is called a telephone.
    shape(
        "cn_landline",
        r"(?:电话|座机|固话|宅电|(?<![a-z])(?:tel|phone|telephone))(?:号码?)?(?:就?是|为|打)?[:：\s]{0,3}"
        rf"(?P<number>[2-9]\d{{2,3}}[-\s.]?\d{{4}})(?!\d|[-\s]\d|\.\d)(?!{COUNTED})",
        _local,
    ),
    shape(
        "wechat_id",
        rf"{_WECHAT}{_LINK}(?P<account>[a-z](?:[-_a-z0-9]|\.(?=[a-z0-9])){{5,19}}(?![-_a-z0-9]|小程序|公众号|视频号)|"
        r"(?<=[:：号是\s])[a-z0-9][-_a-z0-9]{5,19}|[a-z0-9](?:\s[-_a-z0-9]){5,19}(?![-_a-z0-9]))",
        _wechat,
    ),
    shape(
        "wechat_id",
        r"(?:微信|薇信|威信|徽信|(?<![a-z])vx|(?<![a-z])wx|wechat)[^a-z0-9。\n]{1,12}(?:搜索?|添加|加|叫|是|[:：])\s?"
        r"(?P<account>(?=[a-z_-]{0,18}\d)[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])",
        _wechat,
    ),
    # Spaced Latin letters are a measure's too (w x height): only with a figure or a mark in the account.
    shape(
        "wechat_id",
        r"(?<![a-z])[vw][\s.][x信]\s?(?:号|id)?(?:是|为)?[:：\s]{0,3}"
        r"(?P<account>(?=[a-z_\-]{0,18}[\d_])[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])",
        _wechat,
    ),
    shape(
        "wechat_id",
        r"加我[，,:：\s]{0,3}(?P<account>(?=[a-z_\-]{0,18}[\d_])[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])",
        _wechat,
    ),
    # With a word or two between, where a figure or a mark is in the account.
    shape(
        "wechat_id",
        rf"(?:{_WECHAT}|[薇微]聊|(?<![a-z])v我)(?!支付|小程序|扫|分享|付|视频|公众|读书|运动|红包|群|"
        rf"的?表情|里)[^a-z0-9。！？\n]{{0,5}}"
        r"(?P<account>(?=[a-z_\-]{0,18}[\d_])[a-z][-_a-z0-9]{5,19})(?![-_a-z0-9])",
        _wechat,
    ),
    # Told by its sounds, and its figures behind it.
    shape(
        "wechat_id",
        r"(?:微信|薇信|(?<![a-z])[vw]x)[^。\n]{0,10}(?:拼音|全拼|小写|字母)(?:开头)?[是为，,:：\s]{0,3}"
        r"(?P<account>[a-z]{3,20}(?:[，,\s]{0,2}(?:后面|再?加|然后)(?:上|数字|是)*\s?\d{2,8}|"
        r"(?:[，,\s]{1,2}(?:后面|再|然后|接着|连|加)[^a-z0-9。！？\n]{0,16}){1,3}\d{2,8})?)",
        _wechat,
    ),
    shape(
        "qq",
        r"(?:(?<![a-z])q\s?q|扣扣|企鹅|球球)(?:群|号|号码)*\s*(?:就?是|"
        r"为)?[:：\s]{0,4}(?P<number>[1-9]\d{4,10})(?!\d)(?!\s*(?:元|块|件|个|人))",
        hidden("number"),
    ),
    # By one letter or its sound, where the number is long enough; pulled apart too.
    shape(
        "qq",
        r"(?:扣|[加+]我?的?\s?q|(?<![a-z])qq?\s?(?:号码?|[:：]|是)|(?<![a-z])q\s?q|球球|扣扣|"
        r"企鹅|(?<![a-z])q(?=[\s+加]{1,3}\d{8,10}(?!\d))[\s+加]{1,3})\s?(?:号码?)?(?:就?是|为)?[:：\s]{0,3}"
        rf"(?P<number>[1-9](?:[-\s._]?\d){{5,10}})(?![-\s._]?\d)(?!{COUNTED})",
        _called_q,
    ),
)
