"""By what words personal data is called, and what its digits have to be: for what is written and what is dictated."""

import re
from datetime import date
from typing import Final

#: The first two digits of a number: provinces, Taiwan, Hong Kong, Macao, foreigners with permanent residence.
PROVINCES: Final = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
        "91",
    ]
)
#: Right before a number: then it is an order's, whatever it looks like. 订单有问题打139… is a telephone.
ORDER_BEFORE: Final = re.compile(
    r"(?:订单|单号|运单|快递|物流|条码|货号|编号|sku|流水|批次|型号|款号|商品码|时间戳|id)(?:编?号码?|码)?(?:是|为)?[:：#\s]*$",
    re.IGNORECASE,
)
CARD_WORDS: Final = re.compile(
    r"(?:银行|卡号|[\u4e00-\u9fa5]卡|一卡通|储蓄|信用卡|打款|转账|账号|账户|存折|开户|汇到|card)[^。\n]{0,14}$",
    re.IGNORECASE,
)
ID_WORDS: Final = re.compile(
    r"(?:身份证|身分证|居住证|驾驶证|驾照|户口[本簿]|证件|证号|id card)[^。\n]{0,10}$", re.IGNORECASE
)
QQ_WORDS: Final = re.compile(r"(?:(?<![a-z])q\s?q|扣扣|企鹅号?|球球)[^。\n]{0,8}$", re.IGNORECASE)
CALL_WORDS: Final = re.compile(
    r"(?:手机|电话|座机|号码?|联系|短信|拨打?|打给?|致电|报一下|tel|phone|mobile|call)[^。\n]{0,14}$", re.IGNORECASE
)
PHONE_WORDS: Final = re.compile(r"(?:电话|座机|固话|热线|号码|拨打?|打给?|tel|phone)[^。\n]{0,8}$", re.IGNORECASE)
#: A number of what is behind it, so nobody's.
COUNTED: Final = r"\s?(?:元|块|毛|件|个|人|名|位|单|套|份|只|条|瓶|盒|箱|积分|定金|尾款|毫米|厘米|克|毫升)"


def is_day(digits: str) -> bool:
    """Tell whether eight digits are a day of birth: a date that is over."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) <= date.today()  # noqa: DTZ011 (a birth date has no zone)
    except ValueError:
        return False
