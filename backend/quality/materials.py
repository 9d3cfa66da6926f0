"""What goods are made of: what a script says of it against the product's record."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import rjieba

from backend.quality.bodies import other_bodies
from backend.quality.context import clause
from backend.quality.normalize import NUMERALS, fold
from backend.quality.patterns import made
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.subject import COMPARED

MATERIALS: Final = (
    "不锈钢", "陶瓷", "玻璃", "塑料", "真皮", "牛皮", "羊皮", "pu皮", "人造革", "羊绒", "羊毛", "桑蚕丝",
    "真丝", "纯棉", "聚酯纤维", "涤纶", "亚麻", "腈纶", "尼龙", "实木", "红木", "橡木", "榉木", "胡桃木",
    "松木", "樱桃木", "柚木", "水曲柳", "榆木", "桦木", "杉木", "密度板", "颗粒板", "纯银", "足金", "钛合金",
    "纯钛", "铝合金", "铸铁", "硅胶", "乳胶", "鹅绒", "鸭绒", "珍珠棉", "记忆棉", "黄铜", "紫砂",
    "竹制", "竹子", "竹纤维", "竹炭", "楠竹", "毛竹", "天丝",
    "莫代尔", "莱赛尔", "粘胶", "氨纶", "牛津布", "帆布", "羽绒", "白鸭绒", "白鹅绒", "灰鸭绒", "碳钢",
    "玻璃纤维", "碳纤维", "高硼硅", "骨瓷", "搪瓷", "麦饭石", "亚克力", "聚丙烯", "tritan", "ppsu", "藤编",
    "竹浆", "木浆", "牛皮纸", "头层牛皮", "二层牛皮", "超纤", "羊羔绒", "珊瑚绒", "法兰绒", "灯芯绒", "鹿皮",
    "鳄鱼皮", "蚕丝", "棕榈", "椰棕", "乳胶丝", "镁合金", "锌合金", "紫铜", "玉石", "翡翠", "琥珀", "18k金",
    "狐狸毛", "貉子毛", "獭兔毛", "兔毛", "貂毛", "貂绒", "羊驼毛", "马海毛", "牦牛绒", "驼绒", "碳板", "钢板",
    "气垫", "记忆海绵", "海绵",
)  # fmt: skip
#: Facts that say what something is made of, by the end of their names.
_STATED: Final = re.compile(
    "材质|面料|成分|内胆|填充|材料|主料|原料|配料|涂层|里料|[面里表底鞋杯锅杆架壳柄身体芯盖套](?:料|材|层|体|身|胆)?$"
)
#: 玉米芯做的, 竹纤维材质; but 顺便说下材质 and 先看看它的材质 only begin to tell.
_MADE: Final = re.compile(
    "(?:^|(?<=[，。！？；、是用]))"
    "(?![^，。！？；]{0,4}(?:说|讲|聊|谈|看|摸|问|报|念|提一?下|介绍|交代|关于|至于|标)[^，。！？；]{0,3}材质)"
    "(?P<thing>[\u4e00-\u9fa5]{2,5})(?:做的|制的|做成的|制成的|材质的?|"
    "(?<!解)(?<!减)(?<!抗)(?<!不)(?<!按)压的|酿的|织的)"
)
#: Words for the same thing.
_SAME: Final = {
    "真丝": "真丝|蚕丝|丝绸",
    "桑蚕丝": "真丝|蚕丝",
    "蚕丝": "真丝|蚕丝",
    "牛皮": "真皮|牛皮",
    "真皮": "[牛羊]皮|真皮",
    "头层牛皮": "头层",
    "羽绒": "[鸭鹅]绒",
    "天丝": "莱赛尔",
    "莱赛尔": "天丝",
    "涤纶": "聚酯",
    "聚酯纤维": "涤纶",
    "尼龙": "锦纶",
    "玻璃": "高硼硅",
    "塑料": (
        r"(?<![a-z])(?:abs|pp|pc|pe|pvc|pet|petg|tritan|ppsu|pmma|eva|tpu|pom|ps)(?![a-z])|"
        "聚丙烯|聚乙烯|聚碳酸酯|亚克力|树脂|密胺"
    ),
    "高硼硅": "硼硅",
    "纯棉": r"100\s*%[^，。]{0,4}棉|棉[^，。]{0,3}100\s*%|全棉",
    "实木": "[橡榉榆桦松杉柚枫桐椴柏楠樟]木|云杉|雪松|桃花心|玫瑰木|沙比利|胡桃木|樱桃木|水曲柳",
    "钛合金": "钛",
    "纯钛": "钛",
}
_SUBSTANCE: Final = re.compile("[钛银木皮棉麻丝绒钢铁铜铝瓷胶布纤]|树脂|塑料|玻璃")
_ANY: Final = re.compile("|".join(map(re.escape, sorted(MATERIALS, key=len, reverse=True))))
_NO_MATTER: Final = re.compile("质感|手感|一样|像|色|纹|仿|搭|盖|袋|瓶|碗|珠|桌|门|窗|护|墙|地板|配|衣|围巾|毛衣")
#: Other things in the clause: 铲子也用塑料的.
_TOOLS: Final = re.compile("铲|勺|刷子|钢丝球|筷|夹子|抹布|手套|垃圾|快递|购物袋|吸管|砧板")
#: What stands on a table and is not for sale.
_VESSEL: Final = re.compile("[杯壶罐盘盆碟缸]")
_STUFF: Final = frozenset("板布料皮绒木钢纱石豆肉油粉米茶奶棉麻丝")
_BEFORE_A_NOUN: Final = frozenset("的了是有用和与做吃喝买卖把这那个种些块片口边看到在给放大小好真全")
_GRADE: Final = re.compile(
    r"(?P<grade>\d{3})l?(?=的?(?:不锈钢|食品级|纯?银|足银|足金|黄金))|(?<=不锈钢)(?P<after>\d{3})(?!\d)"
)
#: All of it is said to be one stuff, and nothing else: 填的全是桑蚕丝. 全是桑蚕丝的要贵一倍 speaks of others.
_WHOLLY: Final = re.compile(
    r"(?:纯|(?<!不)(?:全|都|通通|统统|清一色|一水儿?)(?:都)?(?:是|用的?(?:是)?)|(?<!不)全|100\s*%的?|百分之?百的?)(?:用)?(羊绒|绵?羊毛|棉|桑?蚕丝|亚麻|[白灰]?[鹅鸭]绒)"
    r"(?!的?(?:要|得|更|那[种个]|价|贵|另|话|被|衫|才))"
)
#: What it is held against, and is not.
_COMPARED_WITH: Final = re.compile("(?:没有?|不像|不如|比起?|不是|跟|和)$")


def material_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield materials and grades of a folded text that the record does not bear out."""
    yield from _materials_that_differ(text, product, record_text(product))
    yield from _kinds_that_differ(text, product)
    yield from _other_stuff(text, product)
    yield from other_bodies(text, product)


def _kinds_that_differ(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find a fact of a few characters told with another first one: 鸭胸肉 for 鸡胸肉, 单锅炉 for 双锅炉."""
    facts = product.get("facts")
    whole = record_text(product)
    for name, said in facts.items() if isinstance(facts, Mapping) else ():
        value = fold(str(said)).text.strip()
        if (
            not re.fullmatch("[\u4e00-\u9fa5]{3,5}", value)
            or value in text
            or value[0] in "可能不有无需免已要"
            or re.search("产地|产区|原产|奶源", str(name))
        ):
            continue
        forms = f"[\u4e00-\u9fa5]{value[1:]}" + (
            f"|[\u4e00-\u9fa5]{{2}}{value[-2:]}" if len(value) > 3 and value[-1] in _STUFF else ""
        )
        # Mostly neither of them stands there.
        for match in made(forms).finditer(text) if value[1:] in text or value[-2:] in text else ():
            low, high = clause(text, *match.span())
            strange = match.group()[:2] not in whole and not _BEFORE_A_NOUN & set(match.group()[: -len(value[1:])])
            strange = strange and match.group()[-3:] not in whole
            if strange and not COMPARED.search(text[low:high]):
                problem = f"“{match.group()}”与商品资料（{name}：{value}）不符"
                yield FactFault("FAC-001", *match.span(), problem, _is_a_noun(match.group()))


def _is_a_noun(said: str) -> bool:
    """Tell whether all that was cut out names something: 多半斤, 还是绿茶 and 底下踏板 are cut out of a sentence."""
    return all(tag[:1] in "nab" for _, tag in rjieba.tag(said))


def _other_stuff(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find what the goods are said to be made of, of the record's own sort and another: 荞麦粉 for 红薯粉."""
    facts = product.get("facts")
    whole = record_text(product)
    heads = {
        one[-1]
        for name, value in (facts.items() if isinstance(facts, Mapping) else ())
        for one in re.findall("[\u4e00-\u9fa5]{2,6}", fold(str(value)).text)
        if one[-1] in _STUFF and (_STATED.search(str(name)) or one[-1] in str(name))
    }
    for head in sorted(heads):
        made_of = (
            r"(?:用的?(?:就|全|都)?是|采用|选用|(?:全|都|就|料子?|材[质料]|木头|面料|里料|板子|一水儿?|清一色)是|用了)(?:[^，。！？]{0,6}的)?[^，。！？的]{0,3}?"
            rf"(?P<thing>[\u4e00-\u9fa5]{{2}}{head})(?=[，。！？、做的]|$)"
        )
        for match in made(made_of).finditer(text) if head in text else ():
            low, _ = clause(text, *match.span())
            if not overlaps(match["thing"], whole) and not COMPARED.search(text, low, match.start()):
                yield FactFault("FAC-001", *match.span("thing"), f"用料“{match['thing']}”不在商品资料里", True)


def _materials_that_differ(text: str, product: Mapping[str, Any], record: str) -> Iterator[FactFault]:
    known_grades = {match.group("grade") or match.group("after") for match in _GRADE.finditer(record)}
    for match in _GRADE.finditer(text.translate(NUMERALS)):
        grade = match.group("grade") or match.group("after")
        low, _ = clause(text, match.start(), match.end())
        if known_grades and grade not in known_grades and not COMPARED.search(text[low : match.start()]):
            right = known_grades.copy().pop() if len(known_grades) == 1 else None
            yield FactFault(
                "FAC-004", match.start(), match.end(), f"材质型号“{match.group()}”与商品资料不符", True, right
            )
    facts = product.get("facts") or {}
    stated = "。".join(
        fold(str(value)).text
        for name, value in facts.items()
        if _STATED.search(str(name)) or _SUBSTANCE.search(fold(str(value)).text)
    )
    if not stated:
        return
    # 壳：薄皮 tells of no material: then what one is named for is for a person to judge.
    certain = any(_STATED.search(str(name)) for name in facts)
    yield from _named_materials(text, stated, record, certain=certain)
    for match in _MADE.finditer(text):
        thing = match.group("thing")
        if not overlaps(thing, record) and not re.search(
            "手工|自己|[我你他她它咱]|现场|机器|当天|专门|[一两三能还会要想]", thing
        ):
            problem = f"用料“{thing}”不在商品资料里（资料：{stated}）"
            yield FactFault("FAC-001", match.start("thing"), match.end("thing"), problem, True)
    for match in _WHOLLY.finditer(text):
        stuff = match.group(1)
        share = re.search(rf"{stuff}\D{{0,3}}(\d+)\s*%|(\d+)\s*%\s*{stuff}", record)
        if _COMPARED_WITH.search(text[: match.start()][-8:]):
            continue  # 也没有纯棉那么服帖
        if re.search(rf"(?:100|9[5-9])\s*%\s*{stuff}|{stuff}\D{{0,3}}(?:100|9[5-9])\s*%", record):
            continue  # another part of the goods is
        if share and float(share.group(1) or share.group(2)) < 95:
            yield FactFault(
                "FAC-001",
                match.start(),
                match.end(),
                f"资料里{match.group(1)}含量是{share.group(1) or share.group(2)}%",
                True,
                f"{match.group(1)}{share.group(1) or share.group(2)}%",
            )


def _named_materials(text: str, stated: str, record: str, *, certain: bool) -> Iterator[FactFault]:
    for match in _ANY.finditer(text):
        material = match.group()
        if material in record or (material in _SAME and re.search(_SAME[material], record)):
            continue
        low, high = clause(text, match.start(), match.end())
        vessel = _VESSEL.match(text, match.end())
        if vessel is not None and vessel.group() not in record:
            continue  # 我面前这只玻璃杯
        if (
            text[high : high + 1] == "？"  # 你家现在用的是木头还是竹子？
            or COMPARED.search(text[low:high])
            or _TOOLS.search(text, low, match.start())
            or _NO_MATTER.search(text[match.end() : high][:6] + text[max(low, match.start() - 2) : match.start()])
        ):
            continue
        problem = f"材质“{material}”不在商品资料里（资料：{stated}）"
        yield FactFault("FAC-001", match.start(), match.end(), problem, certain)
