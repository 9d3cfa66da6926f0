"""Amounts with units, pieces and codes: what a script says of them against the product's record."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.measured import Amount
from backend.quality.normalize import NUMERALS, fold, is_han
from backend.quality.numbers import COUNTERS, NUMBER, counts_in, money_in, parse_number
from backend.quality.people import is_of_people
from backend.quality.record import FactFault, fields_of
from backend.quality.subject import COMPARED, is_portion
from backend.quality.units import COUNTED_BY_ONE, OF_THE_DAY, TECHNICAL, UNITS

#: A unit in letters ends where the letters end; one in characters may have letters behind it (1.2米c口线).
_UNIT: Final = "|".join(
    re.escape(unit) + ("(?![a-z])" if unit[-1].isascii() and unit[-1].isalpha() else "")
    for unit in sorted(UNITS, key=len, reverse=True)
)
#: 5公斤一袋 is no 5.1 kg.
_SHORT_YEAR: Final = re.compile("(\\d{2}|[零〇一二三四五六七八九]{2})年")
_NO_TENTH: Final = rf"(?![十百千万点\d厘毫次克升斤两公档挡层段级种色人天年月日号{COUNTERS.replace('床', '')}])"
_MEASURE: Final = headed(
    rf"(?:(?<![\d.a-z])|(?<=pu)|(?<=ipx))(?P<number>{NUMBER})(?P<half>个?半)?(?P<more>[多来余])?\s*个?(?P<unit>{_UNIT})(?P<tail>半|多|左右|[一二三四五六七八九]{{1,2}}{_NO_TENTH}|(?<=米)\d{{1,2}}{_NO_TENTH})?"
)
#: 净重半斤, 保质期半年: a half where a fact is named; elsewhere 半天, 半斤 are a manner of speaking.
_HALF_OF: Final = re.compile(
    "(?:净重|净含量|净得|规格|保质期|保修期?|质保期?|有效期|续航|保温|容量|长|宽|高|厚|直径)(?:就|才|只有?|是|有|为|大概|差不多|足足|：|[一每][袋瓶盒罐支]){0,2}"
    "(?P<half>半)(?P<unit>公斤|斤|升|米|个月|年|小时|个小时)"
)
#: 80 × 40 × 85 cm: the unit is said once.
_SIZES: Final = headed(rf"(?<![米\d.])(?P<first>(?:{NUMBER}\s*[×x*乘/、]\s*)+)(?:{NUMBER})\s*(?P<unit>{_UNIT})")
#: 长60、高45厘米, 长60×宽30×高45cm: in a record's list the unit stands behind the last one.
_UNIT_LATER: Final = headed(
    r"(?<![\d.a-z])(?P<number>\d+(?:\.\d+)?)(?=(?:\s*[×x*乘/、+，,；;\s]\s*[\u4e00-\u9fa5]{1,4}：?\s*\d+(?:\.\d+)?)+\s*"
    r"(?P<unit>厘米|公分|cm|毫米|mm|米|m|英寸|寸|克|g|公斤|千克|kg|斤|毫升|ml|升|l)(?![a-z/平²³]))"
)
#: 2 到 5 岁, 60-200℃: both ends.
RANGE: Final = headed(
    rf"(?<![米点\d.零一二两三四五六七八九十百千])(?P<low>{NUMBER})\s*(?:{_UNIT})?\s*(?:[-~–—±]|到|至)\s*(?P<high>{NUMBER})\s*(?P<unit>{_UNIT})"
)
#: 两成, 四成五.
_TENTHS_OF: Final = headed(rf"(?P<number>{NUMBER})成(?P<half>五|半)?(?![功熟年分本为了交人套品色长型])")
_FRACTION: Final = re.compile(r"百分之(?P<number>[一二三四五六七八九十百零点两]+|\d+(?:\.\d+)?)")
#: A bound that is nobody's fact, a dose to reckon with, and things of the viewer's own.
_LIMIT: Final = re.compile("(?:没有?|不|未)超?过$|低于$|(?:规定|要求|上限|标准)(?:是|的|为)?$")
_DOSE: Final = re.compile(
    "(?:按|照|就算|算)(?:着|你|您)?(?:一[天次回泡顿碗杯勺])?$|(?:通勤|来回|路上|上下班|车程|排队|走路)[^，。！？]{0,4}$"
)
#: Before a lapse of time: what somebody did for so long (装了四十分钟, 跑了两年).
_EXPERIENCED: Final = re.compile("[\u4e00-\u9fa5](?<![到送补])了(?:大概|差不多|整整|快|足足|将近|有|我|小)*$")
_OF_OTHERS: Final = re.compile(
    "(?:的?电池|容量|屏幕?|大小|排量)?的(?:手机|平板|电脑|相机|耳机|车|孩子|宝宝|房间|屋子|客厅|锅|杯子|人)"
)
# Amounts of daily life are no claims about the product.
_DAILY: Final = re.compile(
    r"每天|每日|每次|一天|一顿|一勺|一碗|一次|出门|走路|跑|上班|下班|加班|等|发货|送达|到货|之后|以后|前|泡|投|取|舀|挖|抹|撒|滴|煮|炒|蒸|烤|焖|腌|冷藏|解冻|加热|"
    r"预热|水温|温水|热水|烫|兑|冲|倒|加[水入]|放|涂|敷|按摩|坚持|用了|喝了|吃了|买了|做了|戴了|穿了|站|坐|睡|零下|室温|气温|今天|岁|无理由|价保|运费|身高|体重|"
    r"我|你|妈|爸|好评|女|孩|以内|房间|客厅|平"
)
#: Right behind an amount: what is in a pack (一斤半一袋).
_IN_PACK: Final = re.compile("(?:的)?[一每][袋罐盒瓶包箱桶听坛]")
#: Right before an amount: 一箱八斤, 一袋是两公斤, 先来一箱九斤的.
_PACK_HOLDS: Final = re.compile(
    "(?:[一每][袋罐盒瓶包箱桶听坛支提套](?:里面?|足足|净重|净含量|是|有|装|就|一共|总共|大概|差不多)*|规格是?)$"
)
_ONE_PIECE: Final = re.compile(f"[一每][{COUNTERS}](?:大概|差不多|就是|约|有|是|合|才|就)*$")
#: Right before an amount: one of them, and no more.
_ONE_HOLDS: Final = re.compile(
    "(?:^|[^两二三四五六七八九十])[一每单][袋罐瓶桶](?:里面?|足足|净重|净含量|是|有|装|就是|就)*$"
)
#: What a pack's content is told by, in a script and on record.
_NET: Final = re.compile("(?:净重|净含量|净得|净|分量|克重|重量)(?:足足|足|是|有|为|就|：|才|只有|大概|差不多)*$")
_NET_FIELD: Final = re.compile("净|重量|规格|容量|克重|分量")
_EACH_DOES: Final = re.compile(
    f"(?:[一每][{COUNTERS}](?:能|可以?|大概)?|^|能|可以|够)(?P<does>[\u4e00-\u9fa5])(?:了|足|满|个|大概|约|上)?$"
)
#: What the record and a script may call the same thing by.
_TOPICS: Final = (
    re.compile("保温|保冷|续航|待机|播放|使用时间|充电|充满|快充|保鲜"),
    re.compile("保质期|能放|放得住|存放|开封"),
    re.compile("质保|保修|换新|找我们"),
    re.compile("发货|现发|发出|寄出|揽收|出库"),
    re.compile("充气|充好|打满|鼓起来"),
    re.compile("燃烧|能点|可点|点得"),
    re.compile("定时|自动停|自动断|自动关|自己停|自己断"),
)
_AND_MORE: Final = re.compile("出头|挂零|有余|多")
#: By how warm water something is made.
_WATER: Final = re.compile("水温|冲泡|开水|泡|冲|兑水")
#: How sweet something is: 甜到二十三度.
#: Behind a number of months: whose age they are.
_OF_YOUNG: Final = re.compile("龄?(?:以上|以后|往上|大|起)?的?[^，。！？；]{0,4}?(?:猫|狗|犬|宝宝|娃|孩|婴|宠|毛孩)")
_SWEET: Final = re.compile("糖度|甜")
#: Behind a number these count nothing that goods are made of.
_NO_COUNTER: Final = (
    "乘厘毫公千平立英年月日天点分时秒元角毛钱岁号多来几的人次度回遍句声眼路步口些成倍折半零一二两三四五六七八九十百千万亿"
    "米克升斤寸里比到至和与是有"
)
#: Metres and pounds are walked and carried all day; centimetres and grams are somebody's specification.
_FAR: Final = re.compile("(?<![厘毫])米|(?<!公)斤|里$")
_PIECES: Final = re.compile(
    rf"(?<!第)(?<!前)(?<!第[一二三四五六七八九十百\d])(?P<number>{NUMBER})\s*(?:[个种]?颜|[大小](?=[{COUNTERS}]))?(?P<counter>(?![{_NO_COUNTER}小不])[\u4e00-\u9fa5])"
    r"(?<!个(?=月|小时|钟|星期|礼拜|季|年|半|多月|来月|人))"
)
#: What a thing has of its own; nobody buys three of them.
_PARTS: Final = tuple("层格芯核股齿针丝道位轴轮孔键节种色段叶页开")
_PIECES_IN_PACK: Final = re.compile(
    "(?:[一每单整](?P<pack>[瓶盒袋包箱罐套提桶条筒板])|[箱盒袋罐桶瓶]子?里)(?:里面?|里头|是|有|装了?|一共|总共|足足|就)*$"
)
#: A fact that is a count: 株数, 页数.
_NAMED_COUNT: Final = re.compile("[^度]数：[约共]?$")
#: 双层 and 双节 are two of them.
_DOUBLE: Final = re.compile("双(?=[层节芯核股轴轮键段锅面杆头])")
#: Several packs were spoken of: 两箱, 一箱六袋一共十二袋.
_OF_SEVERAL: Final = re.compile("[两二三四五六七八九十][瓶盒袋包箱罐套提桶条筒板件]")
#: Taking some of the goods, a clause before.
_PUT: Final = re.compile("[撬舀挖取投抓倒挤称兑冲泡煮撒滴抹涂]")
_IN_A_DAY: Final = re.compile("(?:[一每][天日])(?:就是|就|吃|喝|共|是)?$")
#: A fact of how much there is room for.
_ROOM: Final = re.compile("可放|能放|可装|装得下|可容|最大可|兼容")
#: Around a count that is all a clause says: 是四层的.
_ALONE_BEFORE: Final = re.compile("(?:[是有用]|一共|总共|里外|做了|它|这个)*")
_ALONE_AFTER: Final = re.compile("(?:的|哦|呢|啊|设计|结构|可[^，]{1,2})*")
_SMALL_WORDS: Final = frozenset(
    "的了是有我你这那个一也就都在不能可以和与上下左右多来内外前后到至大小高低长短约用装重净以为给要还再只每里中起走"
    "天时间分钟月年日半全新好家人口点开过满充放带送买拍卖出去看说做吃喝穿戴睡能"
)
#: 三四个小时: about so many.
_ABOUT: Final = re.compile("一二|[一两]三|二三|三四|四五|五六|六七|七八|八九|三五")
_EMPTY: Final = re.compile(r"[的了是有我你这那个一也就都在不能可以和与，。：、；！？\s]")
_BESIDE: Final = 7


def amount_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield the amounts, pieces and codes of a folded text that the record contradicts."""
    fields = [_DOUBLE.sub("两", _with_unit(field)) for field in fields_of(product)]
    text = _DOUBLE.sub("两", text)
    yield from _amounts_that_differ(text, fields)
    gifts = {_DOUBLE.sub("两", fold(str(gift)).text) for gift in product.get("gifts") or ()}
    yield from _pieces_that_differ(text, [one for one in fields if one not in gifts] or fields, product.get("stock"))


@lru_cache(maxsize=256)  # the fields of a record are read for each check of each draft
def amounts(text: str) -> Sequence[Amount]:
    return tuple(_found(text))


def _found(text: str) -> Iterator[Amount]:
    for match in _MEASURE.finditer(text):
        value = parse_number(match.group("number"))
        if value is None or _ABOUT.fullmatch(match.group("number")):
            continue
        dimension, factor = UNITS[match.group("unit")]
        if match.group("half") or match.group("tail") == "半":
            value += 0.5
        elif match.group("tail") and dimension != "months":
            value += _decimals(match.group("tail"))  # 一米二, 一升七五, 1米5; 三个月一换 are three
        yield Amount(dimension, value * factor, match.start(), match.end())
    yield from _halves(text)
    for pattern, group in ((_SIZES, "first"), (RANGE, "low")):
        for match in pattern.finditer(text):
            dimension, factor = UNITS[match.group("unit")]
            for number in re.finditer(NUMBER, match.group(group)):
                value = parse_number(number.group())
                if value is not None:
                    yield Amount(dimension, value * factor, match.start(), match.end())
    for match in _TENTHS_OF.finditer(text):
        if (value := parse_number(match["number"])) is not None and value < 10:
            yield Amount("percent", 10 * value + (5 if match["half"] else 0), match.start(), match.end())
    for match in _FRACTION.finditer(text):
        value = parse_number(match.group("number"))
        if value is not None:
            yield Amount("percent", value, match.start(), match.end())


def _halves(text: str) -> Iterator[Amount]:
    for match in _HALF_OF.finditer(text):
        dimension, factor = UNITS[match["unit"]]
        yield Amount(dimension, 0.5 * factor, match.start("half"), match.end())


def _with_unit(field: str) -> str:
    """Return a field with the unit that its name gives (尺码：36-46), or that a list of sizes has behind its last."""
    field = _UNIT_LATER.sub(r"\g<number>\g<unit>", field)
    return f"{field}码" if re.search(r"(?:尺码|鞋码|码数)：[\d\-~到、,，]*\d$", field) else field


def _decimals(digits: str) -> float:
    """Return what stands behind a unit as tenths and hundredths; 0 for 多, 左右."""
    told = digits.translate(NUMERALS)
    return float(f"0.{told}") if told.isdigit() else 0.0


@lru_cache(maxsize=256)
def _ranges(text: str) -> Sequence[tuple[str, float, float]]:
    """Return the spans of values (dimension, least, most) of a record's field: 60-200℃, 36-46码."""
    spans = []
    for match in RANGE.finditer(text):
        dimension, factor = UNITS[match.group("unit")]
        low, high = parse_number(match.group("low")), parse_number(match.group("high"))
        if low is not None and high is not None and low < high:
            spans.append((dimension, low * factor, high * factor))
    return tuple(spans)


def _amounts_that_differ(text: str, fields: Sequence[str]) -> Iterator[FactFault]:
    known: dict[str, list[tuple[Amount, str]]] = {}
    for field in fields:
        for amount in amounts(field):
            known.setdefault(amount.dimension, []).append((amount, field))
    spans = [one for field in fields for one in _ranges(field)]
    sums = money_in(text)
    for amount in amounts(text):
        recorded = known.get(amount.dimension)
        if not recorded:
            continue
        if _contradicts_its_like(text, amount, recorded):
            said = text[amount.start : amount.end]
            yield FactFault("FAC-004", amount.start, amount.end, f"“{said}”与商品资料不符", True, None)
            continue
        if _borne_out(text, amount, {one.value for one, _ in _of_topic(text, amount, recorded)}) or _comes_to(
            text, amount, [one.value for one, _ in recorded], fields
        ):
            continue
        if amount.value == 1 and amount.dimension in COUNTED_BY_ONE:
            continue
        if amount.dimension == "foot" and amount.value < 15:
            continue  # 拍大一码
        if any(amount.dimension == dimension and low <= amount.value <= high for dimension, low, high in spans):
            continue
        if any(re.fullmatch(r"\w{0,4}", text[amount.end : money.start]) for money in sums if money.start >= amount.end):
            continue  # 合一斤六块九: a share of the price
        if _is_no_claim(text, amount, fields, recorded):
            continue
        same = any(_same_topic(text, amount, field, one) for one, field in recorded)
        if not same and _is_of_the_day(text, amount):
            continue
        said = text[amount.start : amount.end]
        # The fact's own name beside it is proof; like words around it are a reason to ask.
        sure = (
            amount.dimension in TECHNICAL
            or any(_is_named(text, amount, field) or _is_of_one_topic(text, amount, field) for _, field in recorded)
            or _is_of_a_pack(text, amount)
        )
        sure = sure and not _is_of_another(text, amount) and not _is_told_right(text, amount, recorded)
        yield FactFault("FAC-004", amount.start, amount.end, f"“{said}”与商品资料不符", sure, _only(recorded))


def _is_told_right(text: str, amount: Amount, recorded: Sequence[tuple[Amount, str]]) -> bool:
    """Tell whether all that the record has of the kind is told as well, and no fact's name stands beside this one.

    Who says what the record has means something else by another figure: 保质期18个月 is told, 三个月 is no shelf life.
    """
    loose = amount.dimension in OF_THE_DAY  # 自己装，二十五分钟，我装了四十分钟
    if not loose and any(_is_named(text, amount, field) for _, field in recorded):
        return False
    said = {one.value for one in amounts(text) if one.dimension == amount.dimension}
    return all(any(abs(one.value - value) <= 0.005 * one.value for value in said) for one, _ in recorded)


def _comes_to(text: str, amount: Amount, known: Sequence[float], fields: Sequence[str]) -> bool:
    """Tell whether an amount is one on record told roughly, or what a piece of it comes to."""
    return _is_about(text, amount, known) or _is_a_piece(text, amount, known, fields)


def _is_about(text: str, amount: Amount, known: Sequence[float]) -> bool:
    """Tell whether an amount is told as so many and some more, of one on record: 六百多克 is from 600 to 700."""
    if not re.search("[多来余]", text[amount.start : amount.end]) and not _AND_MORE.match(text, amount.end):
        return False
    said = re.match(NUMBER, text[amount.start :])
    value = parse_number(said.group()) if said else None
    if not value:
        return False
    step = amount.value / value * 10 ** (len(str(int(value))) - 1)
    return any(amount.value <= one < amount.value + step for one in known)


def _is_a_piece(text: str, amount: Amount, known: Sequence[float], fields: Sequence[str]) -> bool:
    """Tell whether an amount is what one piece comes to: 一片四十克, of 480 grams in 12 pieces."""
    if amount.dimension not in ("weight", "volume") or not _ONE_PIECE.search(text[: amount.start][-8:]):
        return False
    counts = {count for field in fields for count in counts_in(field) if count > 1}
    return any(abs(amount.value - whole / count) <= 0.03 * amount.value for whole in known for count in counts)


def _is_of_another(text: str, amount: Amount) -> bool:
    """Tell whether an amount may be a bound, a dose or another thing's: 没过一百瓦时, 按五克一泡, 五千毫安时的手机."""
    low, high = clause(text, amount.start, amount.end)
    return bool(
        COMPARED.search(text, low, amount.start)
        or _LIMIT.search(text, low, amount.start)
        or _DOSE.search(text[low : amount.start])
        or _OF_OTHERS.match(text, amount.end, high)
        or (amount.dimension in OF_THE_DAY and _EXPERIENCED.search(text, low, amount.start))
    )


def _contradicts_its_like(text: str, amount: Amount, recorded: Sequence[tuple[Amount, str]]) -> bool:
    """Tell whether the record gives another amount behind the very same noun: 公蟹四两, where it has 公蟹2两."""
    noun = text[max(0, amount.start - 2) : amount.start]
    if amount.dimension not in ("weight", "volume") or len(noun) < 2 or not all(map(is_han, noun)):
        return False
    alike = [one.value for one, field in recorded if field[max(0, one.start - 2) : one.start] == noun]
    low, _ = clause(text, amount.start, amount.end)
    if not alike or set(noun) & _SMALL_WORDS or _OF_SEVERAL.search(text, low, amount.start):
        return False
    return all(abs(amount.value - value) > 0.005 * value for value in alike)


def _is_no_claim(text: str, amount: Amount, fields: Sequence[str], recorded: Sequence[tuple[Amount, str]]) -> bool:
    """Tell whether an amount is one of people, of what they do or put in, or of what is kept from them."""
    whole = max(one.value for one, _ in recorded)
    if any(one.value >= amount.value and _ROOM.search(field) for one, field in recorded):
        return True  # 装了台十五寸的电脑, where it takes 15.6
    if is_of_people(text, amount, [field for _, field in recorded], fields):
        return True
    if amount.dimension == "months" and (
        _OF_YOUNG.match(text, amount.end)
        or amount.value / 12 in _years_told(fields)
        or _is_year_on_record(text[amount.start : amount.end], fields)
    ):
        return True  # 三个月以上的猫 is an age (`kinds.py`); 十二年真题: 2014至2025年; 二一年: 2021年
    if _IN_A_DAY.search(text[: amount.start][-5:]) and any(
        abs(amount.value - one.value * often) < 0.001 for one, field in recorded for often in _times_a_day(field)
    ):
        return True  # 一天20克: 每日2次，每次10克
    if amount.dimension == "length" and re.search("[留隔量空]出?$", text[: amount.start][-3:]):
        return True  # 过道留六十公分
    return _is_portion(text, amount, whole)


def _times_a_day(field: str) -> Iterator[float]:
    for match in re.finditer(rf"(?:每[日天]|一[日天])({NUMBER})次", field):
        if (often := parse_number(match[1])) is not None:
            yield often


def _is_of_the_day(text: str, amount: Amount) -> bool:
    """Tell whether an amount beside nothing of the record may be one of daily life, or of something else."""
    low, high = clause(text, amount.start, amount.end)
    return bool(
        amount.dimension in OF_THE_DAY
        or (_FAR.search(text[amount.start : amount.end]) and not _side(text, amount))
        or (amount.dimension not in TECHNICAL and _DAILY.search(text[low:high]))
        or COMPARED.search(text[low : amount.start])
    )


def _years_told(fields: Sequence[str]) -> set[int]:
    """Return how many years the spans of years on record hold."""
    spans = (re.search(r"((?:19|20)\d\d)年?(?:至|到|-|~)((?:19|20)\d\d)", field) for field in fields)
    return {int(span[2]) - int(span[1]) + 1 for span in spans if span}


def _is_year_on_record(said: str, fields: Sequence[str]) -> bool:
    """Tell whether 二一年, 21年 is a year that the record names (2021年), and no lapse of time."""
    match = _SHORT_YEAR.fullmatch(said)
    if match is None:
        return False
    digits = "".join(
        one if one.isdigit() else str("零一二三四五六七八九".index(one)) for one in match[1].replace("〇", "零")
    )
    return any(re.search(rf"(?<!\d)(?:19|20){digits}(?!\d)", field) for field in fields)


def _of_topic(text: str, amount: Amount, recorded: Sequence[tuple[Amount, str]]) -> Sequence[tuple[Amount, str]]:
    """Return what is on record of the thing a share is told of: 鸡肉冻干，占四成 is no matter of the 40% protein."""
    if amount.dimension != "percent" or len(recorded) < 2:
        return recorded
    low, _ = sentence(text, amount.start, amount.end)
    before = text[max(low, amount.start - 14) : amount.start]
    places = [
        (max((before.rfind(pair) for pair in _pairs(_name(field))), default=-1), (one, field))
        for one, field in recorded
    ]
    nearest = max(place for place, _ in places)
    if nearest < 0:
        return recorded
    # 聚酯纤维百分之四十八 is told of what stands right before it, whatever a 纤维检测报告 of the record says.
    alike = [one for one in recorded if len(before) > 1 and one[1][: one[0].start].endswith(before[-2:])]
    return [one for place, one in places if place == nearest] + alike


def _name(field: str) -> str:
    return re.sub("占比|含量|比例|率$", "", field.rpartition("：")[0].rpartition("：")[2])


def _is_portion(text: str, amount: Amount, whole: float) -> bool:
    """Tell whether an amount is how much of the goods one takes: 撬五克 of a cake of 350."""
    if amount.dimension not in ("volume", "weight") or amount.value > 0.2 * whole:
        return False
    low, high = clause(text, amount.start, amount.end)
    if (low, high) == (amount.start, amount.end) and _PUT.search(text, clause(text, low - 1, low - 1)[0], low):
        return True  # 投的是毛尖，三克
    return is_portion(text, amount.start, amount.end)


def _borne_out(text: str, amount: Amount, values: set[float]) -> bool:
    """Tell whether an amount is on record; volumes and weights may also be those of several pieces."""
    if any(abs(amount.value - known) <= 0.005 * known for known in values):
        return True
    if amount.dimension not in ("volume", "weight"):
        return False
    low, high = sentence(text, amount.start, amount.end)
    if _ONE_HOLDS.search(text[clause(text, amount.start, amount.end)[0] : amount.start]):
        return False  # 一袋二十斤, whatever is said of two
    several = counts_in(text[max(0, low - 60) : high]) - {1}
    return any(abs(amount.value - known * count) < 0.001 * known for known in values for count in several)


def _side(text: str, amount: Amount) -> bool:
    """Tell whether an amount is one side of a size: 两米四乘两米一."""
    return text[amount.end : amount.end + 1] in tuple("乘x×*") or text[amount.start - 1 : amount.start] in tuple(
        "乘x×*"
    )


def _same_topic(text: str, amount: Amount, field: str, known: Amount) -> bool:
    """Tell whether an amount is told of what the record's own is told of."""
    return _is_named(text, amount, field) or _is_near(text, amount, field, known)


def _is_named(text: str, amount: Amount, field: str) -> bool:
    """Tell whether the fact's name, or what the goods do, stands beside an amount."""
    low, high = sentence(text, amount.start, amount.end)
    name = field.rpartition("：")[0].rpartition("：")[2]
    if amount.dimension in ("days", "people", "months") and text[amount.start] == "一":
        return False  # 一天, 一个人: no count is meant
    beside = text[amount.start - 1 : amount.start]
    if text[amount.end : amount.end + 1] in tuple("长宽高厚深"):
        beside = text[amount.end : amount.end + 1]  # 一米五宽
    # 净重一斤半: 净含量 500克
    net = amount.dimension in ("weight", "volume") and _NET.search(text[: amount.start][-10:]) is not None
    net = net and _NET_FIELD.search(name) is not None
    if net or (
        amount.dimension == "length" and beside in tuple("长宽高厚深") and re.search(f"{beside}|尺寸|大小|规格", name)
    ):
        return True  # 长两米: 尺寸 180×30厘米
    if any(amount.dimension == dimension for dimension, _, _ in _ranges(field)) and any(
        match.start() <= amount.start < match.end() for match in RANGE.finditer(text, low, high)
    ):
        return True  # 六到八个人躺得下, 零到三岁: a range where the record has one
    if amount.dimension == "people":
        return False
    levels = name in ("挡", "档") and amount.dimension == "levels" and _is_number_of_levels(text, amount, field)
    if levels or (set(text[amount.end : amount.end + 1]) - _SMALL_WORDS) & set(name):
        return True  # 三十天浇一次: 浇水
    each = _EACH_DOES.search(text[clause(text, amount.start, amount.end)[0] : amount.start])
    named = len(name) >= 2 and (at := text.find(name, low, high)) >= 0 and -9 <= at - amount.end <= 3
    return named or (each is not None and each["does"] in name)  # 数一秒，结团; 一支写八百米: 书写长度


def _is_number_of_levels(text: str, amount: Amount, field: str) -> bool:
    """Tell whether an amount may be how many levels there are: 平时开二挡 is one of three."""
    most = max((one.value for one in amounts(field) if one.dimension == "levels"), default=0)
    return amount.value > most or (amount.value > 1 and text[amount.start - 1 : amount.start] in tuple("是有共分"))


def _is_near(text: str, amount: Amount, field: str, known: Amount) -> bool:
    """Tell whether the words around an amount are those around the record's own: 晾足72小时 and 低温晾晒48小时."""
    low, _ = sentence(text, amount.start, amount.end)
    if _is_of_one_topic(text, amount, field):
        return True
    if not _FAR.search(text[amount.start : amount.end]) and _neighbours(text, amount.start, amount.end) & _neighbours(
        field, known.start, known.end
    ):
        return True  # 能弯三百六十度: 270°可弯
    begin, end = clause(text, amount.start, amount.end)
    alone = (begin, end) == (amount.start, amount.end)
    if alone and not _FAR.search(text[begin:end]) and amount.dimension not in ("time", "months", "days", "degree"):
        return True  # 十二个档, and nothing else in the clause
    if _is_of_a_pack(text, amount):
        return True
    begin = max(low, begin - _BESIDE) if amount.start - begin < 4 else begin
    near = text[max(begin, amount.start - _BESIDE) : amount.start], text[amount.end : min(end, amount.end + _BESIDE)]
    if COMPARED.search(near[0]) and not re.search("换成", near[0]):
        return False
    wanted = _pairs(field[: known.start]) | _pairs(field[known.end :])
    return bool((_pairs(near[0]) | _pairs(near[1])) & wanted)


def _is_of_a_pack(text: str, amount: Amount) -> bool:
    """Tell whether an amount is what a pack holds: 一袋是两公斤, 一斤半一袋."""
    begin, _ = clause(text, amount.start, amount.end)
    return bool(
        _IN_PACK.match(text, amount.end)
        or (amount.dimension in ("volume", "weight") and _PACK_HOLDS.search(text[begin : amount.start]))
    )


def _is_of_one_topic(text: str, amount: Amount, field: str) -> bool:
    """Tell whether a sentence and a fact speak of the same lapse of time by different words: 保温, 保冷."""
    begin, end = clause(text, amount.start, amount.end)
    first, last = sentence(text, amount.start, amount.end)
    # The clause beside it as well: 续航嘛，六十分钟.
    low = max(first, clause(text, begin - 1, begin - 1)[0]) if begin > first else begin
    high = min(last, clause(text, end + 1, end + 1)[1]) if end < last else end
    if amount.dimension == "degree" and "糖度" in field:
        return _SWEET.search(text, low, high) is not None
    if amount.dimension == "degree" and _WATER.search(field):
        return _WATER.search(text, low, high) is not None
    return amount.dimension in ("time", "months", "days") and any(
        words.search(text, low, high) and words.search(field) for words in _TOPICS
    )


def _neighbours(text: str, start: int, end: int) -> set[str]:
    """Return the characters right beside an amount that say something by themselves."""
    return {char for char in text[start - 1 : start] + text[end : end + 2] if is_han(char)} - _SMALL_WORDS


def _pairs(text: str) -> set[str]:
    """Return the pairs of characters that mean something; numbers are written one way."""
    plain = text.replace("°c", "度").translate(NUMERALS)
    parts = _EMPTY.split(re.sub(r"(\d)十(\d)", r"\1\2", plain))
    return {part[at : at + 2] for part in parts for at in range(len(part) - 1)}


def _only(recorded: Sequence[tuple[Amount, str]]) -> str | None:
    said = {field[amount.start : amount.end] for amount, field in recorded}
    return said.pop() if len(said) == 1 else None


def _pieces_that_differ(text: str, fields: Sequence[str], stock: object) -> Iterator[FactFault]:
    """Find how many pieces are in a pack: 一瓶90片 where the record has 60."""
    known: dict[str, list[tuple[int, int, int, str]]] = {}
    together: dict[tuple[str, str], float] = {}
    for field in fields:
        for match in _PIECES.finditer(field):
            count = parse_number(match.group("number"))
            together[field, match["counter"]] = together.get((field, match["counter"]), 0) + (count or 0)
            if count is not None and count >= 2 and count == int(count):
                known.setdefault(match.group("counter"), []).append((int(count), *match.span(), field))
    for match in _PIECES.finditer(text):
        said, recorded = parse_number(match.group("number")), known.get(match.group("counter"))
        if said is None or said < 2 or not recorded or said in [stock, *(one[0] for one in recorded)]:
            continue
        if match.group("counter") in "块元毛角分" and any(
            one.start < match.end() and match.start() < one.end for one in money_in(text)
        ):
            continue  # 一套四十九块九: a sum
        low, high = clause(text, *match.span())
        before, after = text[low : match.start()][-_BESIDE:], text[match.end() : high][:_BESIDE]
        in_pack = _PIECES_IN_PACK.search(before)
        if (
            in_pack
            and in_pack["pack"] != match.group("counter")
            and not _OF_SEVERAL.search(text[: match.start()][-24:])
        ):
            counts = [one[0] for one in recorded]
            # 一套四个: two small ones, one of each other size.
            grave = not _is_product(int(said), counts) and all(
                said != together[field, match["counter"]] for *_, field in recorded
            )
        else:
            near = _pairs(before) | _pairs(after)
            alone = _ALONE_BEFORE.fullmatch(text, low, match.start()) and _ALONE_AFTER.fullmatch(
                text, match.end(), high
            )
            same = alone is not None or any(
                near & (_pairs(field[:start]) | _pairs(field[end:])) for _, start, end, field in recorded
            )
            part = match.group("counter") in _PARTS
            # 四块电池 where the record has 两块电池: the very same words behind.
            part = part or any(after and field[end:].startswith(after[:2]) for _, _, end, field in recorded)
            # 录播六十节加直播十二节，七十二节.
            part = part and int(said) not in {
                one + other for one, other in combinations([one[0] for one in recorded], 2)
            }
            part = part or any(_NAMED_COUNT.search(field[:start]) for _, start, _, field in recorded)
            # 三支目镜: 目镜：25毫米、10毫米两支
            part = part or any(
                len(name := field.partition("：")[0]) >= 2 and after.startswith(name) for *_, field in recorded
            )
            # 整本二百八十八页: what a fact counts (页数：192页) is counted of nothing else.
            same = same or (said >= 10 and any(_NAMED_COUNT.search(field[:start]) for _, start, _, field in recorded))
            counted = [one[0] for one in recorded]
            several = _OF_SEVERAL.search(text[: match.start()][-24:]) is not None
            part = part and not (several and _adds_up(int(said), counted))  # 四包是二百一十六片
            grave = same and (part or (said >= 10 and not _adds_up(int(said), [one[0] for one in recorded])))
        if grave and not COMPARED.search(before) and not re.search("库存|后台|备|剩", before):
            right = f"{recorded[0][0]}{match.group('counter')}" if len({one[0] for one in recorded}) == 1 else None
            # A bare count may be one of anything; what a pack holds, or a part, is the goods' own.
            sure = in_pack is not None or match.group("counter") in _PARTS
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", sure, right)


def _is_product(said: int, recorded: Sequence[int]) -> bool:
    """Tell whether a count is one of the record's, multiplied by others of them: 4 袋 of 6 包 are 24 包."""
    products = {1}
    for one in recorded:
        products |= {product * one for product in products}
    return said in products


def _adds_up(said: int, recorded: Sequence[int]) -> bool:
    sums = {one + other for one in recorded for other in recorded} | set(recorded)
    return any(said == one * times for one in sums for times in range(1, 13))
