"""Q05, Q07, Q18, Q19: what a script says of a product against the product's own record."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import rjieba

from backend.quality.amounts import amount_faults
from backend.quality.backing import backing_faults
from backend.quality.bounds import bound_faults
from backend.quality.certainty import is_certain
from backend.quality.claims import claim_faults
from backend.quality.codes import code_faults
from backend.quality.context import clause, sentence
from backend.quality.counted import counted_in_pack_faults
from backend.quality.craft import read_aloud
from backend.quality.deadlines import deadline_faults
from backend.quality.ended import ended_faults
from backend.quality.gifts import gift_faults
from backend.quality.heads import headed
from backend.quality.ingredients import ingredient_faults
from backend.quality.kinds import kind_faults
from backend.quality.lasting import lasting_faults
from backend.quality.lettered import lettered_faults
from backend.quality.materials import material_faults
from backend.quality.members import class_faults
from backend.quality.named import choice_faults, counted_faults, grade_faults, named_faults
from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS, NUMBER, parse_number
from backend.quality.opposites import nothing_of, opposite_faults
from backend.quality.origins import maker_faults, origin_faults
from backend.quality.part_colours import part_colour_faults
from backend.quality.parted import part_faults
from backend.quality.performance import performance_faults
from backend.quality.polarity import polarity_faults
from backend.quality.record import FactFault, overlaps, record_text
from backend.quality.shares import share_faults
from backend.quality.spans import span_faults
from backend.quality.spelled import named_denials
from backend.quality.stated import stated_faults
from backend.quality.subject import COMPARED
from backend.quality.withheld import limit_faults
from backend.quality.yesno import had_faults, lacked_faults

_WHETHER: Final = re.compile(r"(.)不\1")
#: Right before a word: 所以不是纯羊毛, 别当成真皮.
_NOT_THIS: Final = re.compile(
    "(?<!是)(?<!要)(?:不(?:全|都)?是|并非|不算|不叫|不等于|谈不上|称不上|别当[成作]?)(?!吗|因为|说|只|光|仅)[^，。！？]{0,4}$"
)
#: Counters that count much else, and goods where the record or a word of stock says so: 库存只剩二十口.
_OTHER_COUNTERS: Final = "口部架座捆扎尾"
_KEPT: Final = re.compile("[库仓店]里|库存|后台|备货|备了|现货")
_STOCK: Final = headed(
    rf"(?:只剩|(?:只|就|才)(?:捞|做|收|到|抢|拿|批|备|留|出|熬|烤|产|采|争取)[到出来]?了?|[库仓店]里(?:一共|总共|就|只|还|现在)?(?:有|剩|备)|[库仓]里(?:一共|总共)|仅剩|就剩|还剩|剩下|剩余|库存|后台|备货|备了|限量|最后|现货|一共(?:就|只)(?:有|备)?|一共备)(?:只有|还有|就|不到|大概|最后|剩|下|了|"
    rf"有)*(?P<count>{NUMBER})(?P<tail>多|来|几)?\s*(?:[{COUNTERS}单](?!月|星期|小时|钟|礼拜|人)|[{_OTHER_COUNTERS}](?![人气味子]))|"
    # A clause of its own, or the beginning of one: 就四十套, 只有十四床, 九十五顶，真没多备.
    rf"(?<=[，。！？；])(?:[这今本][批次场天回晚年货]|手里|手上|我们?|咱们?|直播间|后台|全国|全网|全场|目前|现在|到手|厂里|一共|总共)*(?P<only>就|只有|仅有|仅|总共|全部|只备了|只做了|只拿了|只留了)(?P<few>{NUMBER})(?P<few_tail>多|来|几)?[{COUNTERS}单]|"
    rf"(?P<there>{NUMBER})(?P<there_tail>多|来|几)?[{COUNTERS}单](?=现货|库存|备货|，?(?:拍完|卖完|抢完|发完|没了)(?:为止|就没|就|拉倒|完))|"
    # 库存一百二十, and no counter behind it.
    rf"(?:库存|现货|名额)(?:只有|还有|就|只剩|还剩|不到|大概|仅|有|是)*(?P<bare>{NUMBER})(?P<bare_tail>多|来|几)?[个位]?(?=[，。！；]|$)"
)
#: A number that hurries, where the record has no stock to compare it with.
_SCARCE: Final = re.compile(
    rf"(?:名额|库存)(?:一共|总共)?(?:只有|就|只剩|还剩|只放|仅|还有)+{NUMBER}[{COUNTERS}单位]?|"
    rf"(?:只剩|就剩|仅剩|还剩|最后)(?:下|了|最后|不到)*(?![一1][{COUNTERS}单]){NUMBER}[{COUNTERS}单](?!月|星期|小时|钟|礼拜|人|[一]?[天晚])"
)
#: Words that speak of stock by themselves.
_OF_STOCK: Final = re.compile("[库仓]|库存|后台|备|现货|限量|名额|最后")
#: Behind a number of goods that are left: not what they are.
_GOES_ON: Final = re.compile("了|啊|呢|啦|哈|的|左右|就|都|拍|卖|抢|没|给|要|先|可|能|为|不|也|现货|库存|名额|而已")
#: What goods have several of.
_ASPECT: Final = re.compile(
    "(?:颜色|花色|色号|配色|[口气香]味|味道|香型|款式|图案|尺[码寸]|型号|规格|档位|模式|按[键钮]|步骤|做法|用法|吃法|零件|配件|部件|"
    "功能|菜单|口袋|隔层|缺点|优点|讲究|理由|要求|原因|问题|重点|成分|配料|原料)(?:呢|嘛|啊|也|都|今天|目前|其实)*$"
)
_KIND: Final = re.compile(f"[色味款码档键步样字]|{_ASPECT.pattern.partition(')')[0]})")
#: Before a number: where somebody has things of their own.
_AT_HOME: Final = re.compile(
    "(?:冰箱|[衣鞋书]?柜|抽屉|包|兜|口袋|家|办公室|宿舍|厨房|锅|碗|盘|桌|卡|手机|肚子)(?:里头?|里面|上)[^，。！？]{0,3}$"
)
#: What viewers are to take: 家里冰箱有位置就拿三包.
_TAKEN: Final = re.compile("就(?:拿|带)(?![了到出来])")
_HURRIED: Final = re.compile(
    "抢|拍完|卖完|抢完|发完|没了|没有了?[，。！]|手慢|手快|为止|补货|下架|库存|赶紧|抓紧|断货|售罄|返场|秒"
)
_SELF: Final = re.compile("(?:我|我妈|我爸|她|他)$")
_ON_A_PAGE: Final = re.compile("详情|图片?|页面?|报告|截图|照片|排|行")
#: Behind 最后一件: that there is no other.
_LAST_ONE: Final = re.compile("了|啦|库存|现货|没了|[，！](?:拍|抢|手慢|没了|要的|谁)")
_SPEC: Final = re.compile(
    r"[\d.]+\s*(?:ml|l|g|kg|cm|mm|m|毫升|升|克|千克|公斤|斤|米|厘米|毫米|片|包|支|瓶|盒|袋|只|个|双|条|块|粒|枚|件|册|本|根|寸|英寸|码|w|mah|v)?(?:装|款|版)?$|[(（].*$"
)
_PACK: Final = re.compile(
    r"\d+(?:\.\d+)?\s*(?:ml|l|g|kg|cm|mm|寸|片|包|支|瓶|盒|袋|只|个|条|斤|公斤|克|升|毫升|米|抽|粒)"
)
#: This one here, by the noun that ends its name.
_THIS_THING: Final = re.compile(
    r"这(?:一)?[款瓶盒罐台支袋双件条套把箱饼床块桶](?P<thing>[\u4e00-\u9fa5]{2,6}?[糊膏霜乳茶酒鞋靴衣裤裙衫机锅杯壶灯椅桌枕被油酱饼糖膜液露链粮皂伞帽袜毯炉刀柜])"
    r"(?!接)(?![\u4e00-\u9fa5]?[料里面边色盒子])"
)
#: Words of names that tell nothing of what it is.
_OF_ANY: Final = frozenset(
    {
        "套装",
        "家用",
        "通用",
        "便携",
        "充电",
        "迷你",
        "全新",
        "新款",
        "经典",
        "大号",
        "小号",
        "儿童",
        "女士",
        "男士",
        "礼盒",
        "组合",
    }
)
#: Before a noun: what one uses along with the goods, of any make (先抹润唇膏).
_USED_BESIDE: Final = re.compile(
    "(?:先|再|还是|记得|平时|另外|搭|配)[^，。！？]{0,2}(?:抹|涂|擦|用|洗|垫|盖|戴|穿|铺|放|搭|配|敷)?[层点个条件]?$|"
    # 西红柿鸡蛋浇上，一勺油泼辣子: out of a kitchen, and not out of the shop
    "(?:[浇蘸撒舀拌淋][上点了]?|[一两半几]小?[勺撮滴])$"
)
#: 别跟电饭煲挤一个插排.
_WITH: Final = re.compile("[跟和与同]$|挨着$")
_TOGETHER: Final = re.compile("(?:一起|一块儿?|一同|同时)?(?:挤|抢|共|并|轮着|换着|挨|叠|放|摆|插|用|开|搁|塞)")
#: Characters of a product's name that may be no more than a sort of goods.
_LONGEST_SORT: Final = 4
_LONGEST_WORD: Final = 3
#: Right before a noun: this one here is meant.
_POINTED: Final = re.compile(
    "(?:这|本|咱们?家?的?|我们家?的?|今天的?|下面的?|上的是|[一二三四五六七八九十\\d]号)[^，。！？]{0,5}$"
)
#: Before a noun, and behind it: it is what is sold here.
_OFFERED: Final = re.compile(
    "(?:这|本|咱|我们|今天|现在|来看|接下来|链接|号|拍|买|下单|入手|带走|叫|是|说[的到]?|讲[的到]?|介绍|推荐|这款|新[款到])[^，。！？]{0,4}$"
)
_OFFERED_BEHIND: Final = re.compile(
    "[^，。！？]{0,3}(?:今天|现在|直播间|到手|原价|标价|日常|只要|只卖|才|卖|拍|点|下单|链接|上车|上架|库存|来了|[一二两三四五六七八九十百\\d]+[块元])|"
    "，(?:今天|现在|到手|标价|日常|原价|[^，。！？]{0,3}(?:块|元))|[！!]"
)
#: Right before a noun: something is put there, or lies there.
_PLACED: Final = re.compile("(?:在|进|到|往|从)[^，。！？]{0,3}$")
#: Right behind a noun that begins its clause: of this one the talk is.
_TOLD: Final = re.compile("今天|现在|来了|[给跟]大家|我们|安排|上车|上链接|这一?款")
#: Before a noun: how things are packed, made or for whom, and no brand.
_OF_MANY: Final = re.compile(
    "[瓶袋盒罐桶箱筒听散精简]装|家[用庭]|便携|手[工持动]|电动|自动|无[线糖]|有线|智能|迷你|折叠|可折|儿童|宝宝|婴儿|成人|[男女]士|[男女]式|老人|学生|"
    "天然|有机|进口|国产|农家|新鲜|冷冻|速[溶冻]|现磨|原味|纯[棉银牛手]|不锈|陶瓷|玻璃|塑料|硅胶|实木|竹[制编]|棉[麻质]|真[皮丝]|加[厚绒长大]|超[薄轻大]|大[号码]|小[号码]|双层|单[层人]|双人|"
    "防[水晒滑]|保[温湿]|四件|三件|[一二两三四五六七八九十\\d]"
)
_ASIDE: Final = re.compile("配|搭|旁边|手里|身上|里面|另|送|我自己|我今天穿|同事|装|放|倒")
_STATEMENTS: Final[Mapping[str, tuple[str, re.Pattern[str], str]]] = {
    "health_food": (
        "HF-005",
        # 保健食品不是药物，不能代替药物治疗疾病 is the sentence of the labels.
        re.compile(
            r"(?:本品|本产品|它|这个产品|保健食品)[^，。！？]{0,6}(?:不是药[物品]?，)?[^，。！？]{0,4}不(?:能|可以?|得)(?:代替|替代)药[物品]?"
        ),
        "本品不能代替药物",
    ),
    "medical_device": (
        "DEV-002",
        re.compile(r"(?:阅读|看)[^。！？]{0,8}说明书[^。！？]{0,12}(?:医务人员|医生|医师)[^。！？]{0,4}指导"),
        "请仔细阅读产品说明书或者在医务人员的指导下购买和使用",
    ),
}
#: Statements that everybody has own words for: which it is, and what is said instead.
_TOLD_FREELY: Final = (
    (
        re.compile("饮酒|有害健康"),
        re.compile("(?:喝多|多喝|过量|贪杯|喝大)[^。！？]{0,8}(?:伤|害|不好|难受)|适量|少喝|别贪杯|不劝酒"),
    ),
    (
        re.compile("未成年"),
        re.compile(
            "未成年|[不没未]满十?八?十?|十八岁|18岁|成年(?:人|的?朋友)|(?:小孩|孩子|学生)[^。！？]{0,8}(?:不|别|勿)"
        ),
    ),
)
#: Right before the words: what not to do, what something looks like, what somebody else still uses.
_DENIED: Final = headed(
    "(?:别|不要|切勿|甭)(?:再|给它|随便|直接)?(?:放|搁|存|摆|用|拿|泡|丢|扔)?(?:在|到|进)?$|"
    "(?<![不好图头录影])像(?:是|刚)?[擦摸踩看隔喝吃](?:过|着|了|在)?(?:一[层块面片])?$|"
    "(?:谁家?|哪家|还有人|有谁)[^，。！？]{0,2}还(?:在|会)?[用拿穿买]着?$|"
    # 我不跟您喊什么最后三单
    "不(?:跟|给|对)?(?:[您你大][们家]?)?(?:喊|吆喝|嚷嚷|扯|编)[^，。！？]{0,3}$"
)
_FLAGS: Final = {"health_food": "保健食品|蓝帽|保健品", "medical_device": "医疗器械|械注|械备"}


#: How regions say that something is not to be done, or is not there; each as long as the common word.
_DENIALS_OF_REGIONS: Final = (
    (re.compile("莫(?!名|非|大|代尔|干山|兰迪|桑|斯科|奈|吉托|扎特|高|氏|言|西|来由|须有|逆|衷|测|属|如)"), "别"),
    (re.compile("甭|覅"), "别"),
    (re.compile("唔好"), "不要"),
    (re.compile("唔"), "不"),
    (re.compile("冇"), "没"),
)


def _as_everybody_denies(text: str) -> str:
    for pattern, plain in _DENIALS_OF_REGIONS:
        text = pattern.sub(plain, text)
    return text


def fact_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield contradictions between a folded text and the product's record."""
    text = _as_everybody_denies(text)
    told: list[FactFault] = []
    record = record_text(product)
    product = named_denials(product)
    found = [
        replace(fault, by=by, certain=fault.grave and is_certain(text, fault, by, record))
        for by, faults in _READINGS
        for fault in faults(text, product)
    ]
    # What certainly contradicts comes first: a doubt about the same words must not hide it.
    for fault in sorted(found, key=lambda fault: (not fault.certain, not fault.grave)):
        if _WHETHER.search(text[max(0, fault.start - 2) : fault.start + 3]) is not None:
            continue  # 一个问包不包安装
        if _NOT_THIS.search(text, clause(text, fault.start, fault.end)[0], fault.start):
            continue
        if _DENIED.search(text, clause(text, fault.start, fault.end)[0], fault.start):
            continue  # 别放常温, 像擦过玻璃
        # The same words may be wrong by their unit and by the name in front of them: said once.
        if not any(fault.start < one.end and one.start < fault.end for one in told):
            told.append(fault)
            yield fault


def _stock_that_differs(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    stock = product.get("stock")
    if not isinstance(stock, int) or isinstance(stock, bool):
        for match in _SCARCE.finditer(text):
            problem = f"“{match.group()}”：商品资料里没有库存，无法核对"
            yield FactFault("PRI-005", *match.span(), problem, False)
        return
    for match in _STOCK.finditer(text):
        count = match.group("count") or match.group("few") or match.group("there") or match.group("bare")
        said = parse_number(count)
        more = next(
            (match.group(name) for name in ("tail", "few_tail", "there_tail", "bare_tail") if match.group(name)), None
        )
        low, high = clause(text, match.start(), match.end())
        counter = match.group()[-1]
        if counter in _OTHER_COUNTERS and counter != product.get("unit") and not _KEPT.search(text, low, match.end()):
            continue  # 壶里还剩一口
        if said is None or (said == 1 and not re.search("剩|库存|最后", match.group())) or "限购" in text[low:high]:
            continue
        if said == 1 and (
            _ON_A_PAGE.search(text[low:high]) or ("最后" in match.group() and not _LAST_ONE.match(text, match.end()))
        ):
            continue  # 质检报告在详情页最后一张, 最后一片留给客人
        if match.group("only") and (
            said < 10 or re.search(rf"(?<!\d){said:g}(?!\d)", read_aloud(record_text(product)))
        ):
            continue  # 就三层, 只有十二件套: no stock is meant
        doubt = _counts_otherwise(text, match, said, product)
        if doubt is None:
            continue
        honest = said == stock or (more and said <= stock <= 2 * said)
        if not honest:
            yield FactFault("PRI-005", match.start(), match.end(), f"口播数量{count}与库存{stock}不一致", not doubt)


def _counts_otherwise(text: str, match: re.Match[str], said: float, product: Mapping[str, Any]) -> bool | None:
    """Tell whether it is in doubt that a number counts what is left of the goods; None: it counts something else.

    Only of words that do not speak of stock by themselves: 一共就三个按键, 口味一共就三个, 冰箱里就剩三个鸡蛋.
    """
    low, high = clause(text, *match.span())
    _, stop = sentence(text, *match.span())
    if _OF_STOCK.search(match.group()) or _HURRIED.search(text, match.end(), stop):
        return False
    before = text[low : match.start()]
    if _AT_HOME.search(before) or _TAKEN.match(match.group()):
        return None
    if "剩" in match.group():
        return _SELF.search(before) is not None
    noun = re.match("[\u4e00-\u9fa5]{1,4}", text[match.end() : high])
    thing = noun.group() if noun and not _GOES_ON.match(noun.group()) else ""
    own = fold(f"{product.get('name', '')}{''.join(map(str, product.get('aliases') or ()))}").text
    if (_ASPECT.search(before) and match.group()[-1] in "个种款档步") or _KIND.match(thing):
        return None
    if thing and not set(thing) & set(own):
        return None
    return said < 10 and (match.group().startswith("一共") or _SELF.search(before) is not None)


def missing_statements(text: str, product: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yield (rule id, sentence, hinted at) for each statement the law or the record demands and the folded text lacks.

    The law's own statements are wanted as they are; the house's may be said in other words.
    Hinted at: some of the words are there, whether they say as much is for a person to judge.
    """
    spoken = _bare(text)
    for rule, pattern, statement in _legal(product):
        if not pattern.search(text) and _bare(fold(statement).text) not in spoken:
            yield rule, statement, False
    for statement in product.get("required_statements") or ():
        legal = any(pattern.search(fold(str(statement)).text) for _, pattern, _ in _STATEMENTS.values())
        said = 1.0 if _bare(fold(str(statement)).text) in spoken else _share_said(str(statement), text)
        if said < (1.0 if legal else 0.5):
            hinted = said >= 0.3 or any(of.search(str(statement)) and told.search(text) for of, told in _TOLD_FREELY)
            yield "HOUSE-STATEMENT", str(statement), hinted and not legal


def statements_of(product: Mapping[str, Any]) -> list[str]:
    """Return the statements that the law or the record demands of a text about the product."""
    return [*(statement for *_, statement in _legal(product)), *map(str, product.get("required_statements") or ())]


def _legal(product: Mapping[str, Any]) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Yield what the law demands of goods of this kind: the rule, how the sentence is known, and the sentence."""
    flags = set(product.get("compliance_flags") or ())
    kind = f"{product.get('category', '')}{product.get('name', '')}"
    yield from (one for flag, one in _STATEMENTS.items() if flag in flags or re.search(_FLAGS[flag], kind))


def _share_said(statement: str, text: str) -> float:
    """Return how much of a statement's words one stretch of the text, hardly longer than it, says."""
    bare, spoken = read_aloud(statement), read_aloud(text)
    pairs = {bare[at : at + 2] for at in range(len(bare) - 1)}
    reach = 2 * len(bare) + 8
    places = [at for at in range(len(spoken) - 1) if spoken[at : at + 2] in pairs]
    near = (len({spoken[at : at + 2] for at in places if first <= at < first + reach}) for first in places)
    return max(near, default=0) / max(1, len(pairs))


def _bare(text: str) -> str:
    return re.sub(r"[^\w]|[的了]", "", text)


def _bare_name(said: str) -> str:
    """Return a name without what is told of size and pack behind it: 西冷牛排 130g×10片, 头盔 均码."""
    head = fold(re.split(r"\s", said.strip())[0]).text
    cut = _PACK.split(head)[0]
    return next((name for name in (cut, head) if len(re.findall("[\u4e00-\u9fa5]", name)) >= 3), "")


def names_of(product: Mapping[str, Any]) -> list[str]:
    """Return the folded names the product goes by, longest first: full, aliases, without brand and size."""
    brand = fold(str(product.get("brand") or "")).text
    names: set[str] = set()
    for said in (product["name"], *(product.get("aliases") or ())):
        name = fold(str(said)).text.strip()
        names |= {name, _SPEC.sub("", name).strip(), _bare_name(str(said))}
        if brand and name.startswith(brand):
            names.add(_SPEC.sub("", name.removeprefix(brand)).strip())
    # In the same order in every process: what one name takes out of a text another cannot.
    return sorted((name for name in names if len(name) >= 2), key=lambda name: (-len(name), name))


def is_named(text: str, product: Mapping[str, Any]) -> bool:
    """Tell whether a folded text names the product: a name, its brand, or three characters of a name together."""
    brand = fold(str(product.get("brand") or "")).text
    names = names_of(product)
    if not names:
        return fold(str(product["name"])).text.strip() in text  # 茶
    if (brand and brand in text) or any(name in text for name in names):
        return True
    parts = {name[at : at + 3] for name in names for at in range(len(name) - 2)}
    full = names[0]
    # 小兔 and 足金 of 足金小兔吊坠, apart from each other.
    pairs = [at for at in range(len(full) - 1) if full[at : at + 2] in text]
    if len(full) >= 5 and pairs and pairs[-1] - pairs[0] >= 2:
        return True
    heads = {name[-2:] for name in names}
    if any(part in text for part in parts | heads):
        return True
    # 寿眉 … 这块饼 for 寿眉白茶饼: a word of the name, and what it ends in.
    words = {word for name in names for word in _words(name)}
    return any(word in text for word in words) and any(name[-1] in text for name in names)


@lru_cache(maxsize=512)
def _words(name: str) -> tuple[str, ...]:
    """Return the words of two characters and more that a name is made of, but those of any goods."""
    first = re.findall("[\u4e00-\u9fa5]{2}", re.sub(r"\d+年", "", name))[:1]
    words = (word for word in (*rjieba.cut(name), *first) if re.fullmatch("[\u4e00-\u9fa5]{2,}", word))
    return tuple(word for word in dict.fromkeys(words) if word not in _OF_ANY)


def other_things(text: str, product: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """Yield where a folded text points at goods (这款核桃芝麻糊) that are of another kind than the product."""
    record = record_text(product)
    for match in _THIS_THING.finditer(text):
        thing = match["thing"]
        low, _ = clause(text, *match.span())
        if thing[-1] in record or overlaps(thing, record) or COMPARED.search(text, low, match.start()):
            continue
        if not _ASIDE.search(text, low, match.start()):
            yield match.span("thing")


def _is_beside(text: str, at: int, name: str, sort: str) -> bool:
    """Tell whether a bare sort of goods (润唇膏, 打气筒) is one that is used or spoken of beside these, of any make.

    Such a name is a word of every day: 面网手套该戴还得戴 sells no 面网. It is another product's where the host offers
    it, by what stands around it.
    """
    low, high = clause(text, at, at + len(name))
    if len(sort) > _LONGEST_SORT or name != sort:
        return False
    if _USED_BESIDE.search(text, low, at) or (
        _WITH.search(text, low, at) and _TOGETHER.match(text[at + len(name) : high])
    ):
        return True
    # A longer name tells which: 桂花乌龙, 双板雪镜.
    if len(sort) > _LONGEST_WORD or text.count(name) > 1:
        return False
    return not _OFFERED.search(text, low, at) and not _OFFERED_BEHIND.match(text, at + len(name))


def stale_names(
    text: str, product: Mapping[str, Any] | None, others: Sequence[str]
) -> Iterator[tuple[int, int, str, bool]]:
    """Yield (start, end, name, certain) of other products in a folded text; what the product shares with them is none.

    Only the noun that a name ends in (先抹润唇膏, of 草莓润唇膏) may be any such thing: that is not certain.
    """
    own = record_text(product) if product else ""
    brand_of = fold(str((product or {}).get("brand") or "")).text.strip()
    for other in others:
        full = fold(other).text.strip()
        short = _SPEC.sub("", full).strip()
        candidates = [full, short, *re.findall(r"《([^》]{2,})》", other)]
        if len(short) >= 5:
            candidates += [short[-3:], short[2:]]
        elif len(short) == 4:
            candidates.append(short[2:])
        for name in dict.fromkeys(name for name in candidates if len(name) >= 2 and name not in own):
            at = text.find(name)
            # 护发素 of our own brand's 护发素 is a sort of goods; 喷雾拖把 beside our 平板拖把 tells which.
            sort = brand_of and short == brand_of + name and name[-2:] not in own
            told = _TOLD.match(text, at + len(name)) and text[at - 1 : at] in ("", *"，。！？；")
            if at >= 0 and (not sort or told or _POINTED.search(text, clause(text, at, at)[0], at)):
                low, _ = clause(text, at, at + len(name))
                whole = name in (full, short) or f"《{name}》" in other or len(name) >= len(short) - 1
                # 猫在花盆里睡: the noun alone is any such thing, unless it is pointed at.
                pointed = _POINTED.search(text, low, at) is not None and _USED_BESIDE.search(text, low, at) is None
                # 刚才的青禾保温杯, of 青禾316保温杯: with its brand right before, the noun is no other's.
                branded = re.search(rf"{re.escape(short[:2])}[^，。！？]{{0,4}}$", text[low:at])
                if branded is not None and len(short) >= 5 and short[:2] not in own:
                    yield low + branded.start(), at + len(name), other, True
                elif whole or pointed or _PLACED.search(text, low, at) is None:
                    yield at, at + len(name), other, (whole and not _is_beside(text, at, name, short)) or pointed
                break
        else:
            # 途野帐篷 for 途野两人双层帐篷: its brand, and what it is, close together.
            brand, noun = re.escape(short[:2]), re.escape(short[-2:])
            near = len(short) >= 6 and short[:2] in text and short[-2:] in text
            loose = re.search(rf"{brand}[^，。！？]{{0,4}}{noun}", text) if near else None
            if loose and not (short[:2] in own and short[-2:] in own):
                # 瓶装墨水, of 瓶装碳素墨水: what any such thing may be called tells no goods.
                yield *loose.span(), other, _OF_MANY.match(short) is None


#: All that reads a script against the record, by the name that its faults bear.
_READINGS: Final[Sequence[tuple[str, Callable[[str, Mapping[str, Any]], Iterable[FactFault]]]]] = (
    ("amount", amount_faults),
    ("code", code_faults),
    ("named", named_faults),
    ("grade", grade_faults),
    ("choice", choice_faults),
    ("counted", counted_faults),
    ("material", material_faults),
    ("kind", kind_faults),
    ("origin", origin_faults),
    ("maker", maker_faults),
    ("performance", performance_faults),
    ("gift", gift_faults),
    ("claim", claim_faults),
    ("opposite", opposite_faults),
    ("nothing", nothing_of),
    ("bound", bound_faults),
    ("backing", backing_faults),
    ("limit", limit_faults),
    ("stock", _stock_that_differs),
    ("deadline", deadline_faults),
    ("class", class_faults),
    ("part", part_colour_faults),
    ("pack", counted_in_pack_faults),
    ("polarity", polarity_faults),
    ("had", had_faults),
    ("lacked", lacked_faults),
    ("stated", stated_faults),
    ("span", span_faults),
    ("ingredient", ingredient_faults),
    ("lettered", lettered_faults),
    ("share", share_faults),
    ("parted", part_faults),
    ("lasting", lasting_faults),
    ("ended", ended_faults),
)
