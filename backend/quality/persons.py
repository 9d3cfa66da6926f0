"""Names of persons: by the word before them, a number beside them, the column they stand in."""

import re
from collections.abc import Iterator
from typing import Final

import rjieba

from backend.quality.shapes import shape

_SURNAMES: Final = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒"
    "屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣邓郁单杭洪包诸左石"
    "崔吉龚程邢裴陆荣翁荀羊惠甄曲封储靳段富巫乌焦巴弓牧隗山谷车侯全班仰秋仲伊宫宁仇栾甘厉戎祖武符刘景詹束龙叶幸司黎薄印宿白蒲从鄂索"
    "籍赖卓蔺屠蒙池乔阴胥能苍双闻党翟谭贡劳逄姬申扶冉宰雍璩桑桂牛寿通边燕冀浦尚农温庄晏柴瞿阎连习艾容向古易廖终步都耿满弘匡文寇广东欧"
    "沃利蔚越隆师巩聂敖冷辛阚简饶空曾沙鞠关相查后荆红游权盖益桓公岳"
)


#: Surnames of two characters.
_OF_TWO: Final = (
    "欧阳|司徒|诸葛|上官|司马|皇甫|尉迟|公孙|慕容|令狐|东方|夏侯|端木|南宫|独孤|呼延|"
    "澹台|赫连|拓跋|轩辕|宇文|长孙|太史|西门|闻人|钟离|濮阳|淳于|单于|申屠|仲孙"
)
#: Words that begin with a character which is a surname too.
_NO_NAMES: Final = re.compile(
    r"(?:都|和|是|可以|请|填|写|要|不|在|能|安全|安排|明天|成功|何时|相同|时间|方便|华丽|关注|方式|单号|"
    r"包裹|全部|满|司机|"
    r"应该|经理|高先生|应|连接|左右|白天|边上|终于|从|于|时候|别|向|常|能否|安装|强调|金额|温馨|万一|双方|"
    r"连同|车牌|号码|"
    r"水果|国际|平台|广告|党|牛奶|古法|容量|家人|幸好|宿舍|游客|查询|后台|相关|公司|来|到|给|今天|马上|"
    r"谢谢|麻烦|全国|尽快|包邮)"
)
#: Whom 我是… tells of besides: where somebody is from, what skin, sign or trade somebody has.
_NO_ENDING: Final = re.compile("[人皮座肌员师手妈爸粉客族党控商户的了呢啊吧吗哦呀家]$")
_ORDERED: Final = re.compile(
    "订单|下单|下的单|那单|换货|拍了|拍的|买的|买了|收货|快递|电话|手机|退款|退货|换货|单号|查一?下|预约|登记|报名|地址"
)
_PINYIN: Final = re.compile(
    "bai|cai|cao|chang|chen|cheng|cui|dai|deng|ding|dong|du|duan|fan|fang|feng|fu|gao|gu|guo|han|hao|"
    "he|hou|hu|huang|huangfu|jia|jiang|jin|kang|kong|li|liang|liao|lin|liu|long|lu|luo|lv|ma|mao|"
    "meng|ouyang|pan|peng|qian|qin|qiu|ren|shangguan|shao|shen|shi|situ|song|su|sun|tan|tang|tian|"
    "wan|wang|wei|wu|xia|xiao|xie|xiong|xu|xue|yan|yang|yao|ye|yi|yin|yu|yuan|zeng|zhang|zhao|zheng|"
    "zhong|zhou|zhu|zhuge|zou"
)
_KIN: Final = (
    "(?:妈妈?|爸爸?|老公|老婆|媳妇|爱人|对象|女朋友|男朋友|儿子|女儿|闺女|奶奶|爷爷|外婆|外公|姥姥|姥爷|"
    "姐姐?|妹妹?|哥哥?|弟弟?|婆婆|公公|岳母|"
    "岳父|丈母娘|朋友|闺蜜|同事|室友|邻居|嫂子|姑姑?|舅舅?|阿姨|叔叔?|表[姐妹哥弟]|堂[姐妹哥弟])"
)
#: Where a name ends.
_AFTER: Final = r"(?=[，。,、；;\s！!？?（(）)\"'&}\]|/]|$)"


def _name(match: re.Match[str], _before: str) -> str | None:
    name = match.group("name")
    if "·" not in name and ((name[0] not in _SURNAMES and not re.match(_OF_TWO, name)) or re.match(_NO_NAMES, name)):
        return None
    return _starred(match)


def _starred(match: re.Match[str]) -> str:
    low, high = (at - match.start() for at in match.span("name"))
    words = match.group()
    return words[: low + 1] + "*" * (high - low - 1) + words[high:]


def _likely(match: re.Match[str], before: str) -> str | None:
    """Where little calls it a name, the dictionary has to take it for one as well."""
    name = match.group("name")
    if _name(match, before) is None or _NO_ENDING.search(name):
        return None
    return _starred(match) if _stands_apart(name) or _is_known_name(name) else None


def _stands_apart(name: str) -> bool:
    """Tell whether no word of the dictionary begins with the surname: 岳|鹏程, and not 马上|到."""
    first = rjieba.cut(name, False)[0]
    return len(first) == 1 or (len(name) > 2 and re.fullmatch(_OF_TWO, first) is not None)


def _is_known_name(name: str) -> bool:
    return len(name) > 2 and rjieba.tag(name) == [(name, "nr")]


def _who_ordered(match: re.Match[str], before: str) -> str | None:
    """我是… is said of everything: only somebody who has ordered gives a name with it."""
    near = match.string[max(0, match.start() - 60) : match.end() + 60]
    return _likely(match, before) if _ORDERED.search(near) and not rjieba.has_word(match.group("name")) else None


def _who_ordered_by_name(match: re.Match[str], before: str) -> str | None:
    """Where not even a word calls it a name, each part of it has to be one in the dictionary."""
    near = match.string[match.end() : match.end() + 60]
    name = match.group("name")
    tags = [tag for _, tag in rjieba.tag(name)]
    known = tags[0].startswith("nr") and (len(tags) == 1 or (tags[0] == "nr" and len(rjieba.cut(name, False)[0]) == 1))
    return _name(match, before) if known and _ORDERED.search(near) and not _NO_ENDING.search(name) else None


def _beside_a_number(match: re.Match[str], before: str) -> str | None:
    """`name:` is everything's; with a telephone in the same record it is a person's."""
    near = match.string[max(0, match.start() - 80) : match.end() + 80]
    return _name(match, before) if re.search(r"1[3-9]\d{9}|\d{17}[\dx]", near, re.IGNORECASE) else None


def _in_latin(match: re.Match[str], _before: str) -> str | None:
    return match.group()[: match.start("name") - match.start()] + match.group("name")[0] + "****"


def _in_pinyin(match: re.Match[str], before: str) -> str | None:
    words = re.split(r"[ \-]", match.group("name").lower())
    return _in_latin(match, before) if any(map(_PINYIN.fullmatch, (words[0], words[-1]))) else None


NAMES: Final = (
    shape(
        "person_name",
        r"(?:(?:收件人?|收货人?|取件人|提货人|自提人|代收人|领取人|经办人|报名人|预约人|投诉人|申请人|"
        r"委托人|患者|学员|收[件货]的|签收人?|"
        r"联系人|联络人|收款人|付款人|汇款人|持卡人|开户人|下单人|中奖人|投保人|法人|机主|户主|车主|房东|"
        r"姓名|户名|真名|我叫|本名|本人|寄给|发给|抬头|名字)"
        r"(?:姓名)?(?:(?:上面)?(?:写|填|登记|留|签)的?)?(?:的?(?:名字|姓名))?(?:就?是|叫|为)?[:：=\s]{0,3}|"
        r"(?<![\u4e00-\u9fa5])收[:：]\s?|"
        r"(?<![a-z])(?:receiver|recipient|consignee|addressee|contact|customer|buyer|payee|real|full|"
        r"legal)(?:[_\s-]?name)?"
        r"[\"']?\s{0,2}[:：=]\s{0,2}[\"']?)"
        r"(?P<name>[\u4e00-\u9fa5](?:\s?[\u4e00-\u9fa5·]){1,3}?)(?=[，。,、；;\d！!？?（(）)\"'&}\]|/]|"
        r"\s(?![\u4e00-\u9fa5](?:[\s\"'，,]|$))|$|电话|手机|住|地址|的|身份证|证件|微信|"
        r"卡|qq|电|号|先生|女士|小姐)",
        _name,
    ),
    shape(
        "person_name",
        r"(?<![a-z])(?:receiver|recipient|consignee|addressee|payee)(?:[_\s-]?name)?[\"']?\s{0,2}[:：=]\s{0,2}[\"']?"
        r"(?P<name>(?-i:[A-Z][a-z]+(?:[ \-][A-Z][a-z]+){1,2}))(?![a-z])",
        lambda m, _: m.group()[: m.start("name") - m.start()] + m.group("name")[0] + "****",
    ),
    shape(
        "person_name",
        rf"姓[{_SURNAMES}][，,\s]{{0,2}}(?:名字?|全名)(?:叫|是|为)(?P<name>[\u4e00-\u9fa5]{{1,2}})(?=[，。,、；;\s]|$)",
        lambda m, _: m.group()[: m.start("name") - m.start()] + "*" * len(m.group("name")),
    ),
    # A short name with a telephone number behind it needs no word before.
    shape(
        "person_name",
        r"(?<![\u4e00-\u9fa5a-z\d])(?P<name>[\u4e00-\u9fa5]{2,4})(?=[，,、:：\s]{1,3}"
        r"(?:(?:电话|手机|tel)[:：\s]*)?(?:\+?86[-\s]?)?1[3-9]\d)",
        _name,
        needs=r"1[3-9]\d",
    ),
    # Of other peoples, with the dot between their parts.
    shape(
        "person_name",
        r"(?:收件人?|收货人?|签收人?|联系人|联络人|姓名|户名|我叫|本人|名字|寄给)(?:就?是|叫|为)?[:：=\s]{0,3}"
        r"(?P<name>[\u4e00-\u9fa5]{2,8}(?:·[\u4e00-\u9fa5]{1,8}){1,3})",
        _name,
    ),
    shape(
        "person_name",
        r"(?:姓名|名字|收[件货]人名?|联系人|抬头)(?:[^，。,\n\u4e00-\u9fa5]{0,2})(?:请|帮我?|要)?(?:改成|改为|"
        r"换成|写成|更正为|个人|改|换)[:：\s]{0,3}"
        r"(?P<name>[\u4e00-\u9fa5]{2,4}?)(?=[，。,、；;\s\d！!（(]|$|吧|就|谢谢|电话|手机)",
        _name,
    ),
    shape(
        "person_name",
        rf"姓(?P<name>(?:[{_SURNAMES}]|{_OF_TWO})[，,\s]{{0,2}}名字?(?:叫|是|"
        rf"为)?[\u4e00-\u9fa5]{{1,2}})(?=[，。,、；;\s]|$)",
        lambda m, _: m.group()[0] + "*" * (len(m.group()) - 1),
    ),
    shape(
        "person_name",
        r"(?:收[件货]人|姓名|名字)[^。\n]{0,4}(?:错|漏|少)[^。\n]{0,6}(?:应该?|其实|正确的?)(?:是|叫|"
        r"为)(?P<name>[\u4e00-\u9fa5]{2,4}?)(?=[，。,！!\s]|$)",
        _likely,
    ),
    shape(
        "person_name",
        r"(?:顾客|客户|买家|会员|用户|粉丝)(?P<name>[\u4e00-\u9fa5]{3})(?=要求|反馈|投诉|申请|已经|想要|"
        r"来电|留言|退货|退款|换货)",
        _likely,
    ),
    # Of somebody's own people, where they are called by name or get something.
    shape(
        "person_name", rf"{_KIN}(?:的?(?:名字|姓名))?(?:叫|名叫|是叫)(?P<name>[\u4e00-\u9fa5]{{2,4}}?){_AFTER}", _likely
    ),
    shape("person_name", rf"(?:寄|发|送|留|转)给?我?{_KIN}(?P<name>[\u4e00-\u9fa5]{{2,4}}?){_AFTER}", _likely),
    shape(
        "person_name",
        r"(?:(?<![\u4e00-\u9fa5])我是|本人|敝姓|鄙人)(?P<name>[\u4e00-\u9fa5]{2,4}?)(?=同意|承诺|申请|"
        r"确认|已|要求|委托|[，,。！!\s]|$)",
        _who_ordered,
    ),
    # Without a word between: 我俞飞鸿，老顾客了; 我是老客户殷明珠.
    shape(
        "person_name",
        r"(?:(?<![\u4e00-\u9fa5])我|(?<=我是)[新老](?:客户|顾客|会员|粉丝?))(?P<name>[\u4e00-\u9fa5]{3})(?=[，,。！!\s])",
        _who_ordered_by_name,
    ),
    shape(
        "person_name",
        r"(?<=[写填寄送给成为室号楼户\d，,\s])(?P<name>[\u4e00-\u9fa5]{2,4}?)(?=收(?:[，。,、；;\s！!]|$))",
        _likely,
        needs=r"收(?:[，。,、；;\s！!]|$)",
    ),
    shape(
        "person_name",
        r"给(?P<name>[\u4e00-\u9fa5]{2,3}?)(?=(?:老师|先生|女士|小姐|同学|医生|经理|师傅)(?:的|收|[，。,！!\s]|$))",
        _likely,
    ),
    shape(
        "person_name",
        rf"姓(?P<name>[{_SURNAMES}][，,\s]{{0,2}}单名(?:一个|是|叫)?[\u4e00-\u9fa5]字?)(?=[，。,、；;\s]|$)",
        lambda m, _: m.group()[0] + "*" * (len(m.group()) - 1),
    ),
    shape(
        "person_name",
        r"(?<![a-z_])(?:user_?)?name[\"']?\s{0,2}[:：=\s]\s{0,2}[\"']?(?P<name>[\u4e00-\u9fa5]{2,4})(?=[\"'，,&;；\s}]|$)",
        _beside_a_number,
    ),
    shape(
        "person_name",
        r"(?<![a-z_])name[\"']?\s{0,2}[:：=]\s{0,2}[\"']?(?P<name>(?-i:[A-Z][a-z]+(?:[ \-][A-Z][a-z]+){1,2}))(?![a-z])",
        _in_pinyin,
    ),
)
#: A table's column whose cells are people's names.
_NAME_COLUMN: Final = re.compile(
    r"(?:收[货件]人|联系人|姓名|客户|会员|买家|签收人)(?:姓名)?|consignee|recipient|"
    r"(?:receiver|recipient|consignee|contact|customer|buyer|full)[_ ]?name",
    re.IGNORECASE,
)


_IN_FRONT: Final = re.compile(r"(?:^|[^\u4e00-\u9fa5a-zA-Z\d])(?P<name>[\u4e00-\u9fa5]{2,3})[，,、:：\s]{0,2}$")
_BEHIND: Final = re.compile(rf"[，,、\s]{{0,2}}(?P<name>[\u4e00-\u9fa5]{{2,3}}?)(?:代?收|{_AFTER})")


def names_beside(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield names that stand right at somebody's number, at `text[start:end]`: 张伟13800138000, or behind a card."""
    window = max(0, start - 8)
    before = _IN_FRONT.search(text[window:start])
    if before is not None and _likely(before, "") is not None:
        yield window + before.start("name"), window + before.end("name")
    behind = _BEHIND.match(text[: end + 8], end)
    if behind is not None and _likely(behind, "") is not None:
        yield behind.span("name")


def names_in_columns(text: str) -> Iterator[tuple[int, int]]:
    """Yield the names that stand in a table's column of names: 收货人,件数 over 蒋文彬,2."""
    head, _, rows = text.partition("\n")
    mark = next((mark for mark in ("\t", "|", ",", ";") if mark in head), None)
    if not rows or mark is None or _NAME_COLUMN.search(head) is None:
        return
    places = [at for at, cell in enumerate(head.split(mark)) if _NAME_COLUMN.fullmatch(cell.strip(" \"'"))]
    begin = len(head) + 1
    for row in rows.split("\n"):
        start = begin
        for at, cell in enumerate(row.split(mark)):
            name = cell.strip(" \"'")
            if at in places and re.fullmatch("[\u4e00-\u9fa5]{2,4}", name) and name[0] in _SURNAMES:
                first = start + cell.index(name)
                yield first, first + len(name)
            start += len(cell) + 1
        begin += len(row) + 1
