"""A product that the catalogue does not know, taken from the words."""

import re
from typing import Final

from backend.graph.intent.folding import clauses
from backend.graph.intent.vocabulary import phrases
from backend.graph.knowledge import GENERIC, category_of

_SCENE: Final = "(?:" + "|".join(p.pattern for p in phrases("scenarios").values()) + ")"
_TEXT: Final = r"(?:直播|带货|产品|商品|种草)?(?:话术|文案|脚本|台词|口播|讲稿|稿子?|词儿?)"
_COUNT: Final = r"(?:一|两|1|2|几)?(?:个|段|条|份|版|篇|套|小段|款|下)"
_X: Final = r"([a-z0-9\u4e00-\u9fff·&+ -]{2,24}?)"
_PLACES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:产品|商品)(?:是|为|叫|:)\s*{_X}(?=,|\.|!|$)",
        rf"(?:换成|换到|换为|切换?到|切换?成|改成|改讲|改推|改卖|转到|转去|轮到|接下来(?:讲|说|推|上)|现在(?:讲|说|推|上)|下一(?:个|款)(?:产品|商品|品)?是|换)\s*{_X}(?=,|\.|!|\?|$|的{_SCENE}|的?{_TEXT}|继续|接着|再?来{_COUNT}|写|吧|了)",
        rf"(?:写|来|出|做|整|搞|编|拟|弄|生成|要|想){_COUNT}?\s*(?:关于|针对|有关)?{_X}的?(?:直播间?)?(?:{_SCENE}|{_TEXT})",
        rf"(?:给|为|针对|关于|帮|替|把)(?:我们的?|这款|这个|新品|我的?)?{_X}(?:写|做|来|出|整|搞|弄|想|拟|生成|设计)",
        rf"(?:介绍|推荐|种草|安利|讲讲|说说|讲解|推销)(?:一下|下|一款|一个|这款|我们的?)?{_X}(?=,|\.|!|$|吧)",
        rf"(?:卖(?!点|相|家|货)|推|播(?!间|出|报)|上|带)(?:的是|的|一款|一个)?{_X}(?=,|\.|!|$|写|来)",
        # 火星水写个开场
        rf"(?:^|,|\.)((?:(?![的给帮把为再先写来])[a-z0-9\u4e00-\u9fff]){{2,10}}?)(?:写|来|出|做|整|搞)(?:我|我们|上)?(?:一|1)?(?:个|段|条|份|版|篇)的?(?:{_SCENE}|{_TEXT})",
        rf"(?:^|,|\.){_X}的?(?:{_SCENE}|{_TEXT})",
    )
)
_NOISE: Final = re.compile(
    r"^(?:(?:for|the|an?|about|of|my|our)\s|帮我|给(?!力)|请|麻烦|我想|我要|想要|想|要|能不能|可以|主播的?|直播间的?|的|在|写|来|做|一下|下|关于|针对|款|个|段|一|新|今晚|今天|明天|晚上|马上|再|先|然后|接着|最后|就|那|这|把|用|们|家|我|你|咱|它)+|"
    r"(?:的|了|吧|呢|啊|写|来|产品|商品|直播间?|一下|这个?|那个?|一?款|用|给|做|相关|新品|话术|文案|脚本|[再也都, ])+$"
)
_NOT_A_PRODUCT: Final = re.compile(
    r"(?:客户|老板|领导|甲方|品牌方|运营|嫌|觉得|感觉|上次|这次|下次|^直接|赶紧|弄好|写好|好没|那场|这场|里写着|brief|刚才|刚刚|上面|前面|之前|上一|下一|第[一二三\d]|这段|那段|这个|那个|今天|大家|主播|直播间|家人|风格|语气|口吻|语速|节奏|感觉|情绪|一点|一些|模板|方式|类型|"
    r"粉丝|观众|写[一个段]|版本|角度|问句|反问|设问|疑问|感叹|场景|故事|金句|段落|环节|开头|结尾|说法|不要|不用|继续|接着|改|短|长|太|更|内容|句|价格|库存|优惠|什么|怎么|哪|几|[他她它们你我]|[这那]批|新来|回答|答复|问题|提问|弹幕|评论|最后|剩[下余]?)|(?:[要到完成]|正在)$|^次|^推|^(?:(?:write|make|give|create|do|need|want|an?|the|me|us|for|my|our|your|some|one|please)(?:\s|$))+$|^(?:ok|okay|yes|no|please|pls|asap|thx|hi|hey)$|(?:秒|分钟?|小时|天|会儿?|点)(?:之?后|以内|内|前)$|^(?:产品|商品|直播|好物|东西|东西儿|全部|所有|话术|整|完整|正式|不同|别的|其他|新的?|一版|好)$"
)
#: 改成给新手看的: for whom, and no thing.
_SHOWN_TO: Final = re.compile(
    r"^(?:给|写给|讲给|说给|面向|针对|适合).*(?:[看听]|[看听]的)$|(?:能|会|更)(?:听|看)(?:得)?懂"
)
_IS_AUDIENCE: Final = re.compile(f"(?:{phrases('audiences')['words'].pattern})+")
_SPOKEN_IN: Final = phrases("languages")["other"]
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_FOR_THE: Final = re.compile(
    r"\b(?:for|about|on|of|selling|sell) (?:the|our|my|this|a|an) ([a-z][a-z -]{2,28}?)"
    r"(?=\s*(?:[,.;!?]|$)|\s(?:in|with|without|under|within|please|pls|and|that|by|to|at)\b)"
)
_NOT_FOR: Final = re.compile(
    r"\b(?:script|draft|version|text|copy|show|stream|live|room|host|audience|viewers?|last|previous|first|next|"
    r"opening|promo|minute|second|time|day|night|price|bit|part|line|same|whole|end|start|beginning)s?\b"
)
#: What a clause that names a thing does not begin with, and what it does not hold.
_SENTENCE: Final = re.compile(
    r"^(?:多|少|很|太|不|没|别|要|让|把|跟|对|是|用|想|请|帮|来|做|换|加|减(?!肥|脂|压)|送|买|赠|满|拍|给|看|听|说|讲|有|能|可以|适合|面向|针对|"
    r"主题|标题|受众|时长|要求|目标|场景|语|节奏|情绪|重点|强调|突出|提|带|先|再|最|刚|已|正|还|仅|只|就|也|都|我|你|他|她|咱|大家|性价比|质量|口感|好|每|各|共|约|"
    r"[一二两三四五六七八九十\d]+(?:天|年|月|号|点|元|块|折|个|句|段|条|字|秒|分|次))|"
    r"[的得地了吗呢吧啊嘛呀]|[来出写]一?[段个条份版篇]|话术|文案|脚本|口播|稿|一点|一些|风格|感觉|粉丝|用户|人群|观众|直播|主播|老师|价|券|包邮|库存|现货|审|发货|售后"
)
#: 就那个防晒吧: a thing that is pointed at, with what points at it.
_POINTED: Final = re.compile(
    r"^(?:(?:就|还是|先|要|是|写|来|给)*(?:那|这)(?:个|款|瓶|支|盒|口|把|件)|就(?=.{1,8}(?:吧|了)$))|(?<=.{2})(?:吧|了)$"
)
#: Behind 讲讲, 说说: what the goods are like. 不油腻 is no thing, 不锈钢盆 and 不粘锅 are.
_LIKE: Final = re.compile("不(?!锈|粘锅|倒翁|求人|干胶)|没有?|别|怎么|如何|为什么")
#: Verbs that ask for a thing, or for what it is like.
_TOLD_OF: Final = re.compile("讲讲|说说")
_CAMPAIGN: Final = f"(?:{phrases('campaigns')['named'].pattern})"
_OCCASION: Final = re.compile(rf"(?:{_CAMPAIGN}|{phrases('campaigns')['kind'].pattern}|的|场|夜|间)+")
_LEADING_OCCASION: Final = re.compile(rf"^(?:{_CAMPAIGN}(?:大促|活动|专场|的)*)+(?=.{{2}})")


def occasions(text: str) -> list[str]:
    """Return the sales and holidays that folded `text` names."""
    return list(dict.fromkeys(match[0] for match in re.finditer(_CAMPAIGN, text)))


def product_heading(text: str, *, first_only: bool) -> str | None:
    """Return the clause of folded `text` that is nothing but a thing's name: 女装连衣裙，逼单，15秒.

    A clause with a word of a known category comes before others. `first_only` for a thread that has a product: there
    only the head of the message can name another.
    """
    found: list[str] = []
    for clause in clauses(text)[: 1 if first_only else None]:
        thing = _POINTED.sub("", clause)
        words = _cleaned(thing)
        if (
            words
            and not any(map(_SENTENCE.search, (thing.removesuffix("的"), words)))
            and not _IS_AUDIENCE.fullmatch(words)
        ):
            found.append(words)
    return next((words for words in found if category_of(words).name != GENERIC), found[0] if found else None)


def goods_in_english(text: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return what English words of folded `text` call goods, each with a pattern of the Chinese names it may mean.

    Only where the message is in English: 写 tea 的卖点 names a thing in its own words.
    """
    if _HAN.search(text):
        return []
    found: list[tuple[int, int, str, str]] = []
    for chinese, pattern in phrases("goods_in_english").items():
        found += [
            (match.start(), match.end(), match[0], chinese)
            for match in re.finditer(rf"\b(?:{pattern.pattern})\b", text)
        ]
    # Of words inside one another the longest: rice cookers are no rice.
    whole = [
        one
        for one in found
        if not any(o is not one and o[0] <= one[0] and one[1] <= o[1] and o[1] - o[0] > one[1] - one[0] for o in found)
    ]
    return [(words, re.compile(chinese.lower())) for *_, words, chinese in sorted(whole)]


def product_in_english(text: str) -> str | None:
    """Return what an English message asks a text for: an opening for the toaster."""
    if _HAN.search(text):
        return None
    if known := goods_in_english(text):
        return known[0][0]
    match = _FOR_THE.search(text)
    return match[1].strip() if match and not _NOT_FOR.search(match[1]) else None


def product_in_words(text: str) -> str | None:
    """Return the product that folded `text` names by itself, or None. Never a style, a segment or a pronoun."""
    if (english := product_in_english(text)) is not None:
        return english
    for pattern in _PLACES:
        for match in pattern.finditer(text):
            if _TOLD_OF.match(match[0]):
                if _LIKE.match(match[1]):
                    continue  # 讲讲不油腻: a wish about the goods
                if (named := product_heading(text[: match.start()].rstrip(",. "), first_only=False)) is not None:
                    return named  # 砧板,讲讲锋利: what it is told of stands before
            words = None if _SHOWN_TO.search(match[1]) else _cleaned(match[1])
            if words:
                return words
    return None


def _cleaned(words: str) -> str | None:
    for pattern in (*phrases("styles").values(), *phrases("scenarios").values()):
        words = pattern.sub(",", words)
    words = _SPOKEN_IN.sub(",", words)
    words = re.sub(r"(?:一?点儿?|一?些|风格?|的语气)(?:的)?(?=,|$)", "", words)
    parts = [_NOISE.sub("", _NOISE.sub("", part.strip())).strip() for part in words.split(",")]
    # What describes it comes first, what it is comes last: 活泼一点的|空气炸锅.
    for part in reversed(parts):
        name = _LEADING_OCCASION.sub("", part)
        if not 2 <= len(name) <= 20 or _OCCASION.fullmatch(name) or _NOT_A_PRODUCT.search(name):
            continue
        if re.search(r"[a-z\u4e00-\u9fff]{2}", name):
            return name
    return None
