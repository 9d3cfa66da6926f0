"""Whether a contradiction of the record is certain enough to hold a text up, or a person has to look at it.

To block is to say: this is told of the goods, and the record denies it. So the words have to name what they
are told of: a part or the fact beside a material, a word of giving beside a gift, a word of stock or hurry beside a
number that is left. What only holds such a word (肩带背羽绒服外面也能挎上, 家里冰箱有位置就拿三包) may be told of
anything: that is a warning, with the same code, for who approves.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.numbers import NUMBER, parse_number
from backend.quality.origins import is_own_place_told
from backend.quality.record import FactFault

#: Scenes, likenesses and other things in a clause: what stands there is hardly told of the goods.
_ELSEWHERE: Final = headed(
    "(?<![好头图录影])像|似的|好比|比方|当成|小时候|以前|从前|当年|隔壁|楼下|对门|有的人|那种|旧的|老式|上一代|冰箱里|衣柜|抽屉|"
    "[背穿套披裹](?:着|在|上)?[^，。！？]{0,5}(?:外[面头]|里[面头])|搭(?:配|着|条|件|双|个)?|配(?:条|件|双|着)|油碟|[蘸调]料|蘸水|浇头|配菜|扔[到在进]|掉[到在进]|洒[到在]|放[到在进]"
)
#: Parts of goods, and words for what they are made of.
_PART: Final = (
    "内胆|外壳|壳体|机身|面料|里料|内里|里衬|衬里|填充|[鞋桌台柜凳椅床枕被封锅]面|鞋[底垫帮]|大底|中底|[镜框]框|镜[片腿]|[表肩绑]带|"
    "底[座盘板]|[手刀锅杯]柄|把手|[杯壶瓶罐锅桶盒箱]身|[杯壶瓶锅桶盒]盖|[拖伞笔杖鱼晾支]杆|杆(?!了)|笔身|[外内]?壳|料子?|材[质料]|骨架|框架|[支床]架|刀[头片刃身]|"
    "[枕被褥]芯|[枕被床]套|内?衬|[皮布绒毛棉]料|扣头|拉链|喷头|滤网|轮子|弹簧|刷[毛头丝]|琴[弦颈]|面板|背板|侧板|板材?|里[子层]|表层|夹层|胎体?"
)
#: What stands right before a stuff that the goods are told to be made of.
_MADE_BEFORE: Final = headed(
    f"(?:是|用的?|选的?|采用|填的?|含|加了?|叫|：|、|和|纯|全|正宗的?|天然的?|进口的?|百分之百的?|100%|一?整[块片张根]的?|里[头面]|外面|里外|整[口把台只个件张条套][\u4e00-\u9fa5]{{1,2}}|(?:{_PART}))"
    "(?:就|都|全|还|也|是|用的?|了|一?整[块片张根]|天然|纯|山|铝|的|百分之[一二三四五六七八九十点零]+|\\d+%|[一二两三四五六七八九十\\d]{1,3}[支安毫米克丝]*)*$"
)
#: At the beginning of what is told: all of it is so.
_ALL_IS: Final = re.compile("(?:全|都|通通|统统|清一色|一水儿?)都?[是用]")
#: What stands right behind it.
_MADE_BEHIND: Final = headed(
    f"的?(?:$|[，。！？；、：\\n]|[和加跟拼](?!你|我|它|他)|做|制成?|打造|[打锻锤敲铸雕编填绣](?=[的出成，。！]|造)|织|混纺|面料|材质|料|质地|板|(?:{_PART}))|的(?:{_PART})"
)
#: Whom a clause advises, what somebody does with things, dishes: 您还是换只荞麦皮的吧, 炒土豆丝.
_ADVICE: Final = headed(
    "还是(?:换|买|选|去|用|穿|吃|喝)|换(?:成|[个只条款双把张床件])|改(?:买|选|喝|吃|穿)|急着买|去看|看看|(?<!燃)[炒烧炖拌焖煎烤](?!烟|色|制|烘|的|青|香|箱|盘|漆|干|肉味|花)|吧$|的时候|谁|"
    "[你您他她](?:们)?(?:要|想|喜欢|爱|平时|以前|去|买|自己)|挪到|移到|拿到|化冻|解冻|我(?!们|家的|给)|[他她你您](?!们)|咱(?!家|们)|孩子|老人|爸|妈|奶奶|爷爷|老公|媳妇|邻居|同事|闺蜜|朋友|客人|师傅|老师|医生|猫|狗|想|觉得|以为|怕|怪|嫌|还行|凑合|比如|例如|假如|要是|如果|万一|除非|难道|哪|怎么|为什么|多少"
)
#: What is not to be done, or is not: 丝的、羊毛的别用它.
_DENYING: Final = headed("别(?!致)|不要|勿|忌|不能|不可|不适合|除外|不是|不像")
#: What denies by itself that something is in it: 没加香精.
_DENIES: Final = re.compile("不[含带加添放用是]|没[加有放用含带添]|无(?!线)|非(?!常)|零")
#: Around a place: somebody lives there, goes there, or a parcel does.
_JOURNEY: Final = headed(
    "[嫁搬住飞]|娘家|老家|婆家|出差|旅[游行]|上学|读书|打工|上班|回来|去[过了]|来到|待[过了]|路过|坐车|火车|高铁|飞机|认识|朋友|同学|话$|口音|天气|下雪|下雨|快递|发往|寄"
)
#: Words of giving, or of what goes with an order.
_GIVEN: Final = re.compile("送|赠|外加|拍|下单|再|还|另外|额外|跟着|随|一起[寄发]|带走|给你|给您|给大家|免费")
#: 配两双袜子, 琴包、十片拨片, 防潮垫三张在包里: a clause that says what comes along.
_GOES_ALONG: Final = re.compile("[配带给附搭]|[^，。！？]{0,12}(?:、|[在都](?:包|箱|盒|里))")
#: 带一个小挂钩 is how a thing is made, 带两瓶一百六 what more of it costs: neither comes along with an order.
_MADE_WITH: Final = re.compile(
    "带[^，。！？]{0,6}(?:钩|扣|环|绳|提手|把手|手柄|盖子?|帽|兜|口袋|拉链|吸盘|支架|底座|刻度|滤网|轮子?|挂孔|开关|[一二两三四五六七八九十百千\\d])"
)
#: Words of what is left, and of hurry.
_LEFT: Final = re.compile(
    "[库仓]|后台|备|现货|限量|名额|最后|剩|[这今本]批|塘|棚|厂里|系统|链接|手慢|抢|卖完|拍完|没了|没有了|断货|补货|下架"
)
#: Behind a number of goods that are left.
_GOES_ON: Final = re.compile(
    "$|[，。！？；、\\n]|[了啊呢啦哈的]|左右|就|都|拍|卖|抢|没|要|先|可|能|现货|库存|名额|而已|[这那分]|给"
)
#: What one does with what stands in a list of ways: 刷卡, 扫脸, 按指纹.
_DONE_WITH: Final = frozenset("刷扫按输插用拿")
_MEMBERS: Final = re.compile("[、,，/；;：:。|和或及\\s]")
#: Behind a figure: how often something is done.
_EVERY: Final = re.compile(
    "(?:左右|上下|就|才|得|要|建议)*(?:[一再]?[换洗浇喂刷擦清修充](?:一次|一回|一遍|新)?|[一来][次回遍]|去|没)"
)


#: Less than something else: 有段落感，又没青轴那么吵.
_NOT_SO: Final = re.compile("(?:没有?|不像|不如|比)[^，。！？；]{0,10}(?:那么|这么|那样|这样|那种)")
#: Behind what begins a clause: whoever likes it so is told what to do. 微辣的，多加水.
_FOR_WHOM: Final = re.compile(
    "的(?:朋友|人|家庭|姐妹|兄弟)?，(?:就|可以?|记得|建议|那就)?(?:[多少先再自另您你拍选去看换挑找加]|直接|别|不要)"
)
#: Right before what goes with the goods: one needs it, and has to get it. 室外得配接收器.
_NEEDED: Final = re.compile("(?:得|要|须|需要?|自己|自行|另外?)$")
#: In what follows in the sentence: it is not in here. 咱这套里没有.
_NOT_IN_HERE: Final = re.compile("(?:这|里|咱|我们|它)[^，。！？]{0,5}(?:没有|没配|没带|不[带含送配包给])")
#: How many of what: with a unit of its own.
_FIGURE: Final = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>[\u4e00-\u9fa5a-z%])")
#: Readings whose words stand beside the fact's name, or of numbers that may be right of another thing.
_BY_NAME: Final = frozenset({"named", "gift", "stock", "deadline", "share", "parted", "lasting", "ended"})


#: Readings whose own words are those of an offer, or of what is allowed.
_BY_THEMSELVES: Final = frozenset({
    "gift", "stock", "deadline", "opposite", "bound", "claim", "maker", "performance", "share", "parted", "lasting",
    "ended",
})  # fmt: skip
#: Readings of how many or how much there is of something.
_OF_FIGURES: Final = frozenset({"amount", "named", "counted", "pack"})
#: One pack, or one of something: what it holds is no multiple of what it holds.
_OF_ONE: Final = re.compile(
    "[一每单整][盒袋包箱瓶罐套件桶提板筒串双份只个条](?![一每][盒袋包箱瓶罐套件桶提板筒串双份只个条])[^，。！？]{0,5}$"
)
#: Before a figure: somebody takes so much of it.
_TAKEN: Final = re.compile("[半分吃喝用煮下放留]|[一每](?:个?人|顿|家|天|次|回|锅|碗|口|晚|日|泡)")
#: Right before a figure: when somebody uses so much of it. 白天五片晚上一片.
_USED_THEN: Final = re.compile(
    "(?:早[上晨饭]?|中午|晌午|午饭|下午|晚[上饭]?|白天|黑夜|夜里|半夜|睡前|饭[前后]|平时|周末|冬天|夏天|一[天顿餐宿]|每[天顿餐晚])[就得要用吃喝换]?$"
)
#: Around two places: one of them is another thing's.
_AGAINST: Final = re.compile("这[支把个只款件罐盒瓶袋包双条]|咱|我们的?|不是|两回事|两码事|不一样|各有")
#: Where goods come from, in what a record says.
_OWN_PLACE: Final = re.compile("(?:产地|原产地?|产区|奶源)：([\u4e00-\u9fa5]{2,12})")
_SHARES: Final = frozenset({2.0, 3.0, 4.0, 5.0, 6.0})
#: Several of them, of which no counter is a counter of goods: 三筐, 五摞.
_SEVERAL: Final = re.compile("(?P<number>[两俩仨三四五六七八九十\\d]{1,2})(?![块元毛角分折点])[\u4e00-\u9fa5]")
#: Around a word of a kind that is told as what the goods are: little else stands in the clause.
_IS_SO: Final = re.compile(
    "(?:^|[是用选为叫的、和跟及有做属到]|原料|进口|[层皮圈面身芯里a-z\\d])(?:就|都|全|还|也|了)*$"
)
_AND_NO_MORE: Final = re.compile(
    "的|[、和跟及]|(?!就|别|慢|也|都|才|那么|这么)[\u4e00-\u9fa5]{0,6}(?:$|[，。！？；、\\n])"
)
#: Readings of a word that may stand for anything of its kind.
_OF_STUFF: Final = frozenset({"material", "kind", "class", "backing", "stated"})


def is_certain(text: str, fault: FactFault, by: str, record: str) -> bool:
    """Tell whether a grave fault holds a text up: what it speaks of is named, and is the goods.

    `record` is all that the record says, folded.
    """
    low, high = clause(text, fault.start, fault.end)
    if by not in _BY_NAME and _is_on_record(text[fault.start : fault.end + 1], record):
        return False  # 十种颜色, where 颜色总数 has 10种
    if by in _OF_STUFF and (_is_held_apart(text, fault, low, high) or _is_worded_so(text, fault, record)):
        return False
    multiple = by in _OF_FIGURES and (
        _USED_THEN.search(text, low, fault.start) is not None
        or _is_a_multiple(text, fault, record, low)  # 三袋, 一百二十只
    )
    apart = by == "opposite" and (_is_got_apart(text, fault, low, high) or _is_left_open(text, fault, low))
    apart = apart or (fault.rule == "FAC-005" and _is_own_place_beside(text, fault, record))
    if multiple or apart:
        return False
    if by not in _BY_THEMSELVES and (_ELSEWHERE.search(text, low, high) or _ADVICE.search(text, low, high)):
        return False
    if by in _OF_STUFF and _DENYING.search(text, low, high):
        return False
    test = _EVIDENCE.get(by)
    return test is None or test(text, fault)


def _is_own_place_beside(text: str, fault: FactFault, record: str) -> bool:
    """Tell whether the sentence holds the record's own place against another one: 湖笔是浙江的，这支是衡水的."""
    origin = _OWN_PLACE.search(record)
    begin, stop = sentence(text, fault.start, fault.end)
    if origin is None or _AGAINST.search(text, begin, stop) is None:
        return False
    return is_own_place_told(text[begin : fault.start] + "。" + text[fault.end : stop], origin[1])


def _is_on_record(said: str, record: str) -> bool:
    """Tell whether a figure with its unit stands on record, whatever of."""
    told = {(parse_number(match["number"]), match["unit"]) for match in _FIGURE.finditer(said)}
    told = {one for one in told if one[0] is not None and one[0] > 1}
    return bool(told) and not told.isdisjoint(
        (parse_number(match["number"]), match["unit"]) for match in _FIGURE.finditer(record)
    )


def _is_worded_so(text: str, fault: FactFault, record: str) -> bool:
    """Tell whether a word is the record's own but for a small one: 刷的桐油 is 刷桐油, 刷卡 is the 卡 of a list."""
    said = text[fault.start : fault.end]
    if "的" in said and said.replace("的", "") in record:
        return True
    return said[:1] in _DONE_WITH and any(said[1:] == one for one in _MEMBERS.split(record))


def _is_held_apart(text: str, fault: FactFault, low: int, high: int) -> bool:
    """Tell whether the goods are held against what a word stands for, or somebody who likes that is spoken to."""
    return any(match.end() > fault.start for match in _NOT_SO.finditer(text, low, high)) or (
        fault.start == low and _FOR_WHOM.match(text, fault.end) is not None
    )


def _is_got_apart(text: str, fault: FactFault, low: int, high: int) -> bool:
    """Tell whether what goes with the goods has to be got apart, by the words around it."""
    _, stop = sentence(text, fault.start, fault.end)
    return (
        _NEEDED.search(text, low, fault.start) is not None
        or _NOT_IN_HERE.search(text, high, min(stop, high + 16)) is not None
    )


def _is_left_open(text: str, fault: FactFault, low: int) -> bool:
    """Tell whether a deed is warned of, or a thing is denied: who denies it agrees with some record that has it not."""
    return _DENYING.search(text, low, fault.start) is not None or _DENIES.match(text, fault.start) is not None


def _is_a_multiple(text: str, fault: FactFault, record: str, low: int) -> bool:
    """Tell whether a figure is the record's own so many times, where so many are spoken of before it."""
    if _OF_ONE.search(text, low, fault.start):
        return False
    taken = _TAKEN.search(text, low, fault.start) is not None
    begin, _ = sentence(text, fault.start, fault.end)
    near = text[max(begin - 24, 0) : fault.start]
    counts = {parse_number(match["number"]) for match in _SEVERAL.finditer(near)} - {None, 1.0}
    said = {(parse_number(one["number"]), one["unit"]) for one in _FIGURE.finditer(text, fault.start, fault.end + 1)}
    told = {(parse_number(one["number"]), one["unit"]) for one in _FIGURE.finditer(record)}
    for value, unit in said:
        for whole, other in told:
            if unit != other or not value or not whole:
                continue
            if any(whole * count == value for count in counts if count) or (taken and whole / value in _SHARES):
                return True
    return False


def _is_told_as_such(text: str, fault: FactFault) -> bool:
    """Tell whether a word of a kind is all that a clause says, or what something is said to be."""
    if fault.rule == "FAC-005":
        return _comes_from(text, fault)
    low, _ = clause(text, fault.start, fault.end)
    return _IS_SO.search(text[low : fault.start]) is not None and _AND_NO_MORE.match(text, fault.end) is not None


def _comes_from(text: str, fault: FactFault) -> bool:
    """Tell whether a place is where the goods come from: 嫁到福州 is somebody's journey."""
    low, high = sentence(text, fault.start, fault.end)
    begin, end = clause(text, fault.start, fault.end)
    return _JOURNEY.search(text, max(low, begin - 8), min(high, end + 8)) is None


def _is_made_of(text: str, fault: FactFault) -> bool:
    """Tell whether a stuff stands as what the goods, or a part of them, are told to be made of."""
    if fault.rule == "FAC-005":
        return _comes_from(text, fault)
    low, high = clause(text, fault.start, fault.end)
    begins = fault.start == low or text[fault.start - 1] in "、"
    behind = _MADE_BEHIND.match(text, fault.end, high + 1)
    begins = begins or _ALL_IS.match(text, fault.start, fault.end) is not None
    before = _MADE_BEFORE.search(text, low, fault.start)
    if before is not None:
        return behind is not None or re.match("[的，。]", text[fault.end : fault.end + 1]) is not None
    return begins and behind is not None


def _is_given(text: str, fault: FactFault) -> bool:
    low, high = clause(text, fault.start, fault.end)
    begin, _ = sentence(text, fault.start, fault.end)
    if _GIVEN.search(text, low, high) or (
        _GOES_ALONG.match(text, low, high) and not _MADE_WITH.fullmatch(text, fault.start, fault.end)
    ):
        return True
    # 再送珠针，十枚: what is given stands a clause before, and nothing but how many here.
    bare = low > begin and fault.start == low and high - fault.end <= 1
    return bare and _GIVEN.search(text, clause(text, low - 1, low - 1)[0], low) is not None


def _is_left(text: str, fault: FactFault) -> bool:
    low, high = sentence(text, fault.start, fault.end)
    begin, end = clause(text, fault.start, fault.end)
    if (begin, end) == (fault.start, fault.end) and text[begin] in "就只仅" and "拿" not in text[begin:end]:
        return True  # 就四十套
    if (
        _GOES_ON.match(text, fault.end) is None
        and re.search("[库仓备]|后台|现货|限量|名额|最后", text[begin:end]) is None
    ):
        return False  # 还剩三个装媳妇给的零花钱
    return _LEFT.search(text, max(low, begin - 12), min(high, fault.end + 16)) is not None


def _is_no_habit(text: str, fault: FactFault) -> bool:
    return _EVERY.match(text, fault.end) is None


def _is_denied_outright(text: str, fault: FactFault) -> bool:
    return re.match("无|不含|没有|零", text[fault.start : fault.end]) is not None


def _never(text: str, fault: FactFault) -> bool:
    del text, fault
    return False


_EVIDENCE: Final[Mapping[str, Callable[[str, FactFault], bool]]] = {
    "material": lambda text, fault: fault.rule != "FAC-001" or _is_made_of(text, fault),
    "class": _is_made_of,
    # The record only says nothing of it.
    "backing": _never,
    "kind": _is_told_as_such,
    # How many colours there are is not what anybody is deceived by, and lists are cut short on both sides.
    "choice": _never,
    "origin": _comes_from,
    "maker": _comes_from,
    "gift": _is_given,
    "stock": _is_left,
    "named": _is_no_habit,
    "limit": _is_denied_outright,
}
