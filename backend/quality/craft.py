"""How a script is made: length, breath, hook, call to action, repetition, and what must not be spoken at all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from backend.quality.heads import headed
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, parse_number

_SENTENCE: Final = re.compile(r"[^。！？!?\n]+[。！？!?]*")
_CLAUSE_END: Final = re.compile(r"[，。！？；：、,!?;:…—\n]+")
_SILENT: Final = re.compile(r"[\s\W_]+")
_ALOUD: Final = re.compile(r"[^\W_]")
_NUMBER: Final = re.compile(NUMBER)
#: What is not one sound a sign.
_COUNTED: Final = re.compile(r"[A-Za-z\d]")
_SPOKEN_DIGITS: Final = re.compile(r"\d+(?:\.\d+)?")

_ACTION: Final = headed(
    r"(?:点|拍|戳|加购|加进|加到|放进|进|去|看|打开|领|冲|提交|完成|选好)[^，。！？]{0,14}(?:链接|购物车|小黄车|购物袋|下方|屏幕|左下角|右下角|橱窗|付款|订单|下单|号口袋|一号|小车)|"
    r"(?:下方|左下角|右下角|购物[车袋]|小黄车|橱窗|链接|屏幕|\d+号[车袋链]|[一二三四五六七八九十]+号[车袋链])[^。！？]{0,16}(?:点|拍|囤|付|买|抱|端|走起|打包|报名|约|抢|挑|下单|带走|付款|安排|冲|选|挂|领|拿|入手|结算|看|试|直接|先来|来[一两几])|"
    r"(?:直接|赶紧|现在|可以|放心|喜欢|想要|需要|姐妹们?|家人们?|朋友们?|宝宝们?|抓紧|马上)[^，。！？]{0,10}(?:去拍|下单|拍下|来拍|拍了|拍一|入手|带走|"
    r"带回家|安排上|加购)|(?:去|来|就|先)(?:拍|下单|付款)|下单(?:吧|就|的|即|，|。|！)|"
    r"[一二三四五六七八九十\d]+号链接|上链接|上车|去付款|"
    r"(?:想|要|喜欢|需要|没拍|没买|看中|合适|看好)[^。！？]{0,14}(?:链接|购物车|小黄车|橱窗)[^，。！？]{0,6}(?:在|里|有|找|点|翻|看|挑)|"
    r"(?:想|要|喜欢|需要|没拍|没买|看中|合适|看好)[^。！？]{0,10}(?:在|去)(?:链接|购物车|小黄车|橱窗)|"
    # 要两双的拍第二个选项, 手指头点一下，带一床回家
    r"(?<![镜自别不])(?:拍|选|点|戳)(?:上面|下面|上边|下边|左边|右边|前面|后面|中间|(?:左|右|上|下|头|第)[一二三四五两\d]?[个款档]|[这那]个选项|[一两二三四五\d][件箱双支组份单包盒瓶袋套条床](?=[，。！]|的))|"
    r"手(?:指头?|一)?[^，。！？]{0,3}[点戳](?:一下|一点)|(?:带|领|抱|扛|拎|搬|接|请)[^，。！？]{0,4}回[家去](?=[，。！吧哦呀])"
)
_FOLLOW: Final = re.compile(
    r"[明后下][天晚周早回][^，。！？]{0,10}见|关注|粉丝团|预约|下一?场|(?:周|星期|礼拜)[一二三四五六日天][^，。！？]{0,8}见|咱们?[^，。！？]{0,8}见|我还在|不见不散|链接(?:都|还|给你们)*留着|明天见|明晚|回见|蹲守|点赞|加入购物车|订阅|留下来|别走"
)
#: No more than goodbye: 下一场老时间见.
_FAREWELL: Final = re.compile("见|下一?场|我还在|别走|留下来")
_GREETING: Final = re.compile(
    r"^(?:(?:大家|各位|家人们?|姐妹们?|宝宝们?|朋友们?|亲们?|老铁们?|哈喽|hello|嗨)[，,！!、 ]*)*"
    r"(?:大家|家人们?|姐妹们?|宝宝们?|"
    r"朋友们?)?(?:早上|上午|中午|下午|晚上)?好?[呀啊哦]?[，,！!。]*(?:欢迎(?:大家|各位|新来的|新进|所有)?[^，。！？]{0,10}(?:来到|进入|进来|"
    r"光临)[^，。！？]{0,14}(?:直播间)?)[，。！？,!]*"
)
_HOOK: Final = headed(
    r"[？?\d吗呢么]|[一二三四五六七八九十两百]{1,3}[块元个天次分件岁年斤度杯]|你|您|咱|有没有|是不是|谁|为什么|怎么|早上|晚上|夏天|冬天|上班|下班|出门|回家|周末|加班|"
    r"孩子|老人|爸妈|熬夜|换季|天冷|天热|降温|下雨|通勤|露营|旅行|出差|追剧|嘴馋|办公室|厨房|冰箱|衣柜|沙发|洗脸|洗头|带娃|宝妈|爱喝|怕|烦|划走|停一下|听我[说讲聊唠]|看这|"
    r"注意|姐妹|家人|朋友|宝宝|想象|试过|还在|每次|最近|今天"
)
_CHAT: Final = re.compile(
    r"[？?]|(?:打|扣|刷|敲|发|举)[^，。！？]{0,6}(?:[1一2二3三6]|想要|想看|喜欢|好看|公屏|手|出来|颜色|尺码|需要|评论)|评论区|公屏|弹幕|告诉我|告诉主播|吗|有没有|聊聊|说说"
)
_ASSISTANT: Final = headed(
    r"作为(?:一[个名位])(?!大家)[^，。！？]{1,8}(?:助手|助理)|(?:^|(?<=[。！？\n]))根据(?:以上)?(?:需求|要求|指令|任务)[，,：]|(?:语气|风格|口吻)要[^，。！？]{1,6}，(?:突出|强调|字数|控制)|(?:下面|以下|接下来)(?:开始|进入|为)?正文|"
    r"(?:需要|要求|请|请你|任务是)(?:帮我)?写(?:一)?[段篇条份][^，。！？]{0,14}(?:话术|文案|脚本|口播|稿)|为[您你](?:生成|撰写|创作|准备)了?一[段篇份条]|(?:下面|以下|上面|以上)这[段篇条份版][^，。！？]{0,14}(?:话术|文案|脚本|口播|稿)|(?:话术|文案|脚本|口播)[^。！？]{0,14}请(?:您)?(?:查收|过目|审阅)|"
    r"作为(?:一个|一名)?(?:ai|人工智能|语言模型|大模型|助手|智能助手)|我是(?:一个)?(?:ai|人工智能|语言模型|智能助手)|"
    r"(?:以下|下面|这)(?:是|就是|为)(?:为|给|根据|按照|按|我)?(?:您|你)?[^，。！？：\n]{0,24}(?:话术|文案|脚本|口播|稿|版本|内容|介绍|开场)(?=[：:，。\n！]|$)|"
    r"^(?:好的|当然|没问题|收到|明白了?|可以的?|ok|sure|好嘞)[，,！!。:：、\s]*(?:没问题|以下|这是|下面|我来|我将|我会|为您|为你|根据|按照|马上|帮你|给您|这就|已经|已为)|"
    r"(?:希望|如果)(?:这|以上|您|你)[^。！？]{0,20}(?:满意|帮助|有帮助|修改|调整|需要我|喜欢这)|如(?:需|有需要)(?:进一步)?(?:修改|调整|其他)|"
    r"需要我(?:再|帮|继续|调整|修改)|(?:根据|按照|基于)(?:您|你)(?:的|提供)[^，。！？]{0,8}(?:要求|需求|指示|信息|资料|描述|请求)|"
    r"已(?:为您|为你|经为|按)[^，。！？]{0,10}(?:生成|撰写|修改|调整|改写|优化)|请(?:提供|告诉我|补充|输入|填写)[^，。！？]{0,10}(?:信息|资料|更多|细节|"
    r"参数)|请(?:输入|填写|补充|提供)[^，。！？]{0,10}(?:卖点|需求|要求|内容)|"
    r"我(?:会|将|可以|来)?继续(?:为|帮|给|替)?[您你]?(?:优化|修改|完善|润色|改写|撰写|生成)|"
    r"我(?:无法|不能)(?:提供|生成|完成|帮)|here is|as an ai|certainly|"
    r"(?:要不要|是否需要?)我(?:再|帮|给|为|您|你)*(?:改|写|换|调|来)|^版本[一二三四五\d]+\s*[：:]|以上约?\s*\d+\s*字|以上(?:就?是|为)?(?:本段|全部|整段|这段|开场|促销|卖点|种草|过款|收尾|下播)?的?(?:话术|文案|内容|脚本|稿|口播|正文)|(?:约|共)\s*(?:\d+|[一二两三四五六七八九十百]+)\s*字|"
    r"(?:话术|文案|脚本|口播)(?:如下|生成完毕)|(?:字数|"
    r"时长)(?:约|统计)?[：:]|共\s*\d+\s*字|商品资料(?:里|中|显示)|供[您你]参考|满足[您你]的?(?:需求|要求|期望)|"
    r"(?:这里|这|以下|下面)是?(?:为|给)[您你](?:准备|撰写|写|生成|定制|整理)|"
    r"系统提示|你是一[名位](?:资深|专业|优秀|经验|金牌|带货|直播)|请(?:围绕|根据|按照|结合|基于)[^，。！？]{0,14}(?:生成|撰写|输出|写一|创作)|输出(?:格式|要求)[：:]|"
    r"提示词|system prompt|资料未提供|未提供(?:价格|资料)",
    re.IGNORECASE | re.MULTILINE,
)
_OF_TEXTS: Final = "话术|文案|脚本|口播稿?|文稿|讲稿|台词|稿子|版本"
#: The first and the last words of an answer that hands a text over: 老师口吻版：, 如果需要调整长度，我可以继续修改。
_HANDED_OVER: Final = re.compile(
    rf"\A(?:(?:好的?|好嘞|没问题|当然(?:可以)?|收到|明白了?|可以|ok)[，,！!。~\s]*)?[^。！？\n]{{0,24}}?(?:(?:{_OF_TEXTS})(?:如下)?\s*(?:[：:]|[—-]{{2}})|如下\s*[：:。！])|"
    r"\A(?:好的?|好嘞|没问题|当然(?:可以)?|收到|明白了?|ok)[，,！!。~\s]+[^，。！？\n]{0,14}[：:]|"
    r"希望这[一]?[版段篇份条][^。！？\n]{0,20}|如需[^。！？\n]{0,10}(?:版本?|风格|语气|长度|调整|修改)|"
    r"\A[^，。！？\n：:]{0,10}(?:口吻|语气|口音|风格|风|节奏|秒|分钟|[短长简精改])版\s*(?:[：:\n]|[—-]{2})|"
    r"\A[^。！？\n]{0,12}(?:给|为|帮)[你您](?!们)(?:写|来|出|做|准备)?了?一?[版段条份篇][^。！？\n]{0,12}[：:\n]|"
    rf"(?:以上|上面|上述)(?:就?是|为)?[^，。！？\n]{{0,12}}(?:{_OF_TEXTS})|"
    r"(?:如果?|若|要是)[^，。！？\n]{0,12}(?:调整|修改|改动|润色|改短|改长|优化|换个?(?:风格|语气|版本)|其他版本|别的版本)[^。！？\n]{0,12}"
    r"(?:我可以|我再|可以(?:继续|随时|再)|随时|请|继续为|告诉我|跟我说|[说讲]一声)|"
    r"(?:如果?|若|要是)[^，。！？\n]{0,14}(?:版本|风格|语气|篇幅|字数)[^。！？\n]{0,8}(?:请|可以|随时)?(?:告诉|告知|跟)我|"
    r"[你您](?:觉得|看看?)这[^，。！？\n]{0,8}(?:风格|语气|版本?|长度|节奏|口吻|表达|写法|感|稿子?|文案|话术)"
    r"[^，。！？\n]{0,6}(?:可以|行|合适|满意|怎么样|如何|ok)[^。！？\n]{0,3}[。？?]?\s*\Z",
    re.IGNORECASE,
)
_MARKUP: Final = headed(
    r"[→⇒➜➡⟶←★☆■□◆◇※]|\*\*|__[^_\n]+__|^\s{0,3}#{1,6}\s|^\s*(?:[-*+•●▪]|\d{1,2}[.、)）](?!\d)|[①-⑳]|[一二三四五六七八九十]、(?![二三四五六七八九十](?:、|[，。！…])))\s*(?=\S)|"
    r"#{2,6}|```|`[^`\n]+`|^\s*>\s|^\s*\|.*\||^-{3,}\s*$|</?[a-z][^>\n]*>|\[[^\]\n]+\]\([^)\n]+\)|"
    r"【[^】\n]{1,20}】|^\s*(?:标题|开场白?|开头|正文|结尾|钩子|痛点|卖点[一二三\d]?|促单|逼单|互动|主播|助播|旁白|画面|镜头|场景|动作|语气|"
    r"字幕|bgm|第[一二三四五六]部分)\s*[：:]|"
    r"[（(【\[][^）)】\]\n]{0,30}(?:镜头|微笑|停顿|语气|拿起|展示|手势|举起|画面|音乐|音效|转身|切换|特写|拍手|激动|小声|鼓掌|指向|眼神|动作|暂停|掌声|"
    r"加快|放慢|看向|打开|倒水|试吃|上身)[^）)】\]\n]{0,30}[）)】\]]|[（(][拿指举笑敲拍倒转摸停晃端喝吃尝看][^）)\n]{0,8}[）)]|^\s*[{\[]\s*[\"“]|（[^）\n]{5,}）|\([^)\n]{5,}\)",
    re.MULTILINE | re.IGNORECASE,
)
_EMOJI: Final = re.compile("[\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff\U0001f1e6-\U0001f1ff]\ufe0f?")
_PLACEHOLDER: Final = headed(
    r"\{\{[^}]*\}\}|\$\{[^}]*\}|\{[A-Za-z_\u4e00-\u9fa5]{1,20}\}|<[A-Za-z_\u4e00-\u9fa5]{1,12}>|"
    r"[【\[](?:[^】\]\n]{0,12})(?:产品|商品|品牌|价格|名称|主播|姓名|数量|时间|优惠|卖点|填|插入|此处|链接|规格|你的|x{2,}|"
    r"某)[^】\]\n]{0,12}[】\]]|"
    r"(?<![A-Za-z\d])[xX×]{2,}(?![lLxX×A-Za-z\d])|[xX×]{1,3}(?=元|块钱|折|品牌|产品)(?<![A-Za-z\d][xX×])|某某(?!家具城|商场|超市|平台|主播|大牌|牌子|同行|直播间)|"
    r"(?<![A-Za-z\d])[xX](?=\s+(?:元|块|折|件|个))|(?:库存|只剩|只有|还剩|还有|限量|仅)[^，。！？A-Za-z\d]{0,3}[NnXx](?=[件瓶个盒盏盆袋箱套双条台支份单把副只罐桶块张床顶](?![A-Za-z]))|"
    r"[（(](?:产品|商品|品牌|价格|主播|店铺|姓名)(?:名称?|名字)?[）)]|\*{2,}(?=元|块|折|件|个|ml|g)|某品牌|某产品|_{2,}|[（(][\u4e00-\u9fa5]{1,4}[）)]|#[\u4e00-\u9fa5]{1,8}#|待(?:填|补充|定价|确认价)|TBD|TODO|N/A|此处(?:填|插入|省略)|\bnull\b|\bundefined\b|\bNone\b|"
    r"(?:主播|产品|品牌)名(?:称)?(?=[，。]|这)|"
    # Nobody speaks brackets: words in square ones stand for something, unless they are a heading or a direction.
    r"(?<!^)(?<!\n)[【\[〔<＜][\u4e00-\u9fa5A-Za-z][\u4e00-\u9fa5\w ]{0,11}[】\]〕>＞](?!\()|"
    r"[（(](?:请?填写?|请?补充|选填|待定|可选|二选一|形容词|名词|数字|此处|这里|自行|视情况|根据|按实际|替换|举例|具体|某个?|对应)[^）)\n]{0,10}[）)]|"
    r"[（(][^）)\n]{0,6}(?:单位|名称|名字|数量|金额|日期|内容|类型|品类|型号|关键词|称呼|昵称)[）)]"
)
_PAIRS: Final = {"（": "）", "(": ")", "【": "】", "“": "”", "《": "》", "「": "」", "『": "』"}
_DANGLING: Final = re.compile(
    r"(?:和|与|或|(?<![一两二三四五六七八九十几这那每\d])把|因为|所以|而且|但是|并且|以及|如果|还有|被|跟|比如|例如|包括|其中|另外|然后)[。！？!?]?$"
)
#: Shorter stretches that a text has in common with the prompt are just words (“点下方链接”).
_COPIED: Final = 16


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the original text that a check points at."""

    start: int
    end: int
    problem: str


@lru_cache(maxsize=64)  # a review asks for those of the same text five times
def sentences(text: str) -> Sequence[tuple[int, int]]:
    """Return the bounds of the sentences that hold anything speakable."""
    spans = [match.span() for match in _SENTENCE.finditer(text)]
    return tuple(span for span in spans if _ALOUD.search(text, *span))


@lru_cache(maxsize=512)  # a review counts each sentence several times
def speakable(text: str) -> int:
    """Count what is said aloud: characters without punctuation, digits as they are read (199 is 五个字)."""

    def aloud(match: re.Match[str]) -> str:
        whole, _, fraction = match.group().partition(".")
        places = sum(1 for digit in whole if digit != "0")
        said = 2 * places - 1 if len(whole) < 6 and places else len(whole)
        return "字" * (max(1, said) + (len(fraction) + 1 if fraction else 0))

    if _COUNTED.search(text) is None:
        return len(text) if text.isalnum() else len(_SILENT.sub("", text))
    latin = re.sub(r"[A-Za-z]+", lambda m: "字" * max(1, (len(m.group()) + 1) // 2), text)
    return len(_SILENT.sub("", _SPOKEN_DIGITS.sub(aloud, latin)))


def long_sentences(text: str, longest: int) -> Iterator[Mark]:
    """Yield sentences longer than `longest` spoken characters."""
    for start, end in sentences(text):
        # No sign is read as more than two characters.
        if 2 * (end - start) > longest and (length := speakable(text[start:end])) > longest:
            yield Mark(start, end, f"这一句{length}个字，一口气念不完，拆成两三句")


def clause_lengths(text: str) -> list[int]:
    """Return the spoken length of every clause."""
    return [length for part in _CLAUSE_END.split(text) if (length := speakable(part))]


def has_action(text: str, *, closing: bool = False) -> bool:
    """Tell whether a passage asks for the one thing to do now; a closing may ask to follow instead."""
    folded = fold(text).text
    return bool(_ACTION.search(folded) or (closing and _FOLLOW.search(folded)))


def only_takes_leave(text: str) -> bool:
    """Tell whether all that a passage asks is to come again (下场见): neither to buy nor to follow."""
    folded = fold(text).text
    asked = [match.group() for match in _FOLLOW.finditer(folded)]
    return not _ACTION.search(folded) and all(_FAREWELL.search(one) for one in asked)


def actions(text: str) -> int:
    """Count the sentences that ask to buy."""
    folded = fold(text).text
    return sum(bool(_ACTION.search(folded[start:end])) for start, end in sentences(folded))


def last_part(text: str, share: float) -> str:
    """Return the last `share` of a text, from the beginning of a sentence, at least its last two sentences."""
    bounds = sentences(text)
    if len(bounds) <= 2:
        return text
    cut = len(text) * (1 - share)
    begin = next((start for start, end in bounds if end > cut), bounds[-1][0])
    return text[min(begin, bounds[-2][0]) :]


def opens_with_hook(text: str) -> bool:
    """Tell whether the first words hold a scene, a question, a number or a "you", and not a greeting alone."""
    stripped = text.lstrip()
    rest = _GREETING.sub("", stripped, count=1)
    first = sentences(rest)[:1]
    asks = any(rest[start:end].endswith(("？", "?")) and end - start <= 45 for start, end in first)
    return asks or bool(_HOOK.search(rest[:24] if rest != stripped else stripped[:24]))


def interactions(text: str) -> int:
    """Count the sentences that invite an answer."""
    return sum(bool(_CHAT.search(text[start:end])) for start, end in sentences(text))


def assistant_voice(text: str) -> Iterator[Mark]:
    """Yield places where the writer speaks as a machine instead of as the host."""
    for pattern in (_ASSISTANT, _HANDED_OVER):
        for match in pattern.finditer(text):
            yield Mark(*match.span(), "这是写作助手的话，不是主播的口播")


def is_assistant_voice(sentence: str) -> bool:
    """Tell whether a sentence is about the writing and no part of the script."""
    return _ASSISTANT.search(sentence) is not None


def markup(text: str) -> Iterator[Mark]:
    """Yield markdown, headings, stage directions and emoji."""
    for match in _MARKUP.finditer(text):
        yield Mark(*match.span(), "排版符号或舞台提示会被照着念出来")
    for match in _EMOJI.finditer(text):
        yield Mark(*match.span(), "表情念不出来")


def placeholders(text: str) -> Iterator[Mark]:
    """Yield what somebody was to fill in."""
    for match in _PLACEHOLDER.finditer(text):
        yield Mark(*match.span(), "占位符没有填")


def truncation(text: str) -> Mark | None:
    """Return where the text breaks off, when it does."""
    bare = text.rstrip()
    if not bare:
        return Mark(0, 0, "没有内容")
    end = len(bare)
    last = bare.rstrip("”’」』）)】\"' ~～")
    if not last or last[-1] not in "。！？!?…~～":
        return Mark(max(0, end - 6), end, "结尾没有句号，像是没写完")
    if _DANGLING.search(last.rstrip("。！？!?…")):
        return Mark(max(0, end - 6), end, "最后一句没有说完")
    for opening, closing in _PAIRS.items():
        if bare.count(opening) != bare.count(closing):
            at = max(bare.rfind(opening), bare.rfind(closing))
            return Mark(at, at + 1, f"“{opening}{closing}”没有成对")
    return None


def _grams(text: str) -> list[str]:
    bare = _SILENT.sub("", text)
    return [bare[at : at + 8] for at in range(len(bare) - 7)]


def repetition(text: str, exempt: Sequence[str] = ()) -> float:
    """Return the share of repeated runs of eight characters; exempt sentences (the law's) are left out."""
    for sentence in exempt:
        text = text.replace(sentence, "")
    grams = _grams(text)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def overlap(text: str, other: str) -> float:
    """Return the share of this text's runs of eight characters that also stand in `other`."""
    grams = _grams(text)
    known = set(_grams(other))
    return sum(gram in known for gram in grams) / len(grams) if grams else 0.0


def copied(text: str, source: str) -> Iterator[Mark]:
    """Yield stretches of at least sixteen characters that stand in `source` word for word."""
    if not source:
        return
    known = set(_grams(source))
    places = [at for at, char in enumerate(text) if not _SILENT.match(char)]
    grams = _grams(text)
    begin: int | None = None
    for at in range(len(grams) + 1):
        inside = at < len(grams) and grams[at] in known
        if inside and begin is None:
            begin = at
        elif not inside and begin is not None:
            if at + 7 - begin >= _COPIED:
                yield Mark(places[begin], places[at + 6] + 1, "把写作要求念了出来")
            begin = None


@lru_cache(maxsize=256)  # the same points and the same record are looked up in every draft
def read_aloud(text: str) -> str:
    """Fold a text and write its numbers one way, so that 十二小时 is 12小时."""

    def digits(match: re.Match[str]) -> str:
        value = parse_number(match.group())
        return match.group() if value is None else f"{value:g}"

    return _SILENT.sub("", _NUMBER.sub(digits, fold(text).text))


def coverage(point: str, spoken: str) -> float:
    """Return how much of a point stands in a text (see `read_aloud`): its pairs of characters, numbers exactly."""
    bare = read_aloud(point)
    pairs = {bare[at : at + 2] for at in range(len(bare) - 1)}
    return sum(pair in spoken for pair in pairs) / len(pairs) if pairs else 1.0


def _without(text: str, names: Sequence[str]) -> str:
    """Leave names out, in capitals or not."""
    for name in names:
        cased = name.lower() != name.upper()
        text = re.sub(re.escape(name), "", text, flags=re.IGNORECASE) if cased else text.replace(name, "")
    return text


def is_foreign(text: str, names: Sequence[str] = ()) -> bool:
    """Tell whether a text is in another language than Chinese, product names aside."""
    text = _without(text, names)
    han = len(re.findall("[\u3400-\u9fff]", text))
    kana = len(re.findall("[\u3041-\u30ff]", text))
    # A word of letters weighs as much as a character or two.
    others = kana + len(re.findall("[\uac00-\ud7a3]", text)) + 2 * len(re.findall("[A-Za-z\u00c0-\u04ff]{2,}", text))
    return others > han or kana > 0.2 * (han + kana)


def unspeakable_share(text: str, names: Sequence[str] = ()) -> float:
    """Return the share of Latin letters, long digits and symbols, product names aside."""
    text = _without(text, names)
    total = len(re.sub(r"\s", "", text))
    odd = len(re.findall(r"[A-Za-z]", text)) + sum(len(run) for run in re.findall(r"\d{6,}", text))
    odd += len(re.findall(r"[/\\|<>=+*&^#@$_~\[\]{}]", text))
    return odd / total if total else 0.0
