"""What an operator's request or a reviewer's words ask of the text, understood by rules."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

#: Words for a manner of speaking, and the style of ours that answers them.
_STYLE_WORDS: Final = {
    "活泼": "活泼|热情|激情|有活力|欢快|嗨|带劲|元气|俏皮|可爱|轻松|生动|口语|接地气|热闹|开心",
    "专业": "专业|理性|干货|严谨|沉稳|稳重|权威感|正式|冷静|客观|测评|高级感|知性",
    "温柔": "温柔|亲切|温和|治愈|走心|柔和|温暖|舒缓|平和|平静|安静|娓娓|真诚|慢一点|不急",
    "简洁": "简洁|简短|干脆|利落|精炼|直接|简单|言简意赅|不啰嗦|紧凑",
    "幽默": "幽默|搞笑|风趣|有趣|好玩|逗|段子|诙谐|调侃",
    "紧迫": "紧迫|催单|逼单|紧张感|节奏快|快节奏|急一点|冲刺|促单感",
}
_STYLES: Final = {style: re.compile(words) for style, words in _STYLE_WORDS.items()}
_OPPOSITE: Final = {"活泼": "专业", "紧迫": "温柔", "专业": "活泼", "幽默": "专业", "温柔": "活泼", "简洁": ""}
_TOO_MUCH: Final = {
    "专业": re.compile("太(?:夸张|浮夸|闹|吵|活泼|嗨|随意|轻浮|幼稚)|浮夸|沉住气"),
    "活泼": re.compile(
        "太(?:官方|死板|生硬|书面|平淡|平|干|严肃|正式|冷|闷|硬)|(?:有点|比较|很)(?:平|干|硬|闷)|不够(?:热情|活泼|口语|生动)|没感情|像念稿"
    ),
    "温柔": re.compile("太(?:急|凶|硬广|像广告|强势|推销)|推销感|压迫感"),
    "简洁": re.compile("太(?:啰嗦|罗嗦|绕|拖沓)|废话|重复"),
}
_SHORTER: Final = re.compile(
    "太长|过长|长了|短一?[点些]|缩短|精简|压缩|简短|删减|少说|啰嗦|罗嗦|拖沓|再短|更短|念不完|shorter", re.IGNORECASE
)
_LONGER: Final = re.compile(
    "太短|过短|短了|长一[点些]|加长|更长|再长|展开|详细|多说|丰富|扩写|充实|再具体|longer", re.IGNORECASE
)
_NOT: Final = r"(?:不要|别再|别|不用|不能|不许|不准|禁止|避免|去掉|删掉|删除|删了|拿掉|去除|少提|不提|不说|不讲)"
_NEGATED_BEFORE: Final = re.compile(_NOT + r"(?:那么|这么|太|再|用|说得|写得|搞得)?$")
#: 两句 behind a word of talking is no count: 下播前说两句, 贫两句吧.
_SENTENCES: Final = re.compile(
    r"(?!(?<=[说讲聊唠贫夸吹侃扯念叨谈唱])[两二]句话?(?:吧|$))(?<![第这那每哪])([一两二三四五六七八九十]|\d{1,2})(?:到[一二两三四五六七八九十\d])?\s*"
    r"句话?(?:就|以内|之内|左右|话|$|吧|即可|够|搞定|说完|讲完)"
)
_SECONDS: Final = re.compile(r"(\d{1,4}|[一二两三四五六七八九十百半]{1,4})\s*(?:个)?(秒|分半|分钟半|分钟|分)(?!之)")
_TOPICS: Final = {
    "price": "价格|价钱|多少钱|报价|优惠|折扣|到手价|省多少",
    "gift": "赠品|礼品|送的",
    "stock": "库存|剩多少|余量",
    "ask": "互动|提问|扣1|扣一|公屏|问观众",
    "greet": "自我介绍|名字开头|打招呼",
    "brand": "品牌|牌子",
    "proof": "证明|证据|检测|报告|依据|信任|背书",
    "use": "场景|画面感|生活化|代入感|使用感",
    "fit": "适合谁|人群|适用",
    "choose": "怎么选|选购|挑选",
    "order": "怎么买|怎么拍|下单步骤|下单方式|怎么下单",
    "point": "卖点|功能|特点|亮点|细节|干货",
    "pain": "痛点|烦恼",
    "thanks": "感谢|谢谢",
}
_TOPIC: Final = {topic: re.compile(words) for topic, words in _TOPICS.items()}
_TOPIC_SHORT: Final = re.compile(
    r"^(?:具体|任何|关于|有关)?(.{1,8}?)(?:的?(?:部分|内容|信息|话题|事|话|词|字眼|环节))?$"
)
_QUOTED: Final = r"[“\"「『‘']([^”\"」』’']{1,60})[”\"」』’']"
_EMPHASIS: Final = re.compile(
    r"(?:把|将)\s*(?:"
    + _QUOTED
    + r"|([^，。！？,;\s]{1,16}?))\s*(?:也|再|都)?(?:着重|重点)?"
    + r"(?:强调|突出|重点[讲说]|[讲说]清楚|多[讲说]|[说提讲写]一下|带上|加[上进]|写[上进])(?:一下|出来|进去)?"
)
_UNSAY: Final = re.compile(
    _NOT
    + r"(?:再)?(?:提到|提及|提|说|讲|出现|用|写|念|带|强调)?(?:到)?\s*(?:"
    + _QUOTED
    + r"|([^，。；！？,;!?\s]{1,20}))"
)
#: 加 is a word of its own only where it is no part of another: 加热, 加班, 参加.
_ADD: Final = "(?<![参增添追更施外附叠])加(?![到快热班油绒粗厚大强重深急倍载盟工盖减餐长短湿固速密])"
_SAY: Final = re.compile(
    r"(?:"
    + _ADD
    + r"(?:一句|一点|[上入点])?|补一句|补上|提一下|提一句|提到|说一下|说一句|说明|强调一下|强调|突出|重点讲|重点说"
    r"|多讲讲|多讲|多说说|写上|带上|记得说|一定要说|必须说|要说)"
    r"\s*(?:一下|一句|上|出)?\s*(?:" + _QUOTED + r"|(?:[到明](?:是)?)?([^，。！？,;!?\s]{1,30}))"
)
#: Words about the text, or the rest of a sentence: they tell what to do, and nobody wants to hear them.
_ABOUT_THE_TEXT: Final = re.compile(
    "^[得的了完着过清出到明快慢]|[的了吗呢吧啊嘛]$"
    "|卖点|文案|稿|段|开头|结尾|开场|标题|刚才|前面|后面|上次|之前|漏|一半|[这那]个|语[气速调]|节奏|风格|感觉|氛围|情绪"
    "|长度|时长|篇幅|字数|句子|一点|有点|太[^阳]|不够|[我你咱]们|[没别](?:再)?[说提讲写]|说法|要说|怎么"
)
_REPLACE: Final = re.compile(
    r"(?:把|将)\s*(?:"
    + _QUOTED
    + r"|([^，。；！？,;\s]{1,16}?))\s*(?:改成|改为|换成|替换成|替换为)\s*(?:"
    + _QUOTED
    + r"|([^，。；！？,;\s]{1,24}))"
)
#: How a text is to begin, or not to: 别用问句开头, 开头别喊家人们, 一上来先报名字.
_BEGINNING: Final = re.compile("开头|开场|开篇|起头|开口|一?上来就?|一开始|[首头]一?句|第一句话?")
_UNWANTED_THERE: Final = re.compile(
    "别(?!忘)|不要(?!忘)|不用|不想|不必|不许|不准|不能|不喜欢|不爱|莫|甭|少(?![糖油盐女年儿])|避免|去掉|删|拿掉|换掉|太多|又是|又|老是|总是|腻|没必要|禁止|就算了"
)
_SHAPES: Final = {
    "question": re.compile(
        "问句|提问|发问|反问|设问|疑问|问题|问一?[句下个]|问(?:大家|观众|人|你|了)|抛?个?问(?:号|$)"
    ),
    "greeting": re.compile("打招呼|问好|欢迎|大家好|你们好|自我介绍|寒暄|客套|我是谁|报(?:自己|主播)"),
    "name": re.compile("[品商产]品?名|名字|报名|品名"),
    "price": re.compile("价|多少钱"),
    "call": re.compile("(?:喊|叫|称呼|招呼)(?:人|观众|大家|粉丝)|称呼"),
}
#: Shapes that a beginning can be given.
_BEGUN_WITH: Final = frozenset({"question", "name"})
#: 开头讲一个换季紧绷的问题: a trouble, and no question.
_NO_QUESTION: Final = re.compile(
    "^(?!.*(?:问句|提问|发问|反问|设问|疑问|问号|[问提抛].{0,4}问|问(?:大家|观众|人|你))).*问题"
)
_IN_QUOTES: Final = re.compile('[“"「『][^”"」』]*[”"」』]')
_MORE: Final = re.compile("[和跟与及、]|还有|再|然后")
_NOT_SO: Final = re.compile(
    "(?:这样|这种)?(?:可以|能)?(?:不要|别|不好|不行|不太好|换掉|换一?[个下种]|改掉|改一?下|太(?:老套|普通|生硬|俗|腻|死板|假)|腻了|听腻了|不喜欢|老套)(?:这样|这么写|了|吧|开头|开场)*"
)
_SHOUTED: Final = re.compile(
    '(?:喊|叫|说|用|写|来|提|念|讲|出现)(?:什么|一?句|个|一?声)?[“"「『]?([^，。！？“”"「」『』]{2,8}?)[”"」』]?(?:了|吧|这种|这类|这个词|这[几三两]个字|开头|开场|起头)*$'
)
_NOT_A_SAYING: Final = re.compile("^(?:一?[点些个]|风格|语气|时长|长度|字数|节奏|热情|感情|氛围|.*(?:一点|一些|感)$)")
_DIGITS: Final = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "半": 0.5}


@dataclass(slots=True)
class Asks:
    """What was understood. `factor` scales the length when no `seconds` are named."""

    factor: float = 1.0
    seconds: float | None = None
    sentences: int | None = None
    styles: list[str] = field(default_factory=list)
    unwanted_styles: set[str] = field(default_factory=set)
    drop: set[str] = field(default_factory=set)
    want: set[str] = field(default_factory=set)
    mention: list[str] = field(default_factory=list)
    #: Those of `mention` that can be said as they stand, should the record not hold them.
    sayable: set[str] = field(default_factory=set)
    #: Shapes the beginning must not have ("question", "greeting", "name", "price", "call"), or is to have ("question",
    #: "name").
    begin_without: set[str] = field(default_factory=set)
    begin_with: set[str] = field(default_factory=set)
    #: Words that must not stand at the beginning.
    not_first: list[str] = field(default_factory=list)
    say: list[str] = field(default_factory=list)
    unsay: list[str] = field(default_factory=list)


def styles_in(text: str) -> list[str]:
    """Return our styles that the words of `text` name, in our order."""
    return [style for style, words in _STYLES.items() if words.search(text)]


def understand(text: str) -> Asks:
    """Read `text` clause by clause; what is not understood changes nothing."""
    asks = Asks()
    if not text:
        return asks
    for one in _REPLACE.finditer(text):
        old, new = one[1] or one[2], one[3] or one[4]
        if not any(words.search(old) for words in _TOPIC.values()) and not styles_in(new):
            asks.unsay.append(old)
            asks.say.append(new)
    rest = _REPLACE.sub("", text)
    for style, words in _TOO_MUCH.items():
        if words.search(rest):
            asks.styles.append(style)
    for one in _EMPHASIS.finditer(rest):
        _put_in(one[1], one[2] or "", asks)
    rest = _EMPHASIS.sub("", rest)
    clauses = [one.strip() for one in re.split(r"[，。；！？,;!?\n]", rest)]
    for clause, behind in zip(clauses, [*clauses[1:], ""], strict=True):
        shapes = _shapes_in(clause) if _BEGINNING.search(clause) and _NOT_SO.fullmatch(behind) else set()
        if shapes:
            # 一上来就提问，不要这样: the second clause says that the first was a complaint.
            asks.begin_without |= shapes
        else:
            _read_clause(clause, asks)
    return asks


def _shapes_in(clause: str) -> set[str]:
    return {shape for shape, words in _SHAPES.items() if words.search(clause)}


def together(remarks: Iterable[str]) -> Asks:
    """Return what several remarks, the oldest first, ask of the next draft; the later one counts where two collide.

    What is shorter or longer than a draft was said of that draft alone.
    """
    whole = Asks()
    for asks in map(understand, remarks):
        whole.factor = asks.factor
        if asks.seconds or asks.sentences or asks.factor != 1.0:
            whole.seconds, whole.sentences = asks.seconds, asks.sentences
        whole.styles = asks.styles or [one for one in whole.styles if one not in asks.unwanted_styles]
        whole.unwanted_styles = (whole.unwanted_styles - set(asks.styles)) | asks.unwanted_styles
        whole.drop = (whole.drop - asks.want) | asks.drop
        whole.want = (whole.want - asks.drop) | asks.want
        wanted, refused = [*asks.say, *asks.mention], asks.unsay
        whole.say = [one for one in whole.say if not _speaks_of(one, refused)] + asks.say
        whole.mention = [one for one in whole.mention if not _speaks_of(one, refused)] + asks.mention
        whole.unsay = [one for one in whole.unsay if not _speaks_of(one, wanted)] + refused
        whole.sayable |= asks.sayable
        whole.begin_without = (whole.begin_without - asks.begin_with) | asks.begin_without
        whole.begin_with = (whole.begin_with - asks.begin_without) | asks.begin_with
        whole.not_first += asks.not_first
    return whole


def _speaks_of(words: str, others: list[str]) -> bool:
    return any(words in one or one in words for one in others)


def _read_clause(clause: str, asks: Asks) -> None:
    if not clause:
        return
    if _BEGINNING.search(clause) and _read_beginning(clause, asks):
        return
    _read_length(clause, asks)
    _read_styles(clause, asks)
    # What stands in quotes is said as it stands, whatever it says: “喝水别等渴” forbids nothing.
    for one in _SAY.finditer(clause):
        if one[1] and not re.search(_NOT + "$|不$", clause[: one.start()]):
            _put_in(one[1], "", asks)
            clause = clause.replace(one[0], "")
    unsaid = list(_UNSAY.finditer(clause))
    for one in unsaid:
        _leave_out(one[1], one[2] or "", asks)
    kept = _UNSAY.sub("", clause) if unsaid else clause
    for one in _SAY.finditer(kept):
        _put_in(one[1], one[2] or "", asks)


def _read_beginning(clause: str, asks: Asks) -> bool:
    """Read how the text is to begin; tell whether the clause says that and nothing else."""
    unwanted = _UNWANTED_THERE.search(_IN_QUOTES.sub("", clause)) is not None
    if not unwanted and _IN_QUOTES.search(clause):
        return False  # 开头加上“大家好”: said as it stands
    shapes = _shapes_in(clause)
    if shapes and unwanted:
        asks.begin_without.update(shapes)
        return True
    if shapes:
        # What else is wanted there (赠品, 价格, a greeting) is read like any other wish.
        if _NO_QUESTION.search(clause):
            shapes -= {"question"}
        asks.begin_with.update(shapes & _BEGUN_WITH)
        return shapes <= _BEGUN_WITH and not _MORE.search(clause)
    shouted = _SHOUTED.search(clause) if unwanted else None
    if shouted is not None:
        asks.not_first.append(shouted[1])
    return shouted is not None


def _read_length(clause: str, asks: Asks) -> None:
    named = _SECONDS.search(clause)
    if named:
        amount = _amount(named[1])
        if named[2] != "秒":
            amount = (amount + (0.5 if named[2].endswith("半") else 0)) * 60
        if 3 <= amount <= 1800:
            asks.seconds = amount
    counted = _SENTENCES.search(clause)
    if counted:
        asks.sentences = max(1, int(_amount(counted[1])))
    negated = re.search("(?:不要|别|不用)(?:再)?(?:太|那么|这么)?(长|短|啰嗦|简短|详细|多说|展开)", clause)
    if negated:
        asks.factor = 1.45 if negated[1] in {"短", "简短"} else 0.68
    elif _SHORTER.search(clause):
        asks.factor = 0.68
    elif _LONGER.search(clause):
        asks.factor = 1.45


def _amount(word: str) -> float:
    if word.isdigit():
        return float(word)
    if "十" in word:
        tens, _, ones = word.partition("十")
        return _DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0)
    return float(_DIGITS.get(word[0], 0))


def _read_styles(clause: str, asks: Asks) -> None:
    for style, words in _STYLES.items():
        for hit in words.finditer(clause):
            before = clause[: hit.start()]
            if _NEGATED_BEFORE.search(before) or before.endswith("太"):
                asks.unwanted_styles.add(style)
                if _OPPOSITE[style] and _OPPOSITE[style] not in asks.styles:
                    asks.styles.append(_OPPOSITE[style])
            elif before.endswith("不够") or style not in asks.styles:
                asks.styles.append(style)


def topic_named(words: str) -> str | None:
    """Return the topic whose name `words` are, and nothing more: 价格, 赠品."""
    return next((topic for topic, found in _TOPIC.items() if found.fullmatch(words)), None)


def _topic(words: str) -> str | None:
    core = _TOPIC_SHORT.match(words)
    text = core[1] if core else words
    return next((topic for topic, found in _TOPIC.items() if found.search(text) and len(text) <= 8), None)


def _leave_out(quoted: str | None, bare: str, asks: Asks) -> None:
    if quoted:
        asks.unsay.append(quoted)
        return
    topic = _topic(bare)
    if topic:
        asks.drop.add(topic)
        return
    bare = re.sub(
        "(?:这[个句种些]?|那[个句种些]?|的?字眼|的?词|的?话|了|吧)$",
        "",
        re.sub("^(?:这个词|这[个句]|那[个句]|什么)", "", bare),
    )
    if bare and len(bare) <= 12 and not styles_in(bare) and not re.match("换|改|太|那么|这么|再|长|短|多|少", bare):
        asks.unsay.append(bare)


def _put_in(quoted: str | None, bare: str, asks: Asks) -> None:
    if quoted:
        asks.say.append(quoted)
        return
    topic = _topic(bare)
    if topic:
        asks.want.add(topic)
    elif len(bare) >= 2 and not styles_in(bare) and not _NOT_A_SAYING.search(bare):
        asks.mention.append(bare)
        if not _ABOUT_THE_TEXT.search(bare):
            asks.sayable.add(bare)
