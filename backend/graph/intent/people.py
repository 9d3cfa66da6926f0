"""Who is to speak: a name that stands where a voice is asked for, and is no manner of speaking."""

import re
from typing import Final

import rjieba

_SURNAMES: Final = frozenset(
    "李王张刘陈杨赵黄周吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "伍韦申尤毕聂丛焦向柳邢岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄"
)
_NAME: Final = r"([\u4e00-\u9fff]{2,4}?)"
_VOICE: Final = re.compile(
    rf"(?:用|以|按|照|学|模仿|仿|像|换成?|改成)(?:着)?{_NAME}(?:那种|那样)?的?(?:口吻|语气|口气|声音|声线|腔调|调调|风格|人设|口头禅|语速|说话方式|讲话方式|路子|感觉)|"
    rf"(?:学|模仿|像){_NAME}(?:那样|那么|一样)(?:说|讲|写|播|卖)|"
    rf"(?:^|(?<=[,.;!?今晚天这场换让由叫请是])){_NAME}(?:来(?:播|讲|说|念|主播|带)|(?:主?播|讲|念|出镜)(?=$|[,.;!?的])|主播)|"
    rf"主播(?:是|叫|换成?|为|:)?{_NAME}(?=$|[,.;!?])"
)
#: Of the forms of `_VOICE` those that ask for a manner.
_MANNERS: Final = frozenset({0, 1})
_CALLED: Final = re.compile("[老小阿大]([\u4e00-\u9fff])")
_TITLED: Final = re.compile("([\u4e00-\u9fff])(?:哥|姐|总|老师|叔|姨|妹|爷|嫂|师傅|主播|老板|医生)")
#: 老师, 大方, 小白: words, though what follows could be a surname.
_WORDS: Final = frozenset(
    [
        "大方",
        "小白",
        "老白",
        "大白",
        "大金",
        "小金",
        "大石",
        "小石",
        "大江",
        "小康",
        "老成",
        "小成",
        "大成",
        "老路",
        "小路",
        "大路",
        "小时",
        "老时",
        "小关",
        "大关",
        "大文",
        "小文",
        "大梁",
        "小梅",
        "大段",
        "小段",
        "大马",
        "小马",
        "老马",
        "大牛",
        "老牛",
        "小牛",
        "大安",
        "大章",
        "小查",
    ]
)


def called_by_voice(text: str) -> str | None:
    """Return who is named where folded `text` asks for a voice: 用小李的口吻, 今晚老张播; None where nobody is."""
    match = _VOICE.search(text)
    while match is not None:
        place, name = next((place, group) for place, group in enumerate(match.groups()) if group)
        # 林黛玉的语气, 像李佳琦那样说: in whose manner it is said is no host, unless the house calls people so.
        if is_name(name) and (place not in _MANNERS or _of_the_house(name)):
            return name
        # 今晚小李播: what begins a place later may be one.
        match = _VOICE.search(text, match.start() + 1)
    return None


def _of_the_house(name: str) -> bool:
    return _CALLED.fullmatch(name) is not None or (_TITLED.fullmatch(name) is not None and not name.endswith("师傅"))


def is_name(words: str) -> bool:
    """Tell whether words are how a person is called: 小李, 王姐, 李佳琦; and no kind of person or manner."""
    if words in _WORDS:
        return False
    called, titled = _CALLED.fullmatch(words), _TITLED.fullmatch(words)
    if called is not None:
        return called[1] in _SURNAMES or (words[0] == "阿" and not rjieba.has_word(words))
    if titled is not None:
        return titled[1] in _SURNAMES
    if words[0] not in _SURNAMES or not 2 <= len(words) <= 3 or (len(words) == 2 and rjieba.has_word(words)):
        return False
    return [kind for _, kind in rjieba.tag(words)] == ["nr"]
