"""What people of other parts of the country type, in standard words: 电饭煲仲有几多部 is 电饭煲还有多少部.

Only function words, question words and the verbs of our requests: what is to be said on air stays as it was typed, and
so does what stands in quotes.
"""

import re
from typing import Final

#: Cantonese first (after folding it is in simplified characters), then Sichuan, the north-east, Shanghai. What holds
#: another comes first.
_WORDS: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"(?:食|吃)(?:咗|了)饭未|食饭未", "吃饭了没有"),
        (r"可唔可以", "可不可以"),
        (r"得唔得", "行不行"),
        (r"系唔系|系咪", "是不是"),
        (r"有冇(?:得)?", "有没有"),
        (r"冇(?:得)?", "没有"),
        (r"唔该", "麻烦"),
        (r"唔(?:使|洗)", "不用"),
        (r"唔好|咪(?=[讲写提改])", "不要"),
        (r"唔系", "不是"),
        (r"唔", "不"),
        (r"嗰", "那"),
        (r"呢(?=[段句版条篇个稿])", "这"),
        (r"嘅", "的"),
        (r"佢(?:哋)?", "它"),
        (r"咗", "了"),
        (r"仲(?=有|剩|未|要|可|系|想)", "还"),
        (r"几多", "多少"),
        (r"几钱|好多钱|几多钱", "多少钱"),
        (r"好多(?=[件个台部盒箱袋瓶单份][?.!]*$)", "多少"),
        (r"而家", "现在"),
        (r"(?<=[\u4e00-\u9fff])啲(?=[,.!?]|$)", "点"),
        (r"啲", "些"),
        (r"喇(?!叭|嘛)|啦喎|㗎|噃", "了"),
        (r"俾|畀", "给"),
        (r"睇", "看"),
        (r"乜(?:嘢|野)?", "什么"),
        (r"点解", "为什么"),
        (r"点样", "怎么"),
        (r"边个", "哪个"),
        (r"喺", "在"),
        (r"揾", "找"),
        (r"攞", "拿"),
        (r"嘢", "东西"),
        (r"(?<=[\d一二三四五六七八九十百])蚊(?!子|帐|香|虫)", "块"),
        (r"(?<=[\u4e00-\u9fff])未(?:呀|啊|呢)?(?=[?!.]*$)", "没有"),
        (r"^(?:返|翻)(?:去|到|返)(?=.*[版段稿条篇])", "回到"),
        (r"(?:还)?有货没得", "还有没有货"),
        (r"没得(?=$|[,.?!哦嘛啊])|莫得", "没有"),
        (r"啷个|咋个", "怎么"),
        (r"啥子", "什么"),
        (r"晓得", "知道"),
        (r"不得行", "不行"),
        (r"得行", "行"),
        (r"(?<=[瞄瞅看查说讲写弄整问改搞])一?哈(?=[,.?!子嘛噻]|$)", "一下"),
        (r"(?:瞄|瞅|睃)(?:一|两)?(?:下|眼)|瞄瞄|瞅瞅", "看一下"),
        (r"接到起|接倒", "接着"),
        (r"(?:噻|嗦|撒)(?=[,.?!]|$)", ""),
        (r"嘎(?:哈|啥)|干哈", "干什么"),
        (r"啥前儿", "什么时候"),
        (r"咧(?=[,.?!]|$)", "呢"),
        (r"侬", "你"),
        (r"勿要", "不要"),
        (r"伐(?=[?!.]*$)", "吗"),
    )
)
_QUOTED: Final = re.compile(r'("[^"]*")')
#: Signs that any of them needs. Most messages hold none.
_ANY: Final = re.compile(
    r"[冇唔嗰嘅佢咗仲几啲喇㗎噃俾畀睇乜边喺揾攞嘢蚊未返翻食得啷咋啥晓哈瞄瞅睃噻嗦撒嘎咧侬勿伐系接莫好而点呢咪]"
)


def in_standard_words(text: str) -> str:
    """Return folded `text` with the small words of dialects in the standard language."""
    if _ANY.search(text) is None:
        return text
    parts = _QUOTED.split(text)
    for at in range(0, len(parts), 2):
        for pattern, plain in _WORDS:
            parts[at] = pattern.sub(plain, parts[at])
    return "".join(parts)
