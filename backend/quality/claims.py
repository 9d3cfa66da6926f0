"""What only papers can bear out: certificates, years, services, the age of a house. It must be on record."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.context import clause
from backend.quality.heads import headed
from backend.quality.normalize import NUMERALS, fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.record import FactFault, record_text
from backend.quality.subject import COMPARED

#: Names of certificates, marks and tests; what stands in one group is one thing.
_PAPERS: Final = headed(
    r"绿色食品|有机(?:认证|食品|产品|证书)|无公害认证|地理标志|非物质文化遗产|非遗(?:传承|工艺|技艺)|(?:中华)?老字号|国家专利|发明专利|实用新型|外观专利|专利(?:号|技术|认证|证书)|"
    r"(?<![a-z])(?:sgs|fda|ce|rohs|iso\s?\d*|gmp|haccp|brc|oeko|gots|fsc|3c|ccc|ul|halal|usda|ecocert|rws|bsci)(?![a-z])(?=[^，。！？]{0,4}(?:认证|检测|标准|体系|报告|证书|标志|认可|测试))|"
    r"(?:欧盟|美国|德国|日本|国际|瑞士)[^，。！？]{0,4}(?:认证|检测|标准)|清真认证|(?:红点|iF|艾迪逊|金奖|银奖|设计奖|品质奖)(?:奖|大奖)?|"
    r"(?:眼科|皮肤科|牙科|儿科|营养)(?:医生|专家|学会|协会)?(?:测试|推荐|认证|认可)|(?:协会|学会|研究所|研究院|实验室|大学)(?:联合)?(?:推荐|认证|认可|监制|研发|检测)",
    re.IGNORECASE,
)
#: Services somebody pays for.
_SERVICES: Final = headed(
    r"(?:免费|包|师傅)[^，。！？]{0,3}(?:上门)?安装|上门[^，。！？]{0,4}(?:装|维修|量尺|清洗|回收)|(?:免费)?送货?上楼|送到家门口|终身(?:保修|质保|维修|免费|换新|保养)|只换不修|以旧换新|"
    r"免费(?:清洗|保养|刻字|改[衣裤长]|延保|换新|试[睡用穿吃]|补寄|升级|洗护|打蜡)|(?:试睡|试用|试穿)[^，。！？]{0,4}[天晚]|先用后付|货到付款|[二三四五六七八九十\d]+年(?:内)?(?:免费)?(?:换新|质保|保修|联保)|(?:三十|30|六十|90|一百|三百六十五|365)天(?:无理由|包退|退货|价保|试用)"
)
_SELF: Final = re.compile("自行安装|自己(?:安)?装|安装费自理|到店安装|不含安装|需自装|自提|不上楼|送到楼下")
#: How old a house or a craft is: 两百年的老字号, 三代人传下来的工艺.
_AGE: Final = headed(
    r"(?P<age>(?:[一二两三四五六七八九几上]?[百千]|\d{2,4}|[一二三四五六七八九]?十[一二三四五六七八九]?)(?:多|来)?年)(?:的|了的?|以上的?|传承的?|历史的?)?"
    r"(?:老字号|老店|老厂|老品牌|老牌子|品牌|历史|传承|古法|工艺|手艺|祖传|窖|古树|老树|树龄)"
)
#: How long it was kept: 窖藏二十年.
_KEPT: Final = re.compile(rf"(?:窖藏|陈酿|陈放|珍藏|酒龄|存了)(?P<number>{NUMBER})年")
#: A share that only a test tells: 除菌率99.99%.
_TESTED: Final = re.compile("(?:除|杀|抑|灭)菌率|除螨率|去除率|净化率|过滤率|阻隔率")
_YEAR: Final = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d|[二一][零九〇][零一二三四五六七八九〇]{2})年?(?=[^，。！？]{0,3}(?:的|产|采|制|压|酿|灌|份|料|茶|收|新|老|款|，|。))"
)
_YEAR_FIELD: Final = re.compile("年份|采摘|采收|生产|制作|压饼|灌装|酿造|出厂|收获|年款|款式年")
_FOUR_DIGITS: Final = re.compile(r"(?:19|20)\d\d")
_PLUS: Final = re.compile(r"(?P<count>[一二两三四五六])个(?:加号?|\+)")
_PA: Final = re.compile(r"pa\s?(?P<plus>\++)")
_DIGITS: Final = str.maketrans("零〇一二三四五六七八九", "00123456789")


def claim_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield what a folded text says of the goods that would need papers, where the record has none of it."""
    record = record_text(product)
    yield from _papers_missing(text, record)
    yield from _services_missing(text, record)
    for match in _AGE.finditer(text):
        if match["age"].rstrip("年") not in record and not _is_denied(text, *match.span()):
            problem = f"“{match.group()}”在商品资料里没有依据"
            yield FactFault("FAC-004", *match.span(), problem, False)
    for match in _TESTED.finditer(text):
        if match.group()[:2] not in record and not _is_denied(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”在商品资料里没有依据", False)
    aged = {parse_number(one) for one in re.findall(rf"({NUMBER})年", record)}
    for match in _KEPT.finditer(text):
        if parse_number(match["number"]) not in aged and not _is_denied(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", bool(aged))
    yield from _years_that_differ(text, product)
    known = {len(match["plus"]) for match in _PA.finditer(record)}
    for match in _PLUS.finditer(text) if known else ():
        said = "零一二三四五六".find(match["count"].replace("两", "二"))
        if said not in known and not _is_denied(text, *match.span()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料（PA{'+' * max(known)}）不符", True)


def _is_denied(text: str, start: int, end: int) -> bool:
    low, high = clause(text, start, end)
    if re.search("没(?:拿|得|获|评|做|申请)", text[low:start]):
        return True
    return COMPARED.search(text, low, start) is not None or re.search("没有|还没|没做|没去", text[end:high]) is not None


def _papers_missing(text: str, record: str) -> Iterator[FactFault]:
    for match in _PAPERS.finditer(text):
        core = (
            re.sub("认证|检测|证书|中华|国家|食品|产品|技术|工艺|技艺|传承", "", match.group()).strip() or match.group()
        )
        if core not in record and match.group()[:2] not in record and not _is_denied(text, *match.span()):
            yield FactFault("DAT-003", *match.span(), f"“{match.group()}”在商品资料里没有依据", False)


def _services_missing(text: str, record: str) -> Iterator[FactFault]:
    apart = _SELF.search(record)
    for match in _SERVICES.finditer(text):
        said = match.group().translate(NUMERALS)
        core = re.sub("免费|师傅|包|年|天|内", "", said)[-2:]
        if core in record.translate(NUMERALS) and not (apart and "装" in core):
            if not (number := re.search(r"\d+(?=[年天])", said)) or number.group() in record.translate(NUMERALS):
                continue
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", False)
        elif not _is_denied(text, *match.span()):
            contradicted = apart is not None and re.search("装|上楼|上门", said) is not None
            problem = f"“{match.group()}”" + ("与商品资料不符" if contradicted else "在商品资料里没有依据")
            yield FactFault("FAC-004", *match.span(), problem, contradicted)


def _years_that_differ(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find in which year something was made, where the record has another: 2012年的老料 for tea of 2021."""
    facts = product.get("facts")
    known = {
        year
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        if _YEAR_FIELD.search(str(name))
        for year in _FOUR_DIGITS.findall(fold(str(value)).text)
    }
    whole = record_text(product) if known else ""
    for match in _YEAR.finditer(text) if known else ():
        year = match["year"].translate(_DIGITS)
        if year not in whole and not _is_denied(text, *match.span()):
            yield FactFault(
                "FAC-004", *match.span(), f"“{match.group()}”与商品资料（{'、'.join(sorted(known))}年）不符", True
            )
