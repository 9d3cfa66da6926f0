"""Corrections of a text on a teleprompter, and eyes that see whether the words being read have moved by them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: What the page can be asked: `top(o)`, where the character at this offset of the text is; `read()`, the offset of the
#: character being read, by the way along its line that the reading line is on.
EYES: Final = """() => {
    const words = () => [...document.querySelectorAll('.track [data-o]')]
    const line = () => { const box = document.querySelector('.stage').getBoundingClientRect()
        return box.top + box.height * 0.36 }
    window.box = o => { const word = words().findLast(one => Number(one.dataset.o) <= o)
        const range = document.createRange(); const inside = Math.min(o - Number(word.dataset.o),
            word.firstChild.data.length - 1)
        range.setStart(word.firstChild, inside); range.setEnd(word.firstChild, inside + 1)
        return range.getBoundingClientRect() }
    window.top_ = o => box(o).top
    window.read = () => { const at = line(); const all = words()
        const first = all.findIndex(one => one.getBoundingClientRect().bottom > at)
        const top = all[first].getBoundingClientRect(); let last = first
        while (all[last + 1] && all[last + 1].getBoundingClientRect().top < top.bottom - top.height / 2) last++
        const share = Math.min(1, Math.max(0, (at - top.top) / top.height))
        return Number(all[first + Math.floor((last - first) * share)].dataset.o) }
    window.off = o => { const at = line(); const { top, bottom } = box(o)
        return at < top ? top - at : at > bottom ? at - bottom : 0 }
    window.watch = o => { window.seen = []
        const step = () => { seen.push([document.timeline.currentTime, top_(window.following ?? o)])
            if (window.seen) requestAnimationFrame(step) }
        requestAnimationFrame(step) } }"""


def script(length: int) -> str:
    """A text as long, of paragraphs of all lengths, in which no sentence comes twice."""
    chance = random.Random(8)
    goods = ["保温杯", "卫龙辣条", "空气炸锅", "羽绒服", "护手霜", "电饭煲", "儿童书包", "蓝牙耳机"]
    told = ["早上灌进去的热水，到了下午还是烫嘴的", "今天只要 59.9 元，再送一个杯刷", "拍完就没有了，喜欢的不要犹豫",
            "质检报告放在详情页里，想看的点进去慢慢看", "一键弹开，开车的时候单手就能操作"]  # fmt: skip
    paragraphs: list[str] = []
    while sum(map(len, paragraphs)) + len(paragraphs) < length:
        number = len(paragraphs)
        sentences = [
            f"第{number}段第{place}句说{chance.choice(goods)}，{chance.choice(told)}。"
            for place in range(chance.choice((1, 1, 2, 3, 4, 6)))
        ]
        paragraphs.append("【举起产品】" if number % 9 == 4 else "".join(sentences))
    return "\n".join(paragraphs)[:length]


@dataclass(frozen=True)
class Edit:
    """A correction: the text after it, and where a character of the text before is in it."""

    name: str
    text: str
    moved: Callable[[int], int]


def inserted(name: str, text: str, at: int, more: str) -> Edit:
    """`more` is put in at an offset."""
    return Edit(name, text[:at] + more + text[at:], lambda o: o + len(more) if o >= at else o)


def edits(text: str, reading: int) -> list[Edit]:
    """Corrections around the character at offset `reading`."""
    begin = text.rfind("\n", 0, reading) + 1
    end = text.find("\n", reading) % (len(text) + 1)
    above = text.rfind("\n", 0, max(0, begin - 400)) + 1
    return [
        inserted("paragraph above", text, above, "先插一句要紧的话，" + "今天的优惠只有这一场。" * 9 + "\n"),
        inserted("short paragraph above", text, begin, "注意听好。\n"),
        inserted("same paragraph, above", text, begin, "各位听好了，接下来这一段是临时加的内容，"),
        inserted("just before it", text, max(begin, reading - 3), "真的是"),
        # Within a line the eye is known to half a dozen characters.
        inserted("just behind it", text, reading + 8, "只有今天这一场才有的"),
        inserted("same paragraph, below", text, end, "这一句加在这一段的最后。"),
        inserted("paragraph below", text, end, "\n后面再加一段，" + "大家不要走开。" * 9),
        Edit(
            "sentence above taken out",
            text[:above] + text[text.find("\n", above) + 1 :],
            lambda o: o - (text.find("\n", above) + 1 - above),
        ),
    ]
