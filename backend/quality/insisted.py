"""Words of denial that affirm: 不敢不兑现, 谁敢说不是, 不是…你来找我退, 这话谁都不敢说，就老板敢.

Sellers deny a claim to make it. What is said here is asked before any denial is believed; and the few ways to wave
a claim away that leave nothing to believe (谁跟你承诺…，转身就走) are told whole, up to the end of the sentence.
"""

import re
from typing import Final

#: Who dares what nobody else does. 我不敢 and 我敢说的是正品 insist on nothing.
_WE: Final = "(?:我|我们|咱|咱们|老板|厂家|厂长|品牌方?|工厂|公司|总部|主播)(?:自己|家|这)?"
_END: Final = "(?=[，。！？；]|$)"
_NOW: Final = "(?:今天|今晚|现在|这回|这次|偏|偏偏|就|才|还|也|可|却|来|都|是|真)"
#: Before a claim: nobody may say that it is not so.
_NOT_NOT_BEFORE: Final = re.compile(
    "(?:谁|哪个|哪家|没人|没有人|无人|谁都不)(?:敢|能|好意思)?(?:跟我|和我)?(?:说|讲|否认)(?:这|它|我们|咱们?|咱家)?(?:家|款|个)?(?:价格?|东西)?(?:不是|没有|不能|不会|做不到)$|"
    "(?:不敢|不能|不会|不得|不可能|没人敢?|没有人敢?|谁敢?|哪个敢?)不(?:说|讲|喊|写|叫|认|承认|提|给)?(?:是|自己是?|它是?)?$|"
    "谁(?:说|讲)(?:这|它|我们)?(?:没有|不是|没|做不到)$|"
    "(?:不是|没有|没)(?:谁|人人|哪家|哪个|所有人|每家|什么人|几家|几个人?)都?(?:敢|能|会|配)(?:说|讲|喊|承诺|保证|写|标)?$"
)
#: Before it: if it were not so …
_IF_NOT_BEFORE: Final = re.compile(
    "(?:要不是|若不是|要是不是|不是|没有|要是没有|要没有|不说|不写|不喊|不标|^(?:要是|若|如果|[用喝吃抹戴穿]了?)?不)$"
)
#: … and behind it what would follow: 我名字倒过来写, 你来找我退, 我们不敢拿出来.
_IF_NOT_BEHIND: Final = re.compile(
    "^的?(?:话)?，?(?:那|那么)?(?:我们?|你们?|您|咱们?|咱家|老板|主播|今天|直接|当场|随时|尽管)*(?:都|就|可|也|根本|真|还)*(?:"
    "不敢(?:拿|开播|上|来|卖|播|摆|叫|见|接|站|坐|推|定|出|开)|不会(?:拿|开播|来|卖|播|摆|推)|不(?:来|卖|播|拿|开播|要钱|收钱|收费|姓)|一分(?:钱)?不(?:要|收)|"
    "把(?:我|我们)?(?:的)?(?:名字|姓)|名字倒|倒(?:过来|着)写|(?:来)?找(?:我|客服|我们)(?:退|赔|要|算)?|(?:跟|和)你姓|(?:包|全额|随便)?退|(?:赔|假一)|"
    "对不起|过意不去|不甘心|亏了?心|吃(?:了|掉)|砸(?:招牌|店|了)|关(?:店|播|门)|下播)"
)
#: Before it: this is not it — what is, then?
_WHAT_ELSE: Final = re.compile("^[^。！？]{0,4}，?(?:那|又|还)?(?:什么|啥|谁|哪个)(?:才|还)?(?:能|配)?(?:是|叫|算|行)")
#: Who does not dare to claim it is no good: they are not meant.
_WHO_DARES_NOT: Final = re.compile(
    "^的[^，。！？]{0,6}，?(?:都|就|才|也|统统)?(?:不(?:是好|配|算|够格|叫|行)|没(?:资格|底气|实力|货)|别(?:来|开播|卖)|算(?:什么|啥)|是(?:别|同行|他们|人家))"
)
#: 凡是不说…的，你多留个心眼.
_WHO_DOES_NOT: Final = re.compile("(?:凡是|但凡|谁|那些|哪个|哪家)不(?:敢|能)?(?:说|讲|喊|承诺|保证|写)$")
#: Behind a claim, up to the end of its sentence.
_INSISTS: Final = re.compile(
    # 不敢不兑现, 没有人不信
    "(?:不敢|没人敢?|没有人敢?|没有(?:一个|哪个)人?敢?|无人)不(?!了|过|少|错|同)|(?:不能|不会|不得|不可能|不好意思)不(?:说|讲|认|服|信|提|兑现|给|承认|写|喊|算)|(?:说|讲)不是的?(?:站|出来|举手|来)|"
    # 我不说谁说, 不说白不说, 我不说你也知道, 不说第二遍
    "不(?:敢|能|会|想)?(?:说|讲|喊|写|用|提|给)(?:谁|白不|第二|二[遍回次]|你们?(?:也|都)|大家(?:也|都)|两遍)|"
    "不(?:写上去|写上|说出来|喊出来|标上)[^，。！？]{0,4}(?:不甘心|可惜|对不起|亏|委屈)|"
    # 我从不轻易说，今天说了
    "(?:从不|从来不|不|没)(?:轻易|随便|乱)?(?:说|讲|用|给|承诺|喊|提)[^。！？]{0,8}(?:今天|今晚|这回|这次|现在)(?:就|我|才|破例|来|可|要|给你们?)*(?:说|讲|用|给|承诺|喊|提|破例)|"
    "一年(?:都|到头)?(?:不|没)(?:说|讲|喊)|不敢?(?:瞎|胡|乱)(?:说|讲|吹)，?(?:这|都|全|句句)?(?:都|全)?是?真|"
    # 不敢保证别人，我保证我们家
    "不敢?(?:保证|说|讲|承诺)(?:别人|别家|同行|其[他它]|人家)|"
    # ？不可能？我告诉你可能
    "^？[^，。！？]{0,4}(?:不可能|不信|假的|吹牛)？|^[^，。！？]{0,3}(?:不可能|做不到|没有)，[^。！？]{0,6}(?:做到|有了|就有|办到|来了)|^，?(?:这|那)不就(?:是|有|在)"
)
#: … where the saying of it was denied.
_SAID_AFTER_ALL: Final = re.compile(
    # 谁都不敢说，就老板敢; 我以前不敢说，现在敢了
    f"(?:就|只有|除了|唯独|也就){_WE}(?=[^，。！？]{{0,4}}(?<!不)(?:敢|能|行|用|给|有|做到|配){_END})|除了{_WE}{_END}|"
    f"{_WE}{_NOW}*(?<!不)敢(?:说|讲|写|喊|标|给|保|用|承诺|保证)?(?:了|的)?{_END}|{_NOW}(?<!不)敢(?:说|讲|喊|给|保)?了?{_END}|"
    f"{_WE}?(?:今天|今晚|偏|偏偏|偏要|就要|就是要|来)+(?:我)?(?:来)?(?:说|讲|喊)(?:了|一[次回遍])?{_END}|憋不住|忍不住|"
    f"{_WE}(?:就|可以|才|真|完全)?(?:能|配|配得上|有资格|担得起)(?:说|讲|用|写|叫|喊)?{_END}|{_WE}(?:白纸黑字|就|敢|也|照样)*(?:给|做到了?){_END}|"
    # 不能说，但就是这个意思
    f"(?:可|但|不过|只是|偏偏|可是|但是)就是{_END}|(?:可|但|不过|只是|偏偏|可是|但是)?(?:它|这款?|这个|我们|咱们?|事实|人家|咱家|我们家)(?:确实|真的?|可)?就是(?:这样|如此|真的)?{_END}|(?:这|那)个?意思{_END}|心里(?:有数|清楚|明白)|"
    f"你们?(?:也|都|心里|自己|自然)?(?:懂|明白|知道)(?:的|了)?{_END}|谁还(?:敢|能|配)|(?:我|主播|老板|嘴)说了?不算"
)
_SAYING: Final = re.compile("[说讲提喊吹写用词话]|承诺|保证|敢")
_AT_ONCE: Final = 14
#: 不能祛斑，跟大家讲清楚，心里有数: honest.
_PLAINLY: Final = re.compile("(?:说|讲)(?:清楚|明白|在前)|实话|真话|老实|丑话|提前说")
_TO_THE_END: Final = re.compile("[^。！\n]{0,44}")
#: Said of whoever claims it: the sentence ends with that.
_WHOEVER: Final = re.compile(
    "(?:谁|谁要是|谁敢|要是有人|有人|凡是|但凡|那些|只要)[^，。！？不没别]{0,6}(?:说|讲|喊|吹|承诺|保证|宣传|标榜|打)$|(?:^|(?<=[，。！？]))(?:听到|听见|看到|遇到|碰到|见到|说|喊|吹)$"
)
_TURNED_AWAY: Final = re.compile(
    "^(?:这种话|这几个字|字样)?的?(?:人|主播|商家|店)?，?(?:那|这)?(?:都|基本|多半|就|全)?(?:是)?(?:骗子|骗人的?|忽悠人?的?|吹牛的?|假的)?，?"
    "(?:你们?|您|大家|咱们?|我们?|姐妹们?)?(?:可|千万|都|就|直接|赶紧|马上|立刻|转身就|扭头就)*"
    "(?:划走|走|跑|绕道|绕着走|躲远点?|(?:多|要)?(?:留|长)个心眼|拉黑|举报|别信|不信|别上当|不说|不吹)(?:吧|就行|就对了|啊|哈)?(?=[。！]|$)"
)
_ALL_TRICKS: Final = (
    re.compile("哪有什么$"),
    re.compile("^，(?:那)?(?:都|全)是(?:套路|骗人的|忽悠人?的?|假的|噱头)(?=[。！]|$)"),
)
#: …是违规词，我们不说.
_A_BANNED_WORD: Final = (
    re.compile(""),
    re.compile(
        "^(?:这个?词|这几个字)?(?:是|属于|算)(?:个|一个)?(?:违规|违禁|极限|敏感|禁用)(?:词|用语|的话|的)?，(?:我们?|咱们?|咱家|主播)(?:可|都)?"
        "不(?:能|敢|会)?(?:说|讲|用|提|喊)(?:的|了|哈)?(?=[。！]|$)"
    ),
)
#: What follows must not take it up again: 说…的都是骗子，咱不信。我们家才是真的.
_UP_AGAIN: Final = re.compile("只有|除了|唯独|例外|除外|才是|真有|真的|这款|我们家|咱家|我这|信我|敢")
_NEXT: Final = 24
#: A rule may name a part of what is claimed: 全网最低|价, 能|根治.
_ABLE: Final = re.compile("(?:能够?根?|可以|会|全网?|全国|的)+$")
#: How any match of it ends.
_ABLE_ENDS: Final = frozenset("能够根以会全网国的")
_STEM: Final = re.compile(
    "^(?:低?价格?|低|品质|质量|水平|级别?|标准|失眠|湿疹|百病|有效|不赔|(?:的)?(?:产品|东西|货|价))"
)


def is_insisted(before: str, after: str) -> bool:
    """Tell whether words of denial around a claim affirm it; `before` is its clause up to there, folded."""
    before, behind = _bare(before, after)
    if (
        _NOT_NOT_BEFORE.search(before)
        or (_IF_NOT_BEFORE.search(before) and _IF_NOT_BEHIND.match(behind))
        or (before.endswith("不是") and _WHAT_ELSE.match(behind))
        or ("不敢" in before and _WHO_DARES_NOT.match(behind))
        or (behind.startswith("的") and _WHO_DOES_NOT.search(before))
    ):
        return True
    rest = _TO_THE_END.match(behind)
    if rest is None:
        return False
    if _INSISTS.search(rest[0]):
        return True
    of_saying = _SAYING.search(before) or _SAYING.search(rest[0], 0, _AT_ONCE)
    return bool(of_saying and _SAID_AFTER_ALL.search(rest[0]) and not _PLAINLY.search(rest[0]))


def is_turned_away(before: str, after: str) -> bool:
    """Tell whether the sentence only says what to make of whoever claims it: 谁跟你承诺…，转身就走."""
    before, after = _bare(before, after)
    for lead, tail in ((_WHOEVER, _TURNED_AWAY), _ALL_TRICKS, _A_BANNED_WORD):
        if lead.search(before) and (behind := tail.match(after)):
            return _UP_AGAIN.search(after, behind.end(), behind.end() + _NEXT) is None
    return False


def _bare(before: str, after: str) -> tuple[str, str]:
    """Return what stands around a claim of which a rule names only a part."""
    if before[-1:] in _ABLE_ENDS and (able := _ABLE.search(before)):
        before = before[: able.start()]
    stem = _STEM.match(after)
    return before, after[stem.end() :] if stem else after
