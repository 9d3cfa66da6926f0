"""Of what a clause speaks: of the goods that are sold, of something they are held against, or of somebody's own things.

A figure that the record does not bear out is a false statement only when it is said of the goods. What is said of the
old bag, the shop downstairs or a customer's order is not; what is said in somebody's story may be either, and a person
has to look at it.
"""

import re
from typing import Final

from backend.quality.context import clause, sentence
from backend.quality.heads import headed

#: Before a word in its clause: it is told of something else, or denied.
COMPARED: Final = headed(
    r"不像|不是|不算|比|普通|一般的|别的|别人|别家|人家(?!是|可是|这|本来|它)|传统|那种|以前|从前|原来那|其[他它]|市面|换成|代替|告别|没有|没带|不带|不含|不用|不能|不送|怕|不同于|"
    r"区别|隔壁|外[面头](?:卖|的|买|那|店|超市|人|市|随便)|超市|楼下|网上|山寨|不卖|没卖|不做|为啥|为什么|[老旧]款|旧的|上一代|不要?拿|别拿|分不清|冒充|[你您]?要找|想找|想要找"
)
#: Somebody's own things and days, in the sentence up to the word.
_STORY: Final = headed(
    r"(?:[我你他她]|咱)(?:们|家)?(?:[妈爸爷奶姐妹哥弟婆公舅姨姑叔](?!们)|老公|老婆|媳妇|儿子|女儿|闺女|同事|闺蜜|朋友|邻居|对象|室友|徒弟|师傅|老板)|"
    r"(?<![双单夏冬])同事|闺蜜|邻居|[我你他她](?:们|家|自己)?(?:那|以前|之前|原来|上次|上回|上个?月|上周|昨[天晚]|前[天年]|去年|小时候|第一次|刚开始|当年|平时|每天|大概|一般|现在|自己)|"
    r"有(?:个|位|一)[^，。！？]{0,6}(?:姐|哥|客|粉丝|朋友|大|妈|同学)|客[人户]|顾客|买家|粉丝|老粉|回头客|弹幕|有人|你要|想要|[问说]我|[你您](?:们)?家|[我咱]们?家(?:今年|往年|去年)|你要是|如果你|比如"
)
#: What is done with the goods, and how much of them: 撬五克, 抓一小把.
_PORTION: Final = re.compile(
    "(?:[撬舀挖取投放加倒挤抓称兑冲泡煮切撒滴抹涂喝吃拌配拿掰剪走跑开坐站等睡住骑]|(?<![容重含数质份能流热剂电水])量)(?:个|上|了|到|够|满|大概|差不多|约|一般|出|进|入|着|下)*$"
)


#: Of whom or what a clause speaks when it is not certainly the goods: a wish, a case that is put, somebody who is sent
#: away, what it is said not to be, what viewers have.
_UNSURE: Final = re.compile(
    r"也许|或许|可能|没准|要是|如果|假如|万一|的话(?=[，。！]|$)|喜欢[^，。！？]{0,8}的(?!人|朋友|姐妹)|偏爱|[劝叫让][你您]|不必|不用买|别[买拍选点]|先别|甭买|缓一?缓|划走|绕道|"
    r"不(?:太|大|怎么)?(?:适合|合适|推荐|建议)|那(?:才)?[是叫]|(?:不|没|别)[^，。！？]{0,3}[说讲叫][^，。！？]{0,4}[是成叫]|[您你](?:们)?(?:家|自己)|"
    r"[我咱]们?家(?:的|里)?(?:那|猫|狗|娃|孩|老|小|大|主子|毛孩|客厅|厨房|冰箱|囡|妞)|谁|哪[个位家]|有[人的]|有些|什么|吗"
)


def is_unsure(text: str, start: int, end: int) -> bool:
    """Tell whether the clause of a place, or the one before it, may put a case or speak of something else."""
    low, high = clause(text, start, end)
    begin, _ = sentence(text, start, end)
    before, _ = clause(text, max(begin, low - 1), max(begin, low - 1))
    return text[high : high + 1] == "？" or _UNSURE.search(text, max(before, low - 16), high) is not None


def is_of_another(text: str, start: int, end: int) -> bool:
    """Tell whether the clause, up to the word at `start`, holds it against something else or denies it."""
    low, _ = clause(text, start, end)
    return COMPARED.search(text, low, start) is not None


def is_told_of_somebody(text: str, start: int, end: int, *, portions: bool = True) -> bool:
    """Tell whether a place stands in somebody's story, or (if `portions`) says how much of the goods one takes."""
    low, _ = sentence(text, start, end)
    begin, stop = clause(text, start, end)
    story = _STORY.search(text, max(low, begin - 24), stop) is not None
    return story or (portions and is_portion(text, start, end))


def is_portion(text: str, start: int, end: int) -> bool:
    """Tell whether a figure at `start` follows a word for taking some of the goods: 撬五克."""
    return _PORTION.search(text, clause(text, start, end)[0], start) is not None
