"""Whether the host claims what a hit says: words of others that are taken back, the matter of a book, what is past.

`context.is_negated` looks at a clause. Here whole sentences are weighed: 弹幕说这个包治百病，哥，你可别害我 holds
somebody else's words, and the host's own word about them. Words that nobody takes back stay what they are: a
testimonial.
"""

import re
from typing import Final

from backend.quality.context import clause, is_affirmed, is_winked_at, sentence
from backend.quality.heads import headed
from backend.quality.insisted import is_insisted, is_turned_away

#: Who says, asks, shouts what comes next, and is not the host.
_OTHERS: Final = (
    r"(?:弹幕|公屏|评论区?|网上|网友|博主|同行|友商|隔壁|别人|别家|人家|有人|谁|客户|顾客|买家|粉丝|老话|朋友圈|小红书|短视频|广告|电视|"
    r"[有这那刚][的些个位才刚]{0,2}[^，。！？\s]{0,4}?(?:人|姐妹?|朋友|大哥|哥们|兄弟|宝宝|宝妈|妈妈|家长|老铁|同学|观众|阿姨|叔叔|大爷|大妈|老人家|主播|商家|直播间|店))"
    r"[^，。！？]{0,10}?(?:说|问|讲|喊|刷|打(?![折包开])|吹|留言|传|写|号称|宣传|标榜|以为|觉得|飘|聊|提)"
    r"|听说|据说|传说|都说|号称|江湖传言|动不动就|张口就"
)
_REPORTED: Final = headed(_OTHERS)
#: The host's word about what was just said.
_DISOWNED: Final = headed(
    r"(?:我|咱们?|我们|主播|本人|[我咱]家|我这[儿边里])(?:们|也|都|可|真|是|倒|反正|就|从来|绝对|压根|根本|笑笑|实在|一概){0,3}"
    r"(?:不(?:敢|会|能|好意思|想|说|讲|喊|吹|信|认|接|评论|承诺|保证|跟|这么|打|玩)|没有?(?:做过|比过|查过|去问)|没(?:法|说过|这么说|那本事|那胆|资格)|喊不出|说不出|做不到|笑笑|担不起)"
    r"|(?<=[，。！？])(?:它|这个|这款|这瓶|这东西)?(?:可|真|都)?(?:做不到|管不了|不管这个|没那本事|没这本事|帮不上)"
    r"|别(?:信|听|当真|害我|瞎|指望|闹|逗|这么[说讲]|给我)|听听就|想多了|你?(?:敢信吗|信吗)|"
    r"(?:没|哪)有?(?:的事|那回事|这回事|这么神|那么神|这种事|那种事|这[本功]事|那[本功]事)|不可能|不存在|"
    r"(?<=[，。！？])(?:大姐|大哥|姐|哥|亲|宝|朋友)?，?(?:那|这|它)?(?:可|真|都|肯定|当然|绝对|确实|答案)?(?:不(?:能|会|是|行|可以|对|至于)|没有|假的|瞎说|胡说|扯|吹牛|骗人)(?=[的啊哦哈呢了吧呀，。！])|"
    r"那是(?:你|她|他|人家|因为|另|药|医生|两码|两回)|"
    r"[这那](?:种|个|类|些|句|套|顶)?(?:话|词|说法|字眼|帽子|事)[^，。！？]{0,8}[不别没违假]|"
    r"打住|纠正一下|更正|是谣言|是误区|智商税|(?:是|属于|算)?(?:违规|违法|犯法)|要?封号|要?罚款?"
)
#: After a list: 祛痘、美白、收毛孔，这些活它一样都不干.
_SUMMED_UP: Final = headed(
    r"(?:这些|这几|这种|哪|一)[^，。！？]{0,6}?(?:一[样个件]|哪[样个]|都|也|统统|全)(?:都|也)?(?:不|没)(?:干|会|管|能|行|沾|做|有|占|搞|包)|(?:统统|全都?|一概)(?:不|没)(?:管|能|会|行|沾|有)"
)
#: What was just said is asked about. 全网最低价你敢信吗, …还有谁 and …别家有吗 boast of it.
_ASKED: Final = re.compile(
    r"(?![^，。！？]{0,12}(?:敢信|(?<![能可要])信[吗不么]|谁|[别哪]家|别人|怎么|还有|心动|要不要|见过|离谱|搞错|值不值|神不神|羡慕))"
    r"[^，。！？]{0,12}？"
)
#: 想让头发长出来，那不归它管.
_NOT_ITS_JOB: Final = re.compile(
    "^(?:什么的|之类的?|的(?:事儿?|活儿?|问题)?)?，?(?:这|那)?(?:些|个|种)?(?:事儿?|活儿?)?(?:可|都|也|就|真)?(?:不归|不是|轮不到|指望不上|别指望)(?:它|咱们?|我们|这[款瓶个盒])"
    "(?:能|该|来|会)?(?:管|干|做|负责|的(?:活儿?|事儿?|本事|范围))?(?:的|了|啊|哈)*(?=[，。！]|$)"
)
#: Before a hit, and behind it: it is none of its jobs. 不管美白，都… is whatever it may be.
_NONE_OF_ITS_JOBS: Final = (
    re.compile(
        "(?:不管|管不[了着]|不包|不负责|不承担|不沾|不图|不顶|不治|(?:不|没)(?:冲|奔|指|朝|往)着?|没打算|没指望|不指望|帮不[上了]|顾不[上着]|做不[了到]|干不[了成]|犯不着)"
        "(?:什么|啥|你们?|您|大家|人家)?(?:[\u4e00-\u9fa5]{2,4}[、和跟])*$"
    ),
    re.compile(
        "(?:[、和跟][\u4e00-\u9fa5]{2,4}){0,3}(?:的?(?:功效|作用|效果|事儿?|活儿?|本事)|什么的|啥的|这[块摊档一]{1,2}(?:事儿?|活儿?)?)?"
        "(?:去|来|上)?的?(?:[。！]|$|，(?![^，。！？]{0,10}(?:都|均|照样|一律|统统|全|也(?:能|行|可以|好使|管用))))"
    ),
)
#: What is asked about and denied is good to hear: 会不会反弹？不会的 claims something.
_BAD: Final = re.compile("副作用|反弹|复发|过敏|依赖|刺激|伤|掉|变形|起球|褪|坏|添加|风险|害")
#: What a book, a film tells of. 书里说蜂蜜能治… cites it and is no such thing.
_WORK: Final = headed(
    r"(?:小说|故事|纪录片|电影|电视剧|动画片?|漫画|绘本|童话|传记|剧|书|专辑|歌|[这那每前后]一?[集章页课册本篇]|第[一二三四五六七八九十\d]+[集章页课册本篇])"
    r"[^，。！？]{0,8}(?:[讲写画拍演唱](?!得)|记录|介绍|解释|科普|主角|主人公|情节|聊的|说的)(?:的|了|到|过|着)*(?:就?是)?|(?:主角|主人公|男主|女主)[是叫]?"
)
_OF_WORKS: Final = frozenset(
    {
        "medical", "efficacy_guarantee", "health_food", "cosmetic_special", "medical_beauty", "medical_device",
        "superstition", "food_claim", "three_products_one_device",
    }
)  # fmt: skip
#: What is claimed of goods. Who runs others down or lures people away does so in anybody's words.
_OF_CLAIMS: Final = _OF_WORKS | {
    "absolute", "unsupported_claim", "price_claim", "infant", "finance", "gov_endorse", "false_data", "endorsement",
    "education", "certification", "false_promo", "after_sale",
}  # fmt: skip
_CLAIMS: Final = re.compile(r"(?:能|可以|会|就|帮你|给你|保你|包)[^，。！？]{0,2}$")
_OURS: Final = re.compile("这款|这瓶|这盒|这罐|它能|它可以|我们家|咱们?家|链接|下单")
#: Who has it is sent to a doctor: 宝宝湿疹要听医生的. 看医生都没看好的湿疹 is none of it.
_REFERRED: Final = headed(
    r"(?:[得要该请先应]|还是|建议|及时|尽快|赶紧|别忘了|自己|你的|就|去)(?:[去找问看听遵]|咨询){1,2}[^，。！？]{0,4}(?:大夫|医生|医院|医嘱|医师|专科|药师|[骨皮肤眼口腔牙内外儿]{1,2}科|[牙中兽]医)"
)
_SPARED: Final = re.compile(r"不用|不必|省得|无需|再也|免得|都没|没用|没看好|治不好|白[看去花]|医生(?:都|也)")
#: 什么叫抗生素 asks for a word's meaning; 什么叫顶级？这就叫顶级 boasts.
_MEANING: Final = re.compile(r"什么(?:叫|是|才叫|算)[^，。！？]{0,4}$")
_BOAST: Final = re.compile(r"^[^。！？]{0,8}[？，。！][^，。！？]{0,6}(?:这|它|我们|咱)[^，。！？]{0,3}[叫是]")
#: 治不了, 降不下来: what is not done.
_UNABLE: Final = re.compile(r"[治医疗降防抗祛去减补美瘦调消改][^，。！？]{0,2}不(?:了|掉|下来)(?!的|么)")
#: What was over long ago hurries nobody.
_PAST: Final = re.compile("去年|前年|上次|上回|上个?月|以前|从前|当时|那年|那时|那会|曾经|小时候")
#: 治不治颈椎病: asked, in the hit itself.
_WHETHER: Final = re.compile(r"(.)[不没]\1")
#: Words of denial that no pattern of ours reads whole: 一口闷不完. 不用按摩 and 不但 deny nothing of the sort.
_DENYING: Final = headed(
    "(?<![级区性分特告差识离辨鉴判个道])别(?![人家的处墅针出提致名])|不(?![但仅光只错锈愧同断得过用必需]|要钱)|没(?![错事]|有?[^，。！？]{0,3}比)|无(?![线论法糖人需])|[莫甭勿未休冇]|"
    "哪有|哪儿有|难不成"
)
#: In what follows in the sentence: it is waved away, or is somebody else's job.
_WAVED_AWAY: Final = headed(
    "[是在叫](?:胡|瞎|乱)?(?:吹|骗|忽悠|扯)|不(?:敢|信|认|吹|许)|别(?:信|指望|当真|听|想)|没那|歇了|拉倒|另请|想多|(?:大夫|医生|医院|[骨皮肤眼口腔牙内外儿]{1,2}科|药)(?:的|管|看|那)|找(?:大夫|医生|医院|[骨皮肤眼口腔牙内外儿]{1,2}科)"
)
#: 一口闷不完: it cannot be done. 祛斑不是吹的: it is said once more.
_NOT_DONE: Final = re.compile("[得也都]?不(?:完|了|下|动|得|起)")
_UPHELD: Final = re.compile(
    "不是(?:跟[你您]|在|瞎|胡|乱)?(?:吹|骗|忽悠|盖|说笑|开玩笑|蒙)|[不没](?:骗|蒙|忽悠)[你您人]|没(?:吹|瞎说)|不夸张"
)
#: What a host gives, should it not come true: 不美白不要钱.
_FORFEITED: Final = re.compile("不(?:要钱|收钱|收费|姓)|[退赔]|倒贴|白送|找我|找老板|拿我|跟你姓|算我")
#: Right behind a hit: what something only smells, tastes or looks like. 槟榔香, 中药味.
_LIKE_IT: Final = re.compile("的?[那这]?[股种]?[香味色](?![烟皂水波料精])")
#: What denies a claim, or likens to it, in the words of these may be what the host says of somebody's cup.
#: Who boasts by denying (谁敢说不是全网最低) boasts of other things: of rank, price and cures nothing is left open.
_LEFT_TO_READ: Final = frozenset(
    {"cosmetic_special", "food_claim", "health_food", "infant", "education", "superstition"}
)
_REACH: Final = 44
_FAR: Final = 80


def is_in_a_title(original: str, start: int) -> bool:
    """Tell whether a place of a text as it was written stands between 《 and 》."""
    low = max(0, start - 24)
    return original.rfind("《", low, start + 1) > original.rfind("》", low, start)


def is_not_claimed(
    text: str, start: int, end: int, category: str, begin: int | None = None, around: tuple[int, int] | None = None
) -> bool:
    """Tell whether `[start, end)` of a folded text, which a rule of this category names, is nothing the host claims.

    Its clause begins at `begin`, and `around` are the bounds of its sentence, where they are known.
    """
    if category not in _OF_CLAIMS:
        return False
    low, high = around or sentence(text, start, end)
    if begin is None:
        begin, _ = clause(text, start, end)
    before, after = text[begin:start], text[end : end + _FAR]
    past = category in ("price_claim", "false_promo") and _PAST.search(text, begin, start)
    denied = bool(
        past
        or _UNABLE.search(text, max(0, start - 4), end)
        or (category in _OF_WORKS and _is_only_spoken_of(text, start, end, (begin, low, high)))
        or (_WHETHER.match(text, start, end) and not is_affirmed(text[end : end + _REACH]))
        or _SUMMED_UP.search(text, end, high)
        or _NOT_ITS_JOB.match(after)
        or (_NONE_OF_ITS_JOBS[0].search(before) and _NONE_OF_ITS_JOBS[1].match(after))
        or (not _BAD.search(text, start, end) and _is_taken_back(text, low, start, end))
        or is_turned_away(before, after)
    )
    # Hardly anything is denied: whether the denial affirms is asked last.
    return denied and not is_insisted(before, after)


def is_doubted(text: str, start: int, end: int, category: str, bounds: tuple[int, int, int]) -> bool:
    """Tell whether words around a hit deny it or liken something to it, in a way that nothing here reads.

    What stands there may be honest or may not: a person has to look. `bounds` are those of the clause,
    and the end of the sentence.
    """
    begin, stop, high = bounds
    if category == "alcohol_tobacco":
        # 不上头 is what is claimed of it.
        return (_LIKE_IT.match(text, end) or _NOT_DONE.match(text, end)) is not None
    # 能不能祛斑？能！
    upheld = _WHETHER.search(text, begin, stop) or _UPHELD.search(text, end, min(high, end + _REACH))
    if category not in _LEFT_TO_READ or upheld:
        return False
    denied = _DENYING.search(text, begin, start) or _DENYING.search(text, end, stop)
    if not denied and not _WAVED_AWAY.search(text, end, min(high, end + _REACH)):
        return False
    after = text[end : end + _REACH]
    return _FORFEITED.search(after, 0, 12) is None and not is_insisted(text[begin:start], after)


def _is_only_spoken_of(text: str, start: int, end: int, bounds: tuple[int, int, int]) -> bool:
    """Tell whether an illness, an effect is what a book is about, a doctor's matter, or a word somebody asks about."""
    begin, low, high = bounds
    if _is_matter_of_a_work(text, low, start, high):
        return True
    if _REFERRED.search(text, low, high) and not _SPARED.search(text, low, high):
        return True
    return _MEANING.search(text, begin, start) is not None and not _BOAST.search(text[end : end + 24])


def _is_matter_of_a_work(text: str, low: int, start: int, high: int) -> bool:
    told = list(_WORK.finditer(text, low, high))
    if not told or _OURS.search(text, low, high):
        return False
    return told[-1].start() > start or not _CLAIMS.search(text, told[-1].end(), start)


def _is_taken_back(text: str, low: int, start: int, end: int) -> bool:
    """Tell whether somebody else's words, or a question, hold the hit, and the host's word follows."""
    asked = _ASKED.match(text, end, end + 14) is not None
    # Who speaks may stand a clause or two before.
    if not asked and _REPORTED.search(text, max(low, start - _REACH), end) is None:
        return False
    answer = _DISOWNED.search(text, end, end + _REACH)
    if answer is None or text.count("。", end, answer.start()) > 1:
        return False
    return not is_winked_at(text, answer.end())
