"""Questions that sound like requests: may this be said on air, has the goods this, and talk that only names a script.

写 and 说 stand in all of them: 能不能说降血脂 asks the law, 写一段卖点 asks for a text. What tells them apart is
whether anything is to be made or changed.
"""

import re
from typing import Final

from backend.graph.intent.finds import Finds
from backend.graph.intent.situation import Reading

#: Something is to be made, changed or brought: no mere question.
_REQUEST: Final = re.compile(
    r"(?:帮|给|替)(?:我|忙|咱)?(?:写|来|出|弄|整|改|做|搞|编|想|换|加|删|润|补)|(?:写|来|出|整|弄|搞|做|生成|编|拟|要|补)(?:我)?[一个段条份版篇点几两](?!不|样|定|般|起|直|会)|"
    r"改(?:成|一下|短|长|得|掉)|换(?:成|个|一|掉|下)|[去删拿抹划抠撤砍摘](?:掉|了它|去)|删了|重(?:写|来|做|新)|[短长](?:一?点|一?些)|再(?!有)[^,.;!?]{1,4}(?:一?[点些]|几句)|"
    r"(?:备|准备)一?[段个条份点]|[说讲写](?:清楚|明白|透|细|仔细)|加(?:一?[句段个点]|上|进)|补(?:一?句|上)|缩|压(?:到|短|缩)|润色|精简|续写|接着写|翻译|\b(?:write|make|give\sme|rewrite)\b"
)
_ASKS_AT_END: Final = r"(?:吗|么|嘛|不|没(?:有)?|呀|啊|哦|呢|哇|哈|咯|喔)*\s*(?:\?|[.!~]*$|,)"
_MAY: Final = r"(?:能不能|可不可以|可以不可以|能否|可否|敢不敢|准不准|让不让|许不许|可以|能|准|让)"
_HERE: Final = r"(?:在?直播(?:间)?里?|直接|这么|这样|这里|稿子?里|口播里?|咱们?|我们?|主播|也|再|还|就|随便|给)*"
#: 能不能说降血脂, 可以讲整天不用补擦吗, 能写"零辐射"不.
_MAY_SAY: Final = re.compile(
    rf"(?P<may>{_MAY}){_HERE}(?:说|讲|写|提|用|念|标|宣传|承诺|吹|喊|叫|打|讲成|说成)(?:是|成|上)?(?!了|得|完|快|慢|短|长|清楚|一遍|[一几两]?(?:个|段|条|份|版|篇|点|下|些|句))"
    rf"(?P<what>[^,.;!?]{{2,26}}?)(?P<end>{_ASKS_AT_END})"
)
#: "零辐射"这种可以写么, "一周瘦十斤"这种话能上稿子吗.
_SUCH_MAY: Final = re.compile(
    rf'(?P<what>"[^"]{{1,30}}"|[^,.;!?"]{{2,16}})(?:这|那)(?:种|类|个|样|句|[两俩三四五几]?个?[字词])(?:的?(?:话|词|说法|字眼|表述))?{_MAY}{_HERE}(?:说|讲|写|提|用|念|上|播|出现|过)'
)
#: The law, those who punish, and papers that must be there.
_LAW: Final = re.compile(
    r"违(?:不违)?[规法禁]|犯(?:不犯)?(?:法|规)|算不算|(?:算|属于|构成)(?:是)?(?:虚假|夸大|违|极限|医疗|功效|侵权|误导)|虚假宣传|夸大宣传|"
    r"(?:会不会|会|要不要|怕不怕)(?:被|挨)?(?:处?罚|封|限流|判|下架|投诉|查|警告|扣分|举报)|被(?:处罚|罚款?|封|限流|判违规|投诉|举报|警告)|过(?:得了|不了)审|"
    r"(?:要不要|是不是(?:要|得|必须|需要)?|需不需要|用不用|得不得|要|得|必须)(?:先)?(?:有|提供|附|带|放|出|挂|亮|配|备)?[^,.;!?]{0,8}(?:报告|证书?|资质|批文|批号|授权书?|检测|备案|依据|凭证|证明)"
)
#: Somebody wants to know, or might.
_ASKED_BY: Final = re.compile(
    r"(?:客人|客户|顾客|观众|弹幕|粉丝|宝妈|宝宝们?|姐妹们?|大姐|阿姨|大爷|有人|人家|家长|公屏|评论区?|买家|老铁|花友|姐姐|网友|主播|他们|老人家?)[^,.;!?写]{0,6}(?<!想)问(?!候|好$|题)|"
    r"(?:被|会被|要被|怕被|老被)[^,.;!?]{0,4}问|问(?:了?好?几?[遍次回]|紧|起来)|(?:怕|担心)(?:我|主播|他|她)?(?:说|答|讲)错|自己(?:都|也)?(?:分不清|不知道|搞不懂|说不准|拿不准)|(?:搞不懂|分不清|拿不准|不太?清楚|不确定)"
)
#: 是不是, 伤不伤, 放没放, 有没有: what can be so or not.
_OR_NOT: Final = re.compile(r"([\u4e00-\u9fff])[不没]\1|有没有|有无|是否|会否|能否")
#: 麻烦得很 as a question, and what asks politely for a text to be changed.
_POLITE_ONLY: Final = re.compile(
    r"(?:能不能|可不可以|行不行|好不好|要不要|可以|能)(?:再|把|给|帮|就|稍微|直接|先|重新)*(?:来|写|出|改|换|短|长|加|删|去|给|帮|整|弄|活|热|温|专|搞|轻|快|慢|少|多)"
)
_ASKED: Final = re.compile(r"(?:吗|么)(?=[,.!~? ]|$)|\?[.!~ ]*$|(?:没|不|呢|嘛)[?!.]*$")
_PLAINLY_ASKED: Final = re.compile(r"(?:能|可以|会|有|是|用|要|怕|算|含|带)[^,.;!?]{1,10}(?:吗|么)[?!.]*$")
#: What people say to one another beside the work.
_CHATTER: Final = re.compile(
    r"辛苦|晚安|早点?(?:歇|睡|休息|下班|回家)|(?:过年|新年|节日|周末|生日|国庆|中秋|元旦|圣诞|春节)(?:好|快乐)|开工大吉|恭喜发财|妥妥|请(?:你|您|大家)(?:吃|喝|撸|下馆子)|"
    r"夸(?:了|你|咱|我|得)|笑死|笑出|哈哈|绝了|牛(?:啊|逼|哇|批)|(?:比|跟)[^,.;!?]{1,12}(?:强|好|靠谱|顺)(?:多|太多|十倍|远)|写(?:得|的)(?:真|挺|太|越来越|蛮|是真)?(?:好|棒|绝|顺|溜|牛|不错)|稿子?[^,.;!?]{0,4}(?:都|也)?(?:挺|很|蛮|真|太|特别|老)?(?:顺|棒|好|到位)(?:的|了|啊|呀)?(?=$|[,.!])|"
    r"下(?:雨|雪|冰雹|暴雨)|(?:刮|起)[^,.]{0,3}风|台风|(?:好|真|太|老|贼|这么|死)(?:冷(?!静|淡|门|清)|热(?![情闹卖销血])|冻(?!干|货|品)|闷|晒|潮(?!流))|(?:冷|热|冻|闷)死|[冷热]得(?:来|很|要死|不行)|冻(?:僵|成|得)|降温|超常发挥|(?:词|稿)?没(?:卡|念错)|(?:回家|要)(?:困觉|睡觉|躺平)|堵车|停电|停水|风[^,.]{0,3}(?:大|邪乎|嗖嗖)|嗓子[^,.]{0,3}(?:哑|疼|冒烟)|"
    r"(?:吃|喝)(?:了|过)?(?:饭|早饭|午饭|晚饭|宵夜)?(?:没|了吗|了没|没有)(?=$|[,.?!呀啊])|累(?:死|瘫|趴|坏)|困死|愁死|气死|饿死|忙(?:死|疯|得[^,.]{0,4}(?:水|饭|脚))|邪乎|念(?:串|错|瓢)|嘴瓢|(?:失眠|感冒|发烧|牙疼|腰疼|睡过头)了?"
)
_HOW_ARE_YOU: Final = re.compile(r"(?:吃|喝)(?:了|过)?[^,.]{0,3}(?:没|吗)")
_WHAT: Final = re.compile(r"什么|办法|怎么|咋|为啥|如何|哪")
#: 跟家人们说晚安的那段: a text all the same.
_A_TEXT: Final = re.compile(
    r"[这那一][段条版篇句](?:话术|词|稿)?(?:$|[,.;!?的给要])|[\u4e00-\u9fff]的(?:段子|话术|文案)$"
)
_LONGEST_TALK: Final = 60


def may_be_said(finds: Finds) -> Reading | None:
    """Whether words may be said on air, and what they need for it: the words are checked when they are told."""
    text = finds.text
    quoted = re.search(r'"([^"]{1,40})"', text)
    bare = re.sub(r'"[^"]*"', "", text)
    match = _MAY_SAY.search(text) or _SUCH_MAY.search(text)
    if match is not None and _is_claim(finds, match, quoted is not None) and not _REQUEST.search(bare):
        words = quoted[1] if quoted else match["what"].strip('" ')
        return finds.answer("chat", 0.9, "whether words may be said", about="check", pasted=words)
    if _LAW.search(bare) is None or _REQUEST.search(bare):
        return None
    if not (_ASKED.search(text) or _OR_NOT.search(bare) or finds.cue["question"]):
        return None
    if quoted is not None and re.search(r"算|违|罚|封|限流|投诉|举报|虚假|过.{0,2}审", bare):
        return finds.answer("chat", 0.9, "whether words may be said", about="check", pasted=quoted[1])
    return finds.answer("chat", 0.88, "a question about the law", about="question")


def _is_claim(finds: Finds, match: re.Match[str], quoted: bool) -> bool:
    """Tell whether what may be said is words on the goods: no text, no length, no manner."""
    may = match.groupdict().get("may")
    if quoted and may not in ("可以", "能", "准", "让"):
        return True
    if finds.mentions or (not quoted and (finds.cue["text_noun"] or finds.changes_text())):
        return False
    if may in ("可以", "能", "准", "让"):
        return bool(re.search(r"吗|么|嘛|不|没|\?", match["end"])) or bool(_ASKED_BY.search(finds.text))
    return True


def about_goods(finds: Finds) -> Reading | None:
    """What the goods are or do, asked because viewers ask: 伤不伤手, 有没有香精, 能带上飞机吗."""
    text = finds.text
    if _REQUEST.search(text) or finds.cue["text_noun"] or _POLITE_ONLY.search(text):
        return None
    if any(mention.weight > 0.45 for mention in finds.mentions) and not finds.how_to:
        return None
    asks = _ASKED.search(text) is not None or _OR_NOT.search(text) is not None
    if _ASKED_BY.search(text) and (asks or finds.cue["question"]):
        return finds.answer("chat", 0.9, "viewers want to know", about="question")
    plainly = _PLAINLY_ASKED.search(text) is not None or (_OR_NOT.search(text) is not None and not finds.mentions)
    changes = finds.changes_text()
    if plainly and finds.product is not None and not finds.cue["write"] and not changes:
        return finds.answer("chat", 0.85, "asked of the goods", about="question")
    known = finds.product is not None or finds.situation.product_id is not None
    if asks and known and not changes and not finds.cue["switch"] and not finds.cue["continue"]:
        return finds.answer("chat", 0.8, "a question about the goods", about="question")
    return None


def talk(finds: Finds) -> Reading | None:
    """Weather, thanks, praise, a host's slip of the tongue: nothing is asked for, though a script is named."""
    text = finds.text
    if len(text) > _LONGEST_TALK or _CHATTER.search(text) is None or _REQUEST.search(text):
        return None
    if finds.product is not None or finds.how_to or finds.cue["switch"] or finds.slots.keys() & {"seconds", "must_say"}:
        return None
    if (finds.cue["question"] or _WHAT.search(text)) and not _HOW_ARE_YOU.search(text):
        return None
    if _A_TEXT.search(text) or any(
        mention.scenario != "closing" and mention.weight > 0.3 for mention in finds.mentions
    ):
        return None
    if finds.cue["shorter"] or finds.cue["longer"] or finds.slots.get("must_not_say"):
        return None
    return finds.answer("chat", 0.9, "talk beside the work", about="smalltalk")


#: What is believed against what was learned.
KNOWN: Final = frozenset(
    {
        "whether words may be said",
        "a question about the law",
        "viewers want to know",
        "talk beside the work",
        "asked of the goods",
    }
)
