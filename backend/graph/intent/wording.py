"""Other words for the same wish, put plainly before it is read: of the text at hand, in English, or mistyped.

里面提到价格了，去掉 finds fault with what a text says: 去掉价格. 先不说手竿，写钓椅的开场 leaves one product aside:
手竿先放放. What is not surely one of these is left as it is.
"""

import re
from typing import Final

from backend.graph.intent.naming import mentioned
from backend.graph.intent.segments import segments_in
from backend.graph.intent.situation import Situation
from backend.graph.intent.slots import styles
from backend.graph.intent.vocabulary import phrases

#: 去调, 删调: the last word of 去掉 typed as it sounds.
_MISTYPED: Final = re.compile(r"(?<=[去删拿除])调(?=[,.;!?]|$|了|吧)")
_OUT: Final = r"(?:去掉|去除|去了|删(?:掉|了|喽|咯|除|去)?|拿(?:掉|走|下来?)|抹掉|撤掉|砍掉|摘掉|抠掉)"
#: 里面提到价格了, 去掉: the text says it, and it is to go. The clause that removes names nothing itself.
_SAID_AND_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?P<lead>[^,.;!?\"]{0,10}?)(?:怎么|咋|为啥|为什么|干嘛|干啥|又|还|老|总|都|也|有没有|是不是|有)*"
    r"(?:提(?![示醒词前供])|说(?![法服明实谎])|讲(?![究解师])|聊(?!天)|扯|带(?![货动])|报(?![名告])|写(?![作法实])|出现)(?:到|上|出|起|进)?(?:了)?(?P<said>[^,.;!?\n]{1,14}?)"
    r"(?:这个?[字词]|这[两俩三几四]个字|那[句段]话?)?(?:了|呢|啊|呀|啦|嘞|干啥|干嘛|干什么|做什么|吗|嘛)*[,.;!?\s]+"
    r"(?:(?:这个|那个|这些|这种|它|这|那)?(?:[我咱]们)?(?:不能|不让|不许|不准|不可以|不合适|不行|不该)(?:说|讲|提|写|用)?(?:的|了|啊|吧)*[,.;!?\s]+)?"
    r"(?:(?:如果|要是)?有(?:的话|就)?,?)?(?:帮我|给我|麻烦|请|都|就|也|赶紧|快|先|得|要)*(?:把(?:它|这个|那个|这句|那句|这段)?)?(?:给|都|全)?"
    rf"{_OUT}(?:它|吧|了|喽|啊|呗|哈|一下|好不好|好吗|行不行|行吗|可以吗)*(?=[,.;!?\n]|$)"
)
_GO: Final = (
    r"(?:去掉|去除|去了|[删划抠抹剪撤砍摘剔拿]掉|删(?:了|喽|咯|除|去)|抠了|抹了|划了|拿走|剔除|改掉|换掉|不要了)"
)
_GONE: Final = r"(?:它|这半?句|那半?句|这个|那个|这段|那段|了|吧|啊|哈|啦|呗|一下|好不好|行吗|可以吗)*(?=[,.;!?\n]|$)"
#: "终身保修"两个字去掉, "静音"夸张了,删掉这半句: what is quoted goes, whatever is found wrong with it.
_QUOTED_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?P<lead>[^,.;!?\"]{0,14})\"(?P<said>[^\"]{1,24})\"(?P<mid>[^\"]{0,20}?)"
    rf"(?:你|请|帮我|给我|麻烦|就|先|都|全|给|把(?:它|这半?句|那半?句|这个词))*{_GO}{_GONE}"
)
#: 终身质保那句不敢说,去了吧, 苹果同款四个字划掉, 99.9%那句抠掉.
_PIECE_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:只|就|请|你|帮我|麻烦|先)*(?:把|将)?(?P<said>(?:[^,.;!?\"\n]|(?<=\d)\.(?=\d)){2,14}?)"
    r"(?:[这那](?:一?[两俩三四五六几半]个?)?[字词句处](?:话|儿)?|[两俩三四五六七八]个字)"
    r"(?:(?:不敢|不能|不好|不让|别|太|有点|涉嫌|可能|怕|不太|没有?)[^,.;!?\"]{1,8}[,.;])?"
    rf"(?:你|请|帮我|给我|就|先|都|全|给)*{_GO}{_GONE}"
)
#: 这句涉嫌违规,你改掉: why it is to go, no question whether it may be said.
_WHY: Final = re.compile(
    r",(?:这|那)(?:句|个词|段|个|里)?(?:话)?(?:有点|涉嫌|可能|属于|算是?|太|会|是|不)*(?:违规|违禁|违法|夸张|敏感|极限|虚假|合规|过审|绝对)[^,.;!?]{0,3},"
    r"(?=(?:你|请|帮我|给我|麻烦)*(?:[改换删去拿]掉|[改换]一?[下个]|重写))"
)
#: 换成"睡着巴适", 把"运费险"加进去: what is to be said.
_SAY_INSTEAD: Final = re.compile(r"(?:换|改|写|说|讲)(?:成|为|做)\"(?P<said>[^\"]{1,24})\"")
_PUT_IN: Final = re.compile(
    r"(?:(?:把|将)\"(?P<said>[^\"]{1,24})\"(?:也|再|都|给)*(?:加|写|放|带|补|添)(?:进去|进来|上去?|到[^,.]{1,4}里)?|(?:加|补|添)(?:一|返|翻)?句\"(?P<also>[^\"]{1,24})\")"
)
_KEEPS: Final = re.compile(r"别|不用|不要|不必|莫|[加补添]|换成|改成|写上")
#: 前面写草莓的那个, 讲虾仁的那条: a text that is there, by what it is about.
_THE_ONE_ON: Final = re.compile(
    r"(?:前面|刚才|刚刚|上面|之前|先前)?(?:写|讲|说|介绍)(?P<what>[^,.;!?\"]{1,10}?)的?那(?:一)?[个段条版篇稿](?=[,.;!?我]|$)"
)
#: 先不讲这个换成破壁机: typed with a space for a pause, or with none. What is not wanted ends where the wish begins.
_NO_PAUSE: Final = re.compile(
    r"((?:^|(?<=[,.;!?]))(?:先|就|暂时)?(?:别|不要?|不用|莫|甭)(?:再)?(?:讲|说|提|写|卖|推|聊|弄|管)(?!得|成)[^,.;!?\"\n]{1,10}?)"
    r"(?=(?:给我|帮我|直接)?(?:[换改](?:成|到|为|讲|说)|[切转]到)|改(?:短|长)一?[点些]|(?:帮我|给我)?(?:再)?写一?[段个篇条])"
)
#: What is said there only points: 刚才说了, 我说了.
_POINTING: Final = re.compile(
    r"^(?:[这那]|第?[一二两三四五六七八九几\d]+[段条篇版句遍次点些]|开头|开场|结尾|最[后前]|中间|[前后上下]面|整|全|别的|其[他它]|"
    r"什么|啥|得|的|好|多|太|完|错|过|一[遍次点些]|几|不|没|它|他|她|你|我|话)|(?:[这那](?:句|段|个))$"
)
#: 价钱那句不要, 把支数那嘎达去了: of the text at hand.
_THAT_PART_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:(?P<taken>把|将))?(?:里[面头]的?)?(?P<said>[^,.;!?\"\n]{2,12}?)(?P<part>那(?:一)?(?:[句块段处里儿边]|嘎达|旮旯|部分|块儿|个(?=不))(?:话)?|这(?:一)?[句块段](?:话)?)?(?:就|都|也|给|先|全|可以)*"
    r"(?P<out>不要了?|不用(?:提|说|讲)?了?|去了|删(?:喽|咯)|拿走|抠了|整没)(?:吧|了|啊|哈)*(?=[,.;!?\n]|$)"
)
#: 先不说手竿, 先莫说白茶咯: what is put off where something else is asked for.
_PUT_OFF: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:[我咱]们?)?(?:今天|今晚|现在|这[会轮段]儿?)?(?:先|暂时|暂且)(?:都|就)?(?:不要|不用|不必|不|别|莫|甭)(?:去|急着|忙着)?"
    r"(?:说|讲|聊|提|写|卖|播|推|弄|整|管|搞|上)(?:那个|这个)?(?P<what>[^,.;!?]{1,16}?)(?:的)?(?:了|啦|咯|喽|吧|哈)*[,.;!?]"
)
#: 我要的是促销不是卖点: the second is what it is not.
_NOT_THE_OTHER: Final = re.compile(
    r"(?P<wanted>(?:我?要的|说的|想要的|要写的)(?:就)?是[^,.;!?]{1,12}?),?(?:而)?不是[^,.;!?]{1,12}(?=[,.;!]|$)"
)
#: 猫砂的呢: the same of another product.
_AND_THAT_ONE: Final = re.compile(r"^(?:那|那么|还有)?(?P<what>[^,.;!?]{2,16}?)的(?:呢|咧|捏)[?.!~]*$")

#: What an English request wants left out: no price, drop the part about capacity.
_PIECE: Final = r"(?:bit|part|line|sentence|word|mention|section|thing|stuff)s?"
_LEAVE_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!\s]))(?:no|without|drop|remove|cut|delete|leave out|take out|lose|"
    r"(?:do not|don[\"'’]?t|dont|never) (?:mention|say|include|talk about|use|give)) "
    rf"(?:(?:the|any|all|its|that|this) )?(?:{_PIECE} (?:about|of|on|with) (?:(?:the|its) )?)?"
    rf"(?P<what>[a-z]+(?: [a-z]+)?)(?= {_PIECE}\b|\s*(?:[,.;!]|$)|\s+(?:and|but|or|from|please|pls)\b)"
    rf"(?: {_PIECE}\b)?"
)


def plainly(text: str, situation: Situation) -> str:
    """Return folded `text` in the words that the rules know; as it is when nothing of it is such a case."""
    text = _NO_PAUSE.sub(r"\1,", _MISTYPED.sub("掉", text))
    if situation.drafts:
        text = _THE_ONE_ON.sub(
            lambda match: f"刚才{match['what']}那段" if mentioned(match["what"], situation.products) else match[0], text
        )
    text = _WHY.sub(",", text)
    text = _QUOTED_OUT.sub(_quoted_out, text)
    text = _PIECE_OUT.sub(lambda match: _piece_out(match, situation), text)
    text = _SAY_INSTEAD.sub(lambda match: _say_instead(match, situation), text)
    text = _PUT_IN.sub(lambda match: f',必须提到"{match["said"] or match["also"]}",', text)
    text = _SAID_AND_OUT.sub(lambda match: _out(match, situation), text)
    text = _THAT_PART_OUT.sub(lambda match: _part_out(match, situation), text)
    text = _NOT_THE_OTHER.sub(lambda match: match["wanted"], text)
    text = _LEAVE_OUT.sub(_left_out, text)
    if (match := _PUT_OFF.search(text)) and (name := _name_alone(match["what"], situation)):
        rest = text[: match.start()] + text[match.end() :]
        if mentioned(rest, [known for known in situation.products if known.id != name[1]]):
            text = f"{text[: match.start()]}{name[0]}先放放,{text[match.end() :]}"
    also = _AND_THAT_ONE.match(text)
    if also and situation.drafts and (name := _name_alone(also["what"], situation)):
        text = f"换成{name[0]}"
    return text


def _out(match: re.Match[str], situation: Situation) -> str:
    said = match["said"]
    if _POINTING.search(said) or match["lead"].endswith(("别", "不", "没", "要", "得", "把", "莫", "再")):
        return match[0]
    return match[0] if mentioned(said, situation.products) else f"去掉{said}"


def _quoted_out(match: re.Match[str]) -> str:
    if _KEEPS.search(match["lead"]) or _KEEPS.search(match["mid"]):
        return match[0]
    return f"{match['lead'].removesuffix('只把').removesuffix('就把').removesuffix('把')},去掉{match['said']}".strip(
        ","
    )


def _piece_out(match: re.Match[str], situation: Situation) -> str:
    said = match["said"]
    if _POINTING.search(said) or _KEEPS.search(said) or mentioned(said, situation.products):
        return match[0]
    return f"去掉{said}"


def _say_instead(match: re.Match[str], situation: Situation) -> str:
    """Say what stands in quotes instead: unless it names goods, a manner or a segment."""
    said = match["said"]
    # 改成"大家": how viewers are called is a manner, too.
    if len(said) < 3 or mentioned(said, situation.products) or any(styles(said)) or segments_in(said):
        return match[0]
    return f',必须提到"{said}",'


def _part_out(match: re.Match[str], situation: Situation) -> str:
    said, part, out = match["said"], match["part"], match["out"]
    # 手竿不要 may be of the goods: it must be taken (把) or be called a part of the text.
    if not (part or (match["taken"] and not out.startswith("不"))) or _POINTING.search(said):
        return match[0]
    return match[0] if mentioned(said, situation.products) else f"去掉{said}"


def _name_alone(words: str, situation: Situation) -> tuple[str, str] | None:
    """Return the words and the product they name when they name one of ours and say nothing else."""
    words = words.strip()
    for match in mentioned(words, situation.products):
        if match.end - match.start >= len(words) - 1:
            return words, match.product.id
    return None


def _left_out(match: re.Match[str]) -> str:
    tables = phrases("matters_in_english")
    for matter, pattern in tables.items():
        if pattern.fullmatch(match["what"]):
            return f",别提{matter},"
    return match[0]
