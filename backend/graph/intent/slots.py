"""The details of a request: how it should sound, how long, for whom, what must and must not be said."""

import re
from itertools import chain
from typing import Any, Final

from backend.graph.intent.amounts import seconds_asked
from backend.graph.intent.vocabulary import phrases

#: 别忘了说保修三年, 保修三年别忘了说 want it said. What else is not to be forgotten (打招呼) is something to do.
_REMEMBER: Final = (
    r"忘(?:了|记)?(?:\"|(?:说|提(?![醒问前供]))(?!$|[,.;!?]|[一\d]*[遍下]|说|[^,.;!?\"]{0,6}"
    r"(?:卖点|开场|促销|优惠|活动|[逼促催下]单|种草|收尾|过款)))|"
    r"(?:(?<=[^,.;!?]别)|(?<=[^,.;!?]不要))忘(?:了|记)?(?:说|提)(?=$|[,.;!?])"
)
#: What somebody does not want, up to the next pause or the turn to what they do want.
NEGATED: Final = re.compile(
    rf"(?:(?:(?<![要用区特个级类性辨识分告明])别(?!{_REMEMBER}|的|人|出|名|致|样|超过|多于|少于|低于|高于)|(?<![要明])不要(?!{_REMEMBER}|紧|超过|多于|少于)|(?<!用)不用|不必|无需|先不|先别|甭|不许|不准|(?<![能明])不能(?!超过|多于|少于)|避免|不想|没让你|没要)|"
    r"不是(?:要|让你|说|叫你|想)?(?=改|换|重|短|缩|继|写|长)|不是(?=[^,.;]{1,10},(?:我|而是|是|要))|莫(?=再?[提说讲写用扯])|(?<![要是能])不(?=换|改|动|变|讲|卖|推|提|说|写(?!清)))"
    r"[^,.!?;\n]*?(?=只(?:要|改|换|用)?|而是|是要|就(?:改|换|调|把)|,|\.|!|\?|;|\n|$)"
)
_TOO: Final = re.compile(r"太|这么|那么|过于|过分|再")
_NOT_SAY: Final = re.compile(
    r"(?:(?<![类级区特个])别|不要|不用|不必|别再|不许|不准|不得|(?<!可)不可以?|禁止|严禁|请?勿|莫|甭|休|杜绝|(?<![能明])不能|避免|千万别|不想|少|(?<![能可])不)(?:再|要|去|能|得|让.{0,3})?"
    r"(?:提到?及?|说到?|讲到?|出现(?!在)|写(?:到|上|进)?|带上?|用到?|有|念|喊|叫|聊|扯|吹|报|碰|透露|涉及|强调)(?:任何|什么|关于)?"
    r"[\"']?([^,.!?;\n]{1,28}?)[\"']?(?:这?[两俩三四五几]个?字|这[类种]?(?:个|些)?词|这[类种](?:字眼|话)|的?(?:字眼|词|话|内容|信息|字样))?(?=了?(?:,|\.|!|\?|;|\n|$|只))"
)
#: 拼法就别说了, "招财"俩字别出现: what is not wanted stands first.
_NOT_THAT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:把|将|关于)?[\"']?([^,.;!?\"'\n]{2,14}?)[\"']?(?:这?[两俩几三]?个?[字词](?:眼)?|那?[句块]|的?(?:部分|事|内容))?"
    r"(?:就|都|也|千万|一定|请|先|暂时|一个字|一句|一律|可以|统统)*(?:别|不要|莫|勿|不许|不准|不能|不用|不必|不可以|不得|甭|(?<=[就先都])不)(?:再|让我|给我|去|要)*"
    r"(?:(?:说|提|讲|写|用|念|出现|喊|露|报|看[到见]|有|聊|扯|带|加)(?:了|吧|啦|咯|哈|呀|啊|到|它|上|出来|进去|进来)*(?:在[^,.;!?]{1,6}里面?)?|放(?:进去|进来|里[面头]|上去|进稿子?里?)(?:了|吧|啦|哈|呀)*)(?=[,.;!?\n]|$)"
)
#: 品牌故事拿掉: the same, of a text that is there.
_THAT_OUT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:把|将)?(?:里面?的?|其中的?)?[\"']?([^,.;!?\"'\n]{2,14}?)[\"']?(?:那[句段个块]|这[句段个块]|的?(?:部分|内容|描述))?"
    r"(?:就|都|也|可以|给我)*(?:拿掉|删(?:掉|了|去|除)|去掉|去除|砍掉|撤掉|抹掉|就算了)(?:了|吧)*(?=[,.;!?\n]|$)"
)
#: 颜色不用讲: behind it stands only what is not to be done with it.
_BARE_VERB: Final = re.compile(
    r"[啦呀哈啊哦呢嘛吧了]+|(?:再|多|去|先|特意)?(?:说|讲|提|写|念|报|带|聊|扯|喊|用|放|加|强调|介绍|出现)(?:到|上|出来|进去|进来)?(?:[的得它了吧啦呀]|什么|啥)*"
)
#: Words that point into a text instead of naming what it says.
_POINTS_INTO: Final = re.compile(
    r"^(?:这|那|第[一二三四五六七八九十\d]|最[前后]|开头|结尾|中间|[前后上下]面?|整|里面|其[他它]|别的|多余|重复|废话|刚|先|再|不用|不要|不|别|我|你|主播|直播|链接这)|[句段条版篇](?:话)?$|了$|(?:了|的)?(?:我)?(?:就批|再发)"
)
_TAKE_OUT: Final = re.compile(
    r"(?:去掉|删掉|删除|拿掉|删去|去除|拿走|(?:忽略|略过|跳过|省掉|省略)(?:掉|了|一下)?)(?:里面的?|其中的?|关于)?[\"']?((?:[^,.!?;\"'\n]|(?<=\d)\.(?=\d)){1,24}?)[\"']?(?:那[句段个]|这[句段个]|的?(?:部分|内容|描述|这块儿?|那块儿?))?(?=,|\.(?!\d)|!|\?|;|\n|$)"
)
_MUST_SAY: Final = re.compile(
    r"(?:(?:一定要?|必须要?|记得|务必|别忘了?|不要忘记?|要|需要|得|重点|着重|多)?(?:提(?!示)到?及?(?!前)|强调|突出|点(?:出|明)|体现|(?:说|讲)(?:到|透|清楚?)|带[上到]|加上|加(?:一?句|入|进)|补(?:上|一句|个)|(?:注|写|标)明|(?<=[要须得记必])(?:说|讲)明(?!书)|包含|包括|植入|写(?:上|进|清楚?))|"
    r"(?:一定要|一定|必须|记得|务必|(?:别|不要)忘[了记]?)(?:说|讲|写|带|加|有|提)?|(?<!不是)重点(?:是|说说?|讲讲?|写|放在?|在)?|主打|主推卖点是|卖点是)(?:一[下嘴句]|出来?|它?的?是)?"
    r"[\"':]?([^,.!?;\n]{2,32}?)[\"']?(?:这个?(?:卖?点|词|话)|这[句些]话?)?(?=,|\.|!|\?|;|\n|$)"
)
#: 把保温时间强调一下: the fact stands before the verb.
_SAY_THIS: Final = re.compile(
    r"(?:把|将)(?:它的?|这个|那个)?([^,.!?;\"'\n把将]{2,16}?)(?:这一?点|这个卖?点)?(?:再|多|重点|着重|也)?"
    r"(?:强调|突出|点出来|点明|(?:讲|说)透|(?:说|讲|写)(?:清楚|明白|细|进去|一说|一讲)|提一?[下嘴句]|提到|加进去|加上|带上|带到|放大|点一下|放前面)"
)
#: 工费八折,一定要说: the fact stands before the duty to say it.
_SAY_THAT: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))([^,.;!?\"'\n把将别不]{2,16}?),?(?:这一?点|这个|这条|这句|这些)?(?:一定|必须|务必|千万|要?记得|别忘了?|不要忘了?|得|要)(?:要|得|也)*"
    r"(?:说|讲|提|带上?|写|强调|突出|体现|出现|喊)(?:到|出来|清楚|进去|上|一下|明白|透)*(?=[,.;!?\n]|$)"
)
#: 要说质保两年, 说一下包邮, 里面要有杯刷, 一句带过产地: plain words for the same, at the head of a clause.
_PLAINLY_SAY: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:开头|结尾|开场|最后|中间|前面|后面|顺带|顺便|另外|然后|再|还|也|记得|别忘了?|务必|请|麻烦|帮我|给我)*"
    r"(?:(?:一定|必须)?(?:要|得|需要?|记得|别忘了?|应该)(?:说|讲)(?:一?下|一?句|一声|到|出)?|(?:说|讲|提|带)(?:上)?(?:一?下|一?句|一声)|"
    r"(?:(?:文案|稿子?|话术?|内容|口播|词|台词|脚本)?里[面头]?|其中)(?:一定|必须)?(?:要|得|需要?|记得|应该)?(?:再|也)?"
    r"(?:(?<=[要得需])有|(?<=记得里面)有|(?<=记得里头)有|带上?|(?<=[要得需])(?:含|包含|放上?|写上?|出现|说到?|讲到?|提到?)|加上?)(?:一?句)?|(?:一句|一笔)带过)(?:就是|:)?"
    r"\"?([^,.!?;\n\"]{2,32}?)\"?(?:这[句些]话?)?(?=,|\.|!|\?|;|\n|$)"
)
#: What stands there and is nothing to be said: how it is said, what is asked, what only points.
_NO_SAYING: Final = re.compile(
    r"^(?:的|得|了|过|完|够|着|吗|呢|清|明白|透|到位|到点|快|慢|短|长|细|全|多|少|好|再|太|更|有|很|不|别|没|多[久长少]|几|什么|啥|哪|怎|咋|如何|为[什何啥]|谁|"
    r"人话|大?白话|普通话|真话|实话|废话|它|他|她|这|那|你|我|咱|大家|家人|主播|一[点些下遍个嘴声句]|[两三四五几\d]+[遍次句段点]|重点|亮点|特[点色]|优[点势]|好处|卖点|内容|"
    r"自然|生动|感情|温度|节奏|画面|互动|起伏|停顿|层次|逻辑|场景|细节|干货|梗|笑点|情绪|区别|两[款个]|"
    r"(?:[一两二三四五六几\d]+[件个点句条])?(?:大|小|别的|其他)?(?:事[儿情]?|话|问题|要求|情况|点|东西)$)|"
    r"(?:[感点味气劲]|一[点些]|节奏|语气|风格|语速|的话|吗|呢|什么|多少|多久|哪[些个里]|你定|随你|就行|看着办)$"
)
#: 产地说一下, 绑带也带一嘴: the matter stands before.
_TOLD_BEHIND: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))([^,.;!?\"'\n把将别不]{2,10}?)(?:顺带|顺便|稍微|简单|也|都|再|还|要|得|还是)*(?:说|讲|提|带|聊)(?:一下|一嘴|一句|一声|下|上一句)(?:吧|哈|就行|就好)?(?=[,.;!?\n]|$)"
)
#: 检测报告资料里有的话就提一句, 有质检报告就带一句: only if the record holds it.
_IF_HELD: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:如果|要是)?(?:有([^,.;!?\"\n有]{2,10}?)|((?!资料|档案|后台|系统)[^,.;!?\"\n有]{2,10}?)(?:如果|要是)?(?:在)?(?:资料|档案|库|后台|系统)?里?(?:面)?(?:如果|要是)?有)(?:的话)?,?(?:就|可以|再)?(?:提|带|说|讲|写|加)(?:上)?(?:一?[句嘴下笔]|上)"
)
#: 资料里有的话提一下两年质保.
_IF_THERE: Final = re.compile(
    r"(?:资料|档案|库|后台|系统)里(?:面)?(?:如果|要是)?有(?:的话)?,?(?:就|可以|再)?(?:提|带|说|讲|写|加)(?:上)?(?:一?[句嘴下笔])([^,.;!?\"\n]{2,10})"
)
#: 主要讲讲保湿, 多聊聊显白.
_TELL_OF: Final = re.compile(
    r"(?:主要|重点|多|着重|顺便|围绕)?(?:讲讲|说说|聊聊|唠唠|讲一讲|说一说|聊一聊)(?:它的?|这个)?([^,.;!?\n]{2,10}?)(?=[,.;!?\n]|$)"
)
#: 蛋白含量再提一嘴: the text that is there lacks it.
_SAY_ALSO: Final = re.compile(
    r"(?:^|(?<=[,.;!?]))(?:就是|还有|另外|但是?|不过)?(?:把|将)?([^,.;!?\"'\n把将别不]{2,12}?)(?:再|也要?|还要|得再)(?:给我)?(?:说|讲|提|带|补|加|聊)(?:一下|一嘴|一句|一声|上一句|上|几句)(?:吧|哈|就行|就好)?(?=[,.;!?\n]|$)"
)
#: What the record may hold by a name is short.
_SHORT: Final = 10
_QUOTED_SAY: Final = re.compile(
    r"(?:说|讲|提|带上|加上|写上|加一?句|开头用|结尾用|喊|(?P<there>(?<!不)[要得]有)|带过)(?:一?句|上|到)?[:]?\"(?P<said>[^\"]{2,40})\""
)
#: What plain words must hold to be told from a wish for the manner: a figure with its unit.
_FIGURE: Final = re.compile(
    r"(?:\d+(?:\.\d+)?|[半一二两三四五六七八九十百千万几]+)(?:个?(?:月|小时|钟头)|天|日|年|周|星期|分钟|秒|元|块钱?|折|倍|度|[千毫]?克|公?斤|两|[千毫]?升|[厘毫公]?米|寸|瓦|伏|层|档|%|"
    r"(?:ml|l|g|kg|mg|cm|mm|m|w|v|mah|hz|k|℃)(?![a-z]))"
)
#: 里面要有三秒停顿, 要讲为什么三天见效: how it is said, and what would have to be found out.
_OF_THE_TEXT: Final = re.compile(
    r"停顿|沉默|留白|互动|提问|问题|反问|故事|段子|倒计时|口播|话术|时长|为什么|怎么|什么|哪|多少|多久|如何|是不是|有没有"
)
#: 文案里要有"第一"?改掉: what a later clause finds fault with is not wanted.
_FAULT: Final = re.compile(r"删|去掉|拿掉|[改换](?:[掉成为了个下]|一[个下]|$|[,.;!?])|不行|违规|违禁|过不了|不合适")
_PRICE: Final = re.compile(
    r"(?:(?:¥|￥)\s*\d{1,8}(?:\.\d{1,2})?|(?<![\d.])\d{1,8}(?:\.\d{1,2})?\s*(?:元|块(?:钱|\d)?|rmb)|[一二两三四五六七八九十百千]{1,8}(?:块[一二三四五六七八九]?|元)|"
    r"(?:价格?|到手价?|直播价|券后|只要|仅|卖|原价|现价)(?:是|为|就|只)?\s*(\d+(?:\.\d+)?)(?!\s*(?:秒|分|字|个|款|件|%|条|段))|"
    r"[一二三四五六七八九\d]+折|"
    r"(?:今天|今晚|今日|现在|平时|平常|日常|原来|活动|专柜|门店|线下)(?:价|卖|要|只要|才|就)*(\d{1,6}(?:\.\d{1,2})?)(?![\d.]|\s*(?:秒|分|字|个|款|件|%|条|段|点|号|:|人|场|天|度|月|年|位|单|s\b))|"
    r"(?<![\d.])\d{1,6}(?:\.\d{1,2})?(?=[一二两三四五六七八九十]{1,2}(?:只|件|盒|瓶|袋|包|斤|双|套|支|罐|箱|提|份|对|杯|桶))|"
    r"[一二两三四五六七八九十\d]{1,2}(?:件|只|盒|瓶|包|斤|双|套|支|罐|箱|提)(?:一共|总共|才|只要|只|就|卖)*(\d{2,5}(?:\.\d{1,2})?)(?:元|块)?(?![\d秒字分])|"
    r"(?<![\d.])\d{1,5}\.\d{1,2}(?=[一二两三四五六七八九十\d]{1,2}(?:条|个|张|把|片|卷|本|台)))"
)
#: What is given for buying; it has to be said as it was told us.
_OFFER: Final = re.compile(
    r"[买拍][一二两三四五\d]+[送发得赠减][一二两三四五六七八九十\d]+(?:元|块|件|盒|包|瓶)?|每?满[一二两三四五六七八九十百千\d]+(?:元|块|件|份|个|盒|瓶|包|袋|斤|双|套|只)?(?:立?减|送|打|返|赠)[一二两三四五六七八九十百千\d]+(?:元|块|折)?|"
    r"第[二三四2-4](?:件|份|个|盒|瓶|包|杯|支|双|套|袋|罐|条|箱|只)(?:半价|[一二三四五六七八九\d.]+[折元块]|0元|零元|免费)|(?:全场|下单|前\d+名?)(?:立?减|打|享)[一二三四五六七八九十百\d.]+(?:元|块|折)"
)
_AUDIENCE_LEAD: Final = re.compile(
    r"(?:面向|针对|适合|主打|给|受众(?:是|为)?|目标(?:人群|用户|客户)(?:是|为)?|对着?|让|送|观众(?:是|多为|主要是)?|粉丝(?:是|多为|主要是|以)?)(?:那些|我们的|广大|很多|[^,.的]{1,4}的|的)?$"
)
_LIST: Final = re.compile(r"和|跟|以及|与|或者?|、|/|\"\s*\"|还有")
#: The next of several: 敏感肌和学生党.
_AND: Final = re.compile(r"^(?:们)?(?:和|跟|以及|与|或者?|、|/)")
#: 最后引导关注: a call for it is made in the text.
_FOLLOW: Final = re.compile(
    r"(?:引导|提醒|求|拉|喊|加|带|提)(?:大家|观众|新人|粉丝)?(?:一?[下波句]|上|个)?(?:点|加)?(?:个|点)?关注(?!度|点)"
)
#: 30岁往上的姐姐, 睡不好的人: people by what is said of them.
_PEOPLE: Final = re.compile(
    r"(?:面向|针对|给|适合|对着|受众是|目标人群是?|写给|说给|讲给)((?:\d{2}岁)?[^,.;!?给]{1,10}?的(?:人群?|姐妹|姐姐|朋友|女生|男生|妈妈|宝妈|宝爸|爸爸|家庭|粉丝|用户|老人|孩子|上班族|打工人|学生|阿姨|叔叔|大姐|大哥))(?=们?(?:看|听|写|用|的|,|\.|!|$))"
)
#: 给装修师傅看的, 讲给独居的人听: whoever is to see or hear it.
_SHOWN_TO: Final = re.compile(r"(?:写|讲|说|念)?给([\u4e00-\u9fff]{2,10}?)们?(?:看|听)(?:的|$|[,.!])")
_NOBODY_SPECIAL: Final = re.compile(
    r"[我你他她它咱]|主播|观众|大家|老板|领导|谁|客户|人家|^(?:别|其他)人$|直播间|写|一[段个条]"
)
#: 里面有质保两年: where it stands is no part of what is said.
_WHERE: Final = re.compile(
    r"^(?:(?:文案|稿子?|话术?|内容|口播)?里[面头]?|其中)(?:一定|必须)?(?:要|得)?(?:有|带上?|写上?)?"
)
_EDGES: Final = re.compile(
    r"^(?:一下|下|到|出|的|是|了|它|其|这个|那个|我们的?|咱们的?)+|(?:一下|的|了|吧|哦|啊|哈|呢|就行|即可|就好)+$"
)


#: 不要催了, 正常说: nobody is to be hurried any more.
_CALMLY: Final = re.compile(
    r"(?:不要|别|不用|甭|莫|少)(?:再|老|总)?(?:这么|那么|太)?催(?!单|付|促)|不催了|"
    r"(?:正常|平常|平时|日常)(?:一?点|一些|地|的)?(?:说|讲|聊|语[气速]|口气)"
)


def styles(text: str) -> tuple[list[str], list[str]]:
    """Return the styles that are wanted and those that are not."""
    wanted, unwanted = [], []
    for label, pattern in phrases("styles").items():
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 5) : match.start()]
            if re.search(
                r"(?:太|过于|别|不要|这么|那么|不用|不想)(?:这么|那么|太|过于)?$", before
            ) and not before.endswith("不够"):
                unwanted.append(label)
            elif not re.search(r"(?<!能)(?<!够)不$", before):
                wanted.append(label)
            break
    return wanted, [label for label in unwanted if label not in wanted]


def length_change(text: str, negated: list[str]) -> str | None:
    """Return "shorter" or "longer" when the text is to be so; "别太长" asks for shorter as well."""
    cues = phrases("cues")
    for bit in negated:
        if _TOO.search(bit) and re.search(r"长|啰嗦|拖|多字", bit):
            return "shorter"
        if _TOO.search(bit) and re.search(r"短|简单|简略", bit):
            return "longer"
    if cues["shorter"].search(text):
        return "shorter"
    return "longer" if cues["longer"].search(text) else None


def read_slots(text: str, pace: int) -> tuple[dict[str, Any], str]:
    """Return what folded `text` says of the details, and the text without its length of time."""
    seconds, rest = seconds_asked(text, pace)
    negated = [match[0] for match in NEGATED.finditer(text)]
    positive = NEGATED.sub("", rest)
    wanted, unwanted = styles(positive)
    unwanted += [label for bit in negated for label in chain(*styles(bit)) if label not in (*wanted, *unwanted)]
    if _CALMLY.search(text) and not {"紧迫"} & {*wanted, *unwanted}:
        unwanted.append("紧迫")
    offers = [match[0] for match in _OFFER.finditer(positive)]
    if _FOLLOW.search(positive) and phrases("scenarios")["opening"].search(positive) is None:
        offers.append("点个关注")
    told = _said(positive, text)
    slots: dict[str, Any] = {
        "style": wanted,
        "avoid_style": unwanted,
        "seconds": seconds,
        "length_change": length_change(positive, negated),
        "audience": _audiences(positive),
        "must_say": list(dict.fromkeys([*told, *offers])),
        "say_if_held": [one for one in _mentioned(positive) if not any(one in said for said in told)],
        "must_not_say": _unsaid(text),
        "prices": [match[0].strip() for match in _PRICE.finditer(_OFFER.sub("", positive))],
    }
    return {key: value for key, value in slots.items() if value not in (None, [], "")}, rest


def _audiences(text: str) -> list[str]:
    pattern = phrases("audiences")["words"]
    found: list[str] = [match[1] for match in _PEOPLE.finditer(text)]
    end = -1
    for match in pattern.finditer(text):
        lead = text[max(0, match.start() - 12) : match.start()]
        joined = end >= 0 and _AND.fullmatch(text[end : match.start()])
        if (
            joined
            or _AUDIENCE_LEAD.search(lead)
            or re.match(r"(?:们)?(?:人群|群体|粉丝|看的|听的|用户|为主|喜欢|爱听)", text[match.end() :])
        ):
            if not any(match[0] in one for one in found):
                found.append(match[0])
            end = match.end()
    shown = [match[1] for match in _SHOWN_TO.finditer(text) if not _NOBODY_SPECIAL.search(match[1])]
    found += [one for one in shown if not any(one in known or known in one for known in found)]
    return list(dict.fromkeys(found))


def _said(text: str, whole: str) -> list[str]:
    """Return what is to be said by folded `text`, the wanted part of the `whole` message."""
    # What stands in quotes forbids nothing, whatever it says: "喝水别等渴".
    refused = [match.span() for match in NEGATED.finditer(whole) if match[0][:2] != "别忘" and match[0][:3] != "不要忘"]
    quoted = [
        match["said"]
        for match in _QUOTED_SAY.finditer(whole)
        if not any(start <= match.start() < end for start, end in refused)
        and not (match["there"] and _FAULT.search(whole, match.end()))
    ]
    found = [part for match in _SAY_THIS.finditer(text) for part in _LIST.split(match[1])]
    found += [part for match in _SAY_THAT.finditer(text) for part in _LIST.split(match[1])]
    found += [part for match in _SAY_ALSO.finditer(text) for part in _LIST.split(match[1])]
    found += [part for match in _MUST_SAY.finditer(text) for part in _LIST.split(match[1])]
    found += [
        part
        for match in _PLAINLY_SAY.finditer(text)
        if _is_saying(match[1]) and not _FAULT.search(whole, whole.find(match[1]) + len(match[1]))
        for part in _LIST.split(match[1])
    ]
    clean = [_WHERE.sub("", _trimmed(part)) for part in found]
    clean = [part for part in clean if len(part) >= 2 and not _NO_SAYING.fullmatch(part) and part[-2:] != "一点"]
    return list(dict.fromkeys(quoted + [part for part in clean if not any(part in q for q in quoted)]))


def _mentioned(text: str) -> list[str]:
    """Return what plain words without a figure may want said: 要说绑带, 产地说一下, 多聊聊显白.

    Only the record tells it from a manner or a topic (`held.with_held`).
    """
    found = [
        part
        for pattern in (_PLAINLY_SAY, _TOLD_BEHIND, _TELL_OF)
        for match in pattern.finditer(text)
        if not _OF_THE_TEXT.search(match[1])
        for part in _LIST.split(match[1])
    ]
    found += [one[1] or one[2] for one in _IF_HELD.finditer(text)] + [one[1] for one in _IF_THERE.finditer(text)]
    clean = [_WHERE.sub("", _trimmed(part)) for part in found]
    return list(
        dict.fromkeys(
            part
            for part in clean
            if 2 <= len(part) <= _SHORT and not _NO_SAYING.search(part) and not any(chain(*styles(part)))
        )
    )


def _is_saying(words: str) -> bool:
    """Tell whether plain words behind 要说 can surely be said on air: they tell a figure, and no manner or segment."""
    figure = _FIGURE.search(words)
    if figure is None or len(words) < len(figure[0]) + 2 or _OF_THE_TEXT.search(words):
        return False
    if _NO_SAYING.search(words) or any(chain(*styles(words))):
        return False
    return not any(pattern.search(words) for pattern in phrases("scenarios").values())


def _unsaid(text: str) -> list[str]:
    found = []
    for pattern in (_NOT_SAY, _TAKE_OUT):
        for match in pattern.finditer(text):
            if not _TOO.match(match[1]) and not re.match(r"[得这那]", match[1]):
                found += [_trimmed(part) for part in _LIST.split(match[1])]
    for pattern in (_NOT_THAT, _THAT_OUT):
        for match in pattern.finditer(text):
            if not _POINTS_INTO.search(match[1]):
                found += [_trimmed(part) for part in _LIST.split(match[1])]
    return list(
        dict.fromkeys(
            part
            for part in found
            if part
            and part not in ("一点", "点", "话", "一", "短", "长", "好不好", "改", "动", "变", "换")
            and not _BARE_VERB.fullmatch(part)
        )
    )


def _trimmed(part: str) -> str:
    bare = re.sub(r"^([^\"]{1,20})\"[字词](?:眼)?$", r"\1", part.strip(" \"'"))
    return _EDGES.sub("", bare)
