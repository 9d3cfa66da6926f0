"""What a record says the goods have not, are not, or must not: who claims it contradicts the record.

Records tell limits in a few shapes (不含卡, 非湖区围网, 需自行安装, 4岁以上): each is looked for in what is said.
Whether it is meant is for a person to judge: all of these are doubts, but for ages.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from backend.quality.backing import has_by_another_name
from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.normalize import NUMERALS, fold
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.spelled import spelled_out
from backend.quality.subject import COMPARED

#: What the record denies: 不含链子, 非湖区围网, 不可干烧, 破损皮肤勿用.
_WITHHELD: Final = re.compile(
    r"(?:不含|不带|不送|不包|不支持|不可|不能|不得|不宜|不防|不适合|不适用于?|不建议|非|勿|未添加|需另购|另购|不需要|无需)(?P<thing>[\u4e00-\u9fa5a-z0-9]{1,6})|"
    r"(?P<except>[\u4e00-\u9fa5]{2,6})除外|(?:^|(?<=[，。、；]))不(?P<deed>(?!需|用|同|会|易|怕|止|少|限|等)[\u4e00-\u9fa5]{2})(?=[，。、；]|$)"
)
#: 不含酒精, 无坚果.
_WITHOUT: Final = re.compile(r"(?:不含|无|没有加?|零)(?P<thing>[\u4e00-\u9fa5]{1,4}?)(?=[，。、！；无也都的]|$)")
#: What goods are without, told by one character.
_ONE_CHARACTER: Final = frozenset("糖盐油铅氟酒奶胶碘铝汞砷蜡")
#: Verbs and small words at the ends of what is denied.
_TRIM: Final = re.compile("^(?:直接|使用|用于|用|放|进|在|含|有|的|与|和)+|(?:使用|的|等|内芯|本体)+$")
#: In the clause of a claim: it is denied, warned of, or asked.
_DENYING: Final = re.compile(
    "不|没|别|勿|非|无|未|禁|忌|另|自理|自[带备购配]|自己|需要?|要先|小心|注意|怕|谁|吗|能不能|除外|的(?:朋友|家庭|人|姐妹|宝宝|您|你|兄弟|同学)|[您你]找|去看|再想想|容易|会伤|会坏|结块|变形|掉色|褪|开裂|堵"
)
#: 零粉尘, 零甲醛: nothing of it at all.
_NOTHING_OF: Final = headed(
    r"(?:零|0|无|没有一?点儿?|一?点儿?都?没有?|毫无)(?P<thing>粉尘|甲醛|检出|添加|脂肪?|蔗?糖|卡路里|热量|刺激|异味|味道|气味|噪[音声]|辐射|农残|污染|激素|色素|香精|防腐剂|酒精|色差|掉毛|静电|反式脂肪|胆固醇|公害)|"
    r"(?P<late>甲醛|农残|重金属|激素|异味)(?:零检出|未检出|为零|检不出)|(?P<smell>味道|异味|气味|粉尘|噪音)(?:一?点儿?)?(?:都|也)?没有"
)
#: What is put in, told as the clause's end.
_PUT_IN: Final = re.compile(
    r"(?:加了|添加了?|里[头面]还?(?:加了?|有|含|放了?)|富含|含有|特别加|还加)(?P<thing>(?!一|点|个|了|什么|任何|额外)[\u4e00-\u9fa5a-z0-9]{2,6}?)(?=[，。！；、和跟与]|提[鲜味香]|增[香色稠]|调味|着色)"
)
_INSIDE: Final = re.compile("配料|成分|原料|材质|材料|填充|面料|添加|配方|香精|主料")
_ONLY: Final = re.compile(
    r"(?:成分|配料|原料)(?:里)?(?:只有|就是?|就一样|只用)(?P<thing>(?![一二两仨俩三四五六七八九十几])[\u4e00-\u9fa5]{1,6})(?=[，。！])"
)
#: 配料有红薯和麦芽糖浆.
_CONTENTS: Final = re.compile(
    "(?:配料|成分|原料)表?(?:里[头面]?)?(?:就|只|一共)?(?:有|是|就是|写的?是?|：|，)(?P<items>[\u4e00-\u9fa5]{1,8}(?:[、和跟与及][\u4e00-\u9fa5]{1,8})+)(?=[，。！])"
)
#: A house's long past.
_PAST_OF_HOUSE: Final = re.compile(
    "(?:清朝|明朝|宋朝|唐朝|民国|乾隆|康熙|光绪|雍正|道光|同治|慈禧)[^，。！？]{0,6}(?:就|开始|传|年间|时候|那会)|传了?[二三四五六七八九十两\\d]{1,2}代|[三四五六七八九十]代(?:人)?(?:传|做|熬|酿|卤|手艺|相传|单传)|祖上(?:传|就)"
)
#: How often it may be done.
_TIMES: Final = headed(
    rf"(?P<number>{NUMBER})(?P<scale>万)?次(?:开合|弯折|刷洗|擦洗|按压|插拔)?(?:都|也)?不(?:掉|坏|断|裂|变形|褪)"
)
_EXACT: Final = re.compile(
    "一[克两分毫]都?不[少差]|分毫不差|足斤足两|保证足重|一丝不差|没有(?:任何)?误差|零误差|没有色差|颗颗(?:一样|完美|正圆)"
)
#: From what age on something is for: 4岁以上, 12个月以上.
_FROM_AGE: Final = headed(rf"(?P<number>{NUMBER})(?P<unit>周?岁|个月|月龄)(?P<half>半)?及?(?:以上|起)")
_YOUNG: Final = headed(
    rf"(?P<number>{NUMBER})(?P<unit>周?岁|个月)(?P<half>半)?(?:大)?的?(?:宝宝|孩子|小孩|娃娃?|小朋友|幼猫|幼犬|小猫|小狗|奶猫|奶狗|猫|狗)?(?:就|都|也)?(?:能|可以|开始)(?:啃|吃|喝|用|玩|穿|坐|戴|骑)"
)
_COLD: Final = re.compile("冷藏|冷冻|0[到\\-~]4|零下|-18")
_WARM: Final = re.compile(
    "(?:常温|室温|不用(?:放)?冰箱|不用冷藏|不用冷冻)(?:下)?(?:放|搁|存|保存|也|就|能|可以|都|随便)?"
)
_IMPORTED: Final = headed(
    "(?:日本|韩国|德国|法国|意大利|美国|英国|澳洲|澳大利亚|新西兰|泰国|瑞士|荷兰|西班牙|智利|丹麦|加拿大|俄罗斯|挪威|比利时|越南|巴西)?(?:原装|纯|原瓶|整[机瓶箱])进口|(?:德国|日本|瑞士|美国|意大利|法国)(?:工艺|技术|制造|品质|大厂)"
)
#: Nouns that a word in front makes special: 钛晶涂层 where the record has another.
_MODIFIED: Final = re.compile(
    "(?:^|(?<=[，。！？；、的是用])|(?<=采用)|(?<=还有))(?P<kind>(?![这那一整个全大小新老两三四每没不无])(?!关心|突出|提到|好奇|[\u4e00-\u9fa5][问看说讲聊夸])[\u4e00-\u9fa5]{2})(?P<noun>涂层|内胆|电机|马达|芯片|面料|里料|鞋底|中底|釉面|漆面|弹力|机芯|镜片|刀头|轴承|发热丝|电池|四面弹)"
)


def limit_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield what a folded text claims against a limit of the record, or beyond all it says."""
    facts = product.get("facts")
    if not isinstance(facts, Mapping) or not facts:
        return
    record = record_text(product)
    fields = tuple((fold(str(name)).text, fold(str(value)).text) for name, value in facts.items())
    yield from _withheld(text, tuple(value for _, value in spelled_out(fields)), record)
    yield from _nothing_of(text, record)
    yield from _put_in(text, facts, record)
    yield from _beyond_the_record(text, record)
    yield from _too_young(text, record)
    for match in _WITHOUT.finditer(text):
        thing = match["thing"]
        if len(thing) < 2 and thing not in _ONE_CHARACTER:
            continue  # 含小零件, 零食, 无线
        if thing in record and re.search(rf"(?<![不未无没])含(?:有)?[^，。；：]{{0,4}}{re.escape(thing)}", record):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料不符", True)
    stored = fold("".join(str(value) for name, value in facts.items() if re.search("储|贮|保存|存放", str(name)))).text
    for match in _WARM.finditer(text) if _COLD.search(stored) else ():
        low, high = clause(text, *match.span())
        warned = re.search("别|不能|不要|不可|解冻|回温|化", text[low:high].replace("不用", ""))
        if match.group() not in record and not warned:
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”与商品资料的贮存条件不符", True)


def _beyond_the_record(text: str, record: str) -> Iterator[FactFault]:
    """Find a past, an origin, a part, a number of times, an exactness that the record knows nothing of."""
    for pattern in (_PAST_OF_HOUSE, _IMPORTED, _MODIFIED):
        for match in pattern.finditer(text):
            said = match.group()
            place = re.split("原装|纯|原瓶|整|工艺|技术", said)[0] if pattern is _IMPORTED else said[:2]
            beside = pattern is not _MODIFIED or match["noun"] in record
            if beside and (not place or place not in record) and "进口" not in record and not _denied(text, match):
                yield FactFault("FAC-004", *match.span(), f"“{said}”在商品资料里没有依据", False)
    for match in _TIMES.finditer(text):
        if match.group("number") not in record and not _denied(text, match):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”在商品资料里没有依据", False)
    if re.search("误差|允许|微瑕|色差|约", record):
        for match in _EXACT.finditer(text):
            if not _denied(text, match):
                yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料说得满", False)


def _denied(text: str, match: re.Match[str]) -> bool:
    low, high = clause(text, *match.span())
    return (
        COMPARED.search(text, low, match.start()) is not None
        or re.search("不是|没有|不敢|别信|除外|吗", text[match.end() : high]) is not None
    )


@lru_cache(maxsize=256)
def _limits(fields: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for field in fields:
        for match in _WITHHELD.finditer(field):
            thing = _TRIM.sub("", match["thing"] or match["except"] or match["deed"])
            if len(thing) >= 2 or thing in ("卡", "链", "线"):
                found.append(thing[:4])
    return tuple(dict.fromkeys(found))


def _withheld(text: str, fields: tuple[str, ...], record: str) -> Iterator[FactFault]:
    for thing in _limits(fields):
        # 湖区围网 may be told as 湖心围网: its last two characters are what it is.
        for match in re.finditer(
            re.escape(thing) if len(thing) < 4 else f"{re.escape(thing)}|{re.escape(thing[-2:])}", text
        ):
            low, high = clause(text, *match.span())
            if not _DENYING.search(text, low, high) and record.count(match.group()) <= 1:
                given = len(thing) > 1 or re.search("送|带|有|配|含", text[low : match.start()])
                if given:
                    problem = f"“{text[low:high][:16]}”与商品资料（不含、不可或非“{thing}”）不符"
                    yield FactFault("FAC-004", low, high, problem, False)


def _nothing_of(text: str, record: str) -> Iterator[FactFault]:
    for match in _NOTHING_OF.finditer(text):
        thing = match["thing"] or match["late"] or match["smell"]
        if re.search(
            f"{thing}：(?:不含|不添加|未添加|没有|否)|(?:零|0|无|不含|未检出|未添加|不添加|没有|<)[^，。；]{{0,6}}{thing}|{thing}[^，。；]{{0,4}}(?:未检出|零|无)",
            record,
        ):
            continue
        low, high = clause(text, *match.span())
        if COMPARED.search(text, low, match.start()):
            continue
        if not re.search("这种话|不敢|不说|不是|别信|要求|做不到|吗", text[low:high] + text[high : high + 12]):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”在商品资料里没有依据", False)


def _put_in(text: str, facts: Mapping[str, Any], record: str) -> Iterator[FactFault]:
    if not any(_INSIDE.search(str(name)) for name in facts):
        return
    yield from _listed_inside(text, record)
    for match in (*_PUT_IN.finditer(text), *_ONLY.finditer(text)):
        thing = match["thing"]
        alone = match.re is _ONLY
        known = any(thing[at : at + 2] in record for at in range(len(thing) - 1)) or len(thing) < 2
        known = known or has_by_another_name(thing, record)
        if (not known or (alone and thing not in record)) and not _denied(text, match):
            low, _ = sentence(text, *match.span())
            if not re.search("我|妈|自己|以前|别家|加水|锅", text[max(low, match.start() - 12) : match.start()]):
                yield FactFault("FAC-001", *match.span(), f"“{match.group()}”不在商品资料的成分里", False)


def _listed_inside(text: str, record: str) -> Iterator[FactFault]:
    """Find, in a list of what the goods are made of, what the record's has not: 配料有红薯和麦芽糖浆."""
    for match in _CONTENTS.finditer(text):
        items = [one for one in re.split("[、和跟与及]", match["items"]) if len(one) >= 2]
        strange = [one for one in items if not overlaps(one, record) and not has_by_another_name(one, record)]
        if len(strange) < len(items) and not _denied(text, match):
            for one in strange:
                at = text.index(one, match.start("items"))
                yield FactFault("FAC-001", at, at + len(one), f"“{one}”不在商品资料的成分里", True)


def _too_young(text: str, record: str) -> Iterator[FactFault]:
    known = [months for match in _FROM_AGE.finditer(record) if (months := _months(match)) is not None]
    for match in _YOUNG.finditer(text) if known else ():
        said = _months(match)
        low, _ = clause(text, *match.span())
        if said is not None and said < min(known) and not COMPARED.search(text, low, match.start()):
            yield FactFault("FAC-004", *match.span(), f"“{match.group()}”比商品资料的适用年龄小", True)


def _months(match: re.Match[str]) -> float | None:
    value = parse_number(match["number"].translate(NUMERALS))
    if value is None:
        return None
    value += 0.5 if match["half"] else 0
    return value * 12 if "岁" in match["unit"] else value
