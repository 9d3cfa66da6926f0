"""Kinds of goods and services that may be offered only with an approval, and what of it a record shows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.quality.normalize import fold
from backend.quality.record import record_text


@dataclass(frozen=True, slots=True)
class RegulatedKind:
    """One kind. `proof` is what a record must hold; None means that it may not be advertised at all."""

    id: str
    name: str
    #: In the folded name or category; `but_not` takes back what only sounds alike.
    words: re.Pattern[str]
    but_not: re.Pattern[str]
    proof: re.Pattern[str] | None
    needs: str
    basis: str
    #: Where the record says this, it is held for such goods openly, and only the number was not written down.
    declared: re.Pattern[str] | None = None


def _kind(
    id_: str,
    name: str,
    words: str,
    *,
    proof: str | None,
    needs: str,
    basis: str,
    but_not: str = r"(?!)",
    declared: str | None = None,
) -> RegulatedKind:
    found = re.compile(proof, re.IGNORECASE) if proof else None
    openly = re.compile(declared) if declared else None
    return RegulatedKind(id_, name, re.compile(words), re.compile(but_not), found, needs, basis, openly)


#: Names that hold such a word and are something else: a case, a book, a toy, an appliance.
_BESIDE: Final = (
    r"(?:收纳|盒|箱|柜|架|包|袋|书|图书|绘本|玩具|模型|贴纸|笔记本|日历|杯|瓶|勺|机|器|灯|刀|锅|套|烟灰缸)$"
)

REGULATED: Final = (
    _kind(
        "REG-001",
        "婴幼儿配方食品",
        r"婴(?:幼儿|儿)?(?:配方)?(?:奶粉|乳粉|羊奶粉|米粉配方)|婴配|婴(?:幼)?儿配方|(?:宝宝|幼儿|新生儿|配方|较大婴儿)(?:配方)?(?:羊|牛)?(?:奶|乳)粉|(?:[1-4一二三四]|初)段(?:羊|牛)?(?:奶|乳)?粉?$|(?:奶|乳)粉[^，。]{0,4}[1-4一二三四]段",
        but_not=_BESIDE,
        proof=r"国食注字\s*yp|(?:产品)?配方注册",
        needs="产品配方注册号（国食注字YP…）和适用月龄；0—12月龄的婴儿乳制品不得宣称替代母乳、不得做广告",
        basis="食品安全法81；广告法20",
    ),
    _kind(
        "REG-002",
        "特殊医学用途配方食品",
        r"特医|特殊医学用途",
        proof=r"国食注字\s*ty",
        needs="注册号（国食注字TY…）和广告审查批准文号",
        basis="食品安全法80；广告法46",
    ),
    _kind(
        "REG-003",
        "保健食品",
        r"保健食品|保健品|蓝帽|褪黑素|钙片|钙维d|鱼油|辅酶|氨糖|维生素[a-k]?\d{0,2}(?:片|胶囊|软胶囊)",
        but_not=_BESIDE,
        proof=r"国食健[注备字]|卫食健|食健(?:备|准|广)|保健食品(?:注册|备案)",
        needs="保健食品注册或备案号（国食健注/食健备…）、批准的保健功能和“本品不能代替药物”",
        basis="食品安全法78；广告法18、46",
        declared=r"保健食品|保健功能|蓝帽|health_food|不能代替药[物品]",
    ),
    _kind(
        "REG-004",
        "处方药",
        r"处方药(?<!非处方药)|抗生素|阿莫西林|头孢|安眠药|降压药|降糖药|司美格鲁肽|胰岛素",
        but_not=_BESIDE,
        proof=None,
        needs="处方药不得在直播间做广告",
        basis="广告法15",
    ),
    _kind(
        "REG-005",
        "药品",
        r"药品|非处方药|\botc\b|(?:感冒|退烧|退热|止痛|消炎|止咳|胃|肠胃|避孕|皮炎|脚气|鼻炎|眼|减肥|中成|壮阳)药|药(?:片|丸|膏|水|液|酒|粉)|感冒灵|布洛芬|连花清瘟|板蓝根|藿香正气|眼药",
        but_not=_BESIDE + r"|药膏盒|医药箱|除草|农药|兽药|牙膏",
        proof=r"国药准字|进口药品注册|药广审",
        needs="国药准字、药品广告审查批准文号和“请按药品说明书或者在药师指导下购买和使用”",
        basis="广告法16、46",
    ),
    _kind(
        "REG-006",
        "医疗器械",
        r"医疗器械|械字号|血压计|血糖仪|血糖试纸|血氧仪|雾化器|制氧机|体温(?:计|枪)|助听器|隐形眼镜|美瞳|医用(?:口罩|敷料|面膜|冷敷|绷带|外科)|避孕套|安全套|理疗仪|验孕|膏药贴?|呼吸机",
        but_not=r"(?:收纳|盒|箱|柜|架|书|玩具|模型)$|香薰|精油",
        proof=r"械注|械备|医疗器械(?:注册|备案)",
        needs="医疗器械注册证或备案号（…械注/械备…）和规定的提示语",
        basis="医疗器械监督管理条例60；广告法16、46",
    ),
    _kind(
        "REG-007",
        "医疗美容和医疗服务",
        r"医美|医疗美容|轻医美|水光(?:针|注射)|热玛吉|超声炮|热拉提|光子嫩肤|皮秒|超皮秒|瘦脸针|除皱针|美白针|溶脂针|少女针|童颜针|肉毒|玻尿酸(?:填充|注射)|双眼皮(?!贴)|隆鼻|隆胸|丰胸手术|吸脂|线雕|植发|整形|整容|种植牙|种牙|牙齿矫正|近视手术|激光祛斑|点痣|纹眼线|中医(?:馆|针灸)|针灸",
        but_not=_BESIDE,
        proof=r"医疗机构执业许可|(?:医)?广审|医广|医疗广告审查",
        needs="机构的《医疗机构执业许可证》、《医疗广告审查证明》文号和医师资质",
        basis="广告法46；医疗美容广告执法指南",
    ),
    _kind(
        "REG-008",
        "金融理财和保险",
        r"金融|理财|基金|股票|荐股|期货|外汇|贷款|信贷|借贷|借钱|信用卡|信托|私募|(?:重疾|医疗|意外|车|寿|财产|养老|年金|商业|百万)保?险|保险(?!柜|箱|杠|丝|套|盒|带|扣|锁|销)|年金险|增额寿",
        but_not=_BESIDE,
        proof=r"金融许可|经营(?:证券|保险)|保险(?:中介|代理|经纪)?(?:业务)?许可|基金(?:销售|代码)|产品(?:登记|备案)(?:编码|号)|备案(?:编码|编号|号)|持牌",
        needs="持牌机构的许可证号、产品登记或备案编码和风险提示",
        basis="广告法25；防范和处置非法集资条例",
    ),
    _kind(
        "REG-009",
        "虚拟货币和彩票",
        r"虚拟(?:货)?币|数字货币|比特币|以太坊|炒币|挖矿机|彩票|刮刮乐",
        proof=None,
        needs="不得在直播间推销",
        basis="关于进一步防范和处置虚拟货币交易炒作风险的通知；彩票管理条例18",
    ),
    _kind(
        "REG-010",
        "烟草和电子烟",
        r"香烟|卷烟|烟草|雪茄(?!裤|剪|盒|柜|色)|电子烟|烟弹|烟油|烟丝|鼻烟(?!壶)|水烟|尼古丁|加热不燃烧",
        but_not=r"烟灰|烟熏|收纳|烟盒",
        proof=None,
        needs="烟草制品和电子烟不得在直播间做广告",
        basis="广告法22；电子烟管理办法",
    ),
    _kind(
        "REG-011",
        "酒类",
        r"白酒|红酒|葡萄酒|啤酒|黄酒|洋酒|威士忌|白兰地|伏特加|米酒|果酒|清酒|烧酒|药酒|老酒|鸡尾酒|酱酒|梅酒|小酒|酒类|酒水|(?:酱|浓|清)香型|酒$",
        but_not=r"(?:杯|架|柜|具|器|瓶|壶|套装杯|开瓶|醒酒器|精|酿|糟|店|心巧克力)$|酒精|酒店|无醇|零酒精|料酒",
        proof=r"过量饮酒|饮酒有害|未成年人|理性饮酒|适量饮|生产许可|\bsc\s*\d{6,}|gb\s?/?\s?t?\s?\d{3,}",
        needs="酒精度、食品生产许可或执行标准和“过量饮酒有害健康、未成年人请勿饮酒”的提示",
        basis="广告法23；酒类广告管理要求",
        declared=r"酒精度|度数|酒度|%\s?vol|(?<!\d)\d{1,2}(?:\.\d)?度",
    ),
    _kind(
        "REG-012",
        "农药和兽药",
        r"农药|除草剂|杀虫剂(?!瓶)|兽药|宠物(?:驱虫|消炎)药|驱虫药|驱虫滴剂",
        proof=r"农药登记|兽药(?:字|生|添)|卫生农药|wp\d{6,}|pd\d{6,}",
        needs="农药登记证号或兽药批准文号和广告审查批准文号",
        basis="广告法21、46",
    ),
)


def regulated_kinds(product: Mapping[str, Any]) -> list[RegulatedKind]:
    """Return the regulated kinds that a product's name, category or flags show."""
    texts = [str(product.get(key) or "") for key in ("name", "category")]
    flags = [str(flag) for flag in product.get("compliance_flags") or ()]
    flags = [
        "保健食品" if flag == "health_food" else "医疗器械" if flag == "medical_device" else flag for flag in flags
    ]
    said = [fold(text).text.strip() for text in (*texts, *flags) if text]
    return [
        kind for kind in REGULATED if any(kind.words.search(text) and not kind.but_not.search(text) for text in said)
    ]


def is_declared(kind: RegulatedKind, product: Mapping[str, Any]) -> bool:
    """Tell whether a record says openly that the goods are of this kind: then only a number is missing in it."""
    return kind.declared is not None and kind.declared.search(record_text(product)) is not None


def unproven(product: Mapping[str, Any]) -> Iterator[RegulatedKind]:
    """Yield the regulated kinds of a product whose record does not show what they need."""
    kinds = regulated_kinds(product)
    if not kinds:
        return
    # Name and category say what it is, not that it is approved.
    shown = {key: value for key, value in product.items() if key not in ("name", "category", "compliance_flags")}
    record = record_text(shown)
    for kind in kinds:
        if kind.proof is None or not kind.proof.search(record):
            yield kind
