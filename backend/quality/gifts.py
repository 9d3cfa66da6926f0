"""Gifts: what a script gives along with the goods against what the product's record gives."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause, sentence
from backend.quality.heads import headed
from backend.quality.materials import MATERIALS
from backend.quality.matters import is_matter, is_thing
from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS, NUMBER, money_in, parse_number
from backend.quality.patterns import behind, made, places_of
from backend.quality.record import FactFault, overlaps, record_text

_MEASURES: Final = (
    "个双支包条瓶盒片套份张只袋本罐把块对组副盏顶枚件根卷桶台床面盆口"
    "方锭刀座幅轴柄尊束捆挂管贴枝朵串粒颗匹扎帧沓筒篮听坛碗碟部架辆盘圈壶领封页株棵提板杯"
)
#: Measures of matters as well as of things: 一份默契, 两桩小事, 一套说法.
_OF_ANYTHING: Final = "个份件套组对片口面段场"
_HOW_MANY: Final = re.compile(rf"{NUMBER}[{_MEASURES}]$")
#: How big one is, between how many and what: 一支十克的旅行装, 两包八十抽的湿巾.
_SIZE: Final = (
    rf"(?:小|大)?(?P<size>{NUMBER}\s*(?:克|毫升|ml|g|kg|千克|公斤|斤|升|l|抽|厘米|公分|cm|毫米|mm|寸|米|泡|片|粒|"
    rf"小?[{_MEASURES}](?=装)))装?的?(?:小[{_MEASURES}]?|大)?"
)
_GIFT: Final = re.compile(
    rf"(?:加赠|赠送|再送|还送|另送|额外送|多送|附赠|送你们?|送大家|(?<![配发递护寄运断欢])送(?!了)|赠品[是有]?|赠)(?:你们?|大家|您|上|一?份|价值[^的，]{{1,8}}的)?"
    rf"(?:(?P<count>{NUMBER})\s*(?:[{_MEASURES}])|(?P<few>[俩仨])(?![{_MEASURES}人口]))(?:{_SIZE})?(?:同款|价值[^的，]{{1,8}}的|配套的?|小|"
    rf"定制的?)?(?P<thing>[\u4e00-\u9fa5a-z]{{1,8}})"
)
#: The thing first: 送同款帽子一顶.
_GIFT_FIRST: Final = re.compile(
    rf"(?:加赠|赠送|再送|还送|另送|附赠|附送|(?<![配发递护寄运断欢])送(?!了)|赠|[拍单]下?附|赠品[是有]?)(?:你们?|大家|您|上)?(?:同款|配套的?|定制的?|小)?"
    rf"(?P<thing>(?!{NUMBER})[\u4e00-\u9fa5a-z]{{2,6}}?)(?P<count>{NUMBER})整?[{_MEASURES}](?=[，。！？；、\n]|$)"
)
_COUNTED: Final = headed(rf"({NUMBER})\s*[大小]?([{COUNTERS}])(?!月|小时|钟|星期|礼拜|人|地方)")
#: One thing in a list of gifts, the clause holding nothing else.
_LISTED: Final = re.compile(
    rf"(?<=[，、。：])(?:还有|再加|外加|加上|和)?(?:{NUMBER}[{COUNTERS}](?P<thing>[\u4e00-\u9fa5]{{2,6}})|"
    rf"(?P<what>[\u4e00-\u9fa5]{{2,6}}?){NUMBER}[{COUNTERS}])(?=[，、。！])"
)
#: A clause that gives something along and says no more: 配一个洗衣袋, 还有一副护目镜, 一张防潮垫跟着走.
_ALONG: Final = headed(
    rf"(?<=[，。！？；、\n])(?:拍[了下]?(?:一[{COUNTERS}])?|下单|今天|现在|另外|跟着|一起|随[\u4e00-\u9fa5]{{1,2}}|每[件台盒套单份]|我|咱)*"
    r"(?:还|再|另外?|也|都|直接|多)?"
    rf"(?P<verb>给(?:[你您]们?|大家)(?:再|还|都)?[带配捎附寄搭添]上?|给你们|给大家|给|配上?|附上?|搭上?|带上?|带|有|寄|发|捎上?|添上?|饶上?|搭送|(?<=随[单箱货]))(?:你们?|大家|您)?"
    rf"(?:(?P<count>{NUMBER})[{_MEASURES}]|(?P<few>[俩仨])(?![{_MEASURES}人口]))(?P<thing>[\u4e00-\u9fa5a-z]{{2,7}})(?=[，。！？；\n]|$)|"
    rf"(?<=[，。！？；\n])(?:另外|跟着|还有|再加|外加|加上|一起)(?:还有|有)?"
    rf"(?P<count2>{NUMBER})[{_MEASURES}](?P<thing2>[\u4e00-\u9fa5a-z]{{2,7}})(?=[，。！？；\n]|$)|"
    rf"(?<=[，。！？；\n])(?P<count3>{NUMBER})[{_MEASURES}](?P<thing3>[\u4e00-\u9fa5a-z]{{2,7}}?)"
    r"(?:跟着走|跟着寄|一起寄|一起发|随货走|随货发|免费带走|白送|不要钱|不另收钱|放在?箱子?里|放在?盒子?里)"
)
#: The thing before who gives it: 笔筒给你带一个.
_BROUGHT: Final = re.compile(
    rf"(?<=[，。！？；\n])(?P<thing>[\u4e00-\u9fa5]{{2,4}}?)(?:也|都|再|还)?(?:[给送]|赠)(?:[你您]们?|大家)(?:再|也)?[带捎配附添送寄搭]?上?"
    rf"(?P<count>{NUMBER})[{_MEASURES}](?=[，。！？；\n]|$)"
)
#: Two gifts in one breath, with or without how many of each.
_TOGETHER: Final = re.compile(
    rf"(?<![配发递护寄运断欢])[送赠](?:你们?|大家)?(?:{NUMBER}[{_MEASURES}])?(?P<first>[\u4e00-\u9fa5]{{2,6}}?)[和跟、加]"
    rf"(?:{NUMBER}[{_MEASURES}])?(?P<second>[\u4e00-\u9fa5]{{2,6}})(?=[，。！？；\n]|$)"
)
#: How things end that one gives along.
_UTENSIL: Final = re.compile("[杯勺碗盘碟锅壶铲筷刀袋包盒箱罐瓶架刷笔帽伞扇毯垫巾灯镜夹钩桶盆凳贴墨]$")
#: Before a thing that comes with the goods, gifts apart.
_OWN_PART: Final = re.compile("自带|本身|原装|标配|已经装|机[身器]上|原本|里头?本来")
#: Verbs that say what goes with something as well, and what of a sentence speaks of a meal.
_WITH: Final = frozenset({"配", "配上", "搭", "搭上", "带", "有"})
_MEAL: Final = re.compile("[早午晚]饭|[早午晚]餐|夜宵|下酒|下饭|一顿|解馋|一碗|一碟|一口|吃|喝|煮|拌|炒|蒸|炖|烤")
#: Around a gift there is an offer.
_OFFER: Final = re.compile("拍|下单|链接|购物车|到手|优惠|省|付款|[元块]|今天|现在|今晚|便宜|跟着走|一起[寄发]|随货")
_NO_GIFT: Final = headed(
    "^[放回走去在备上进存囤留搁摆]|^试(?!用装)|朋友|父母|爸|妈|长辈|礼|货|人|老|女|男|给|问题|建议|机会|感觉|体验|办法|小时|分钟|星期|月|承诺|说法|交代|笑|例子|地方|演示|镜头|特写|比方|提醒|消息"
)
#: One number in front of a gift of the record, its measure between: 三只备用灯泡, 一包八十抽的湿巾.
_BEFORE: Final = rf"({NUMBER})([{_MEASURES}抽])(?:[装的]|{NUMBER}[{_MEASURES}抽克毫升ml]{{1,2}}的?)?(?:小|大)?"


#: What it ends with.
_ENDS: Final = f"{_MEASURES}抽装的克毫升ml小大"
#: Right behind a gift: 拖布送十块; 滤芯5个.
_GIVEN_BEHIND: Final = re.compile(
    rf"(?:再|还|也|都|另外?)?(?:[送赠](?:[你您]们?|大家)?|给(?:[你您]们?|大家)(?:再|都)?[配带送搭附放塞捎])({NUMBER})([{_MEASURES}])"
)
_SO_MANY: Final = re.compile(rf"[，]?{_COUNTED.pattern}")


def gift_faults(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Yield gifts of a folded text that the record does not give, or gives another number of."""
    yield from _gifts_that_differ(text, product)
    yield from _gifts_listed_wrong(text, product)
    yield from _gifts_along(text, product)


def _gifts_that_differ(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    if "gifts" not in product:
        return
    gifts = fold("。".join(map(str, product.get("gifts") or ()))).text
    whole = record_text(product)
    for match in (*_GIFT.finditer(text), *_GIFT_FIRST.finditer(text)):
        thing = re.split(r"[的给，]", match.group("thing"))[0]
        told = "few" if match.groupdict().get("few") else "count"
        count = parse_number(match.group(told))
        if re.match(r"朋友|父母|爸|妈|长辈|礼|货|人|老|女|男|给", thing) or count is None:
            continue
        if is_matter(thing):
            continue  # 送大家一份祝福
        thing = thing.rstrip("子儿") or thing
        if not (_is_known(thing, product) or (len(thing) == 1 and thing in whole)):
            known = f"资料里的赠品：{gifts}" if gifts else "资料里没有赠品"
            yield FactFault("FAC-004", match.start(), match.end(), f"赠品“{thing}”对不上，{known}", True)
            continue
        if "size" in match.groupdict() and match["size"] and _is_of_another_size(match["size"], gifts):
            yield FactFault("FAC-004", *match.span("size"), f"赠品规格对不上，资料里的赠品：{gifts}", True)
            continue
        listed = {parse_number(said) for said in re.findall(rf"({NUMBER})\s*[{_MEASURES}]", gifts)}
        if listed and count not in listed:
            yield FactFault(
                "FAC-004", match.start(told), match.end(told), f"赠品数量对不上，资料里的赠品：{gifts}", True
            )


def _is_of_another_size(said: str, gifts: str) -> bool:
    """Tell whether the gifts have sizes of the same dimension, and this one is none of them: 二十克 for 10克."""
    given = {(one.dimension, one.value) for one in amounts(gifts)}
    sizes = {(one.dimension, one.value) for one in amounts(said)}
    return bool(sizes) and not sizes & given and not {kind for kind, _ in sizes}.isdisjoint(kind for kind, _ in given)


def _gifts_listed_wrong(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find gifts told as a list, 滤芯5个 or 一条银项链 among those of the record: another count, or no gift at all."""
    gifts = [fold(str(gift)).text for gift in product.get("gifts") or ()]
    #: Each gift with how many there are of it, by what they are counted in (湿巾20抽1包).
    listed: dict[str, dict[str, float]] = {}
    for gift in gifts:
        thing = re.split(rf"[\d\s]|[一二两三四五六七八九十]+[大小]?[{COUNTERS}]", gift)[0]
        counts = {hit[2]: parse_number(hit[1]) or 0 for hit in _COUNTED.finditer(gift)}
        if counts and len(thing) >= 2:
            listed[thing] = counts
    places = [text.find(thing) for thing in listed if thing in text]
    for thing, counts in listed.items():
        for start, match in behind(text, [thing], _SO_MANY):
            said, counted = parse_number(match.group(1)), counts.get(match.group(2))
            several = re.search(r"[两二三四五]\s*[件套份]", text[:start][-16:])
            if said is not None and counted is not None and said != counted and not several:
                problem = f"赠品数量对不上，资料里的赠品：{'、'.join(gifts)}"
                yield FactFault("FAC-004", match.start(1), match.end(1), problem, True)
    whole = record_text(product)
    for low, high in {sentence(text, at, at + 1) for at in places}:
        for match in _LISTED.finditer(text, low, high):
            thing = match.group("thing") or match.group("what")
            if re.search(rf"{NUMBER}(?:[块元毛角]|$)", thing):
                continue  # 五十九一支, 合十二块一罐: a price
            if any(one.start < match.end() and match.start() < one.end for one in money_in(text)):
                continue
            if re.match(f"月|小时|星期|礼拜|人|{NUMBER}[大小]?[{COUNTERS}]$", thing):
                continue  # 三个月换一次, 一箱六瓶
            if re.match(f"[一每]?[天日周次晚顿人]|[一每][{COUNTERS}]$|今[天晚]|现在", thing):
                continue  # 一天一节, 一套两瓶
            if (
                not is_matter(thing)
                and not overlaps(thing, whole)
                and not re.search(
                    "库存|后台|地址|链接|最后|只?剩|[就只]有|名额|限量|现货|备|自己|同事|[全我你他她一]家|[爸妈老爷奶]|这|那|[克升米斤]$",
                    thing,
                )
            ):
                problem = f"赠品“{thing}”对不上，资料里的赠品：{'、'.join(gifts)}"
                yield FactFault("FAC-004", *match.span(), problem, False)


def _gifts_together(text: str, product: Mapping[str, Any], known: str) -> Iterator[FactFault]:
    """Find gifts named without a number, two together: 送玻璃杯和木勺, 再送真皮笔袋和一瓶彩墨."""
    for match in _TOGETHER.finditer(text):
        for group in ("first", "second"):
            thing = _HOW_MANY.sub("", match[group]) or match[group]
            # Beside a gift of the record the other one is a gift as well, whatever it ends in.
            other = match["second" if group == "first" else "first"]
            meant = _UTENSIL.search(thing) or (len(thing) <= 4 and _is_known(other, product))
            if meant and not _NO_GIFT.search(thing) and not is_matter(thing) and not _is_known(thing, product):
                yield FactFault("FAC-004", *match.span(group), f"赠品“{thing}”对不上，{known}", True)


def _gifts_brought(text: str, product: Mapping[str, Any], known: str) -> Iterator[FactFault]:
    """Find gifts that are named before they are given: 笔筒给你带一个."""
    for match in _BROUGHT.finditer(text):
        thing = match["thing"]
        if (
            is_thing(thing)
            and not _is_known(thing, product)
            and _is_offered(text, max(0, match.start() - 24), match.end())
        ):
            yield FactFault("FAC-004", *match.span(), f"赠品“{thing}”对不上，{known}", True)


def _is_known(thing: str, product: Mapping[str, Any]) -> bool:
    """Tell whether the record holds the thing itself: not only what it is made of (不锈钢蒸锅 at a steel knife)."""
    # 刷子 of 吸管刷1把, and 海绵一块 of 海绵1块
    thing = _HOW_MANY.sub("", thing) or thing
    thing = thing.rstrip("子儿") or thing
    if not thing:
        return True  # 送你一个的: nothing is named
    bare = thing
    for material in MATERIALS:
        bare = bare.replace(material, "") or thing
    given = [fold(str(gift)).text for gift in product.get("gifts") or ()]
    own = fold(f"{product.get('name', '')}{''.join(map(str, product.get('aliases') or ()))}").text
    # C口线 where the record has Type-C线: the same noun, and another character.
    alike = any(bare[-1] in gift and len(set(bare) & set(gift)) >= 2 for gift in given)
    whole = record_text(product)
    return alike or overlaps(bare, "。".join([*given, own])) or bare[-2:] in whole or (len(bare) == 1 and bare in whole)


def _is_offered(text: str, low: int, high: int) -> bool:
    return _OFFER.search(text, low, high) is not None or any(low <= one.start < high for one in money_in(text))


def _gifts_along(text: str, product: Mapping[str, Any]) -> Iterator[FactFault]:
    """Find gifts given without the word: in a clause of their own, beside an offer."""
    if "gifts" not in product:
        return
    gifts = [fold(str(gift)).text for gift in product.get("gifts") or ()]
    known = f"资料里的赠品：{'、'.join(gifts)}" if gifts else "资料里没有赠品"
    facts = fold("。".join(map(str, (product.get("facts") or {}).values()))).text
    yield from _gifts_together(text, product, known)
    yield from _gifts_brought(text, product, known)
    for match in _ALONG.finditer(text):
        thing = match.group("thing") or match.group("thing2") or match.group("thing3")
        count = parse_number(match["count"] or match["few"] or match["count2"] or match["count3"])
        low, high = sentence(text, *match.span())
        # 配一根玉米，一个鸡蛋，早饭就齐了: what one eats with it.
        served = match["verb"] in _WITH and _MEAL.search(text, low, high) is not None
        if (
            is_matter(thing)
            or served
            or count is None
            or _NO_GIFT.search(thing)
            or thing[-1] == "的"  # 再带一瓶小的
            or not _is_offered(text, max(0, low - 24), high)
        ):
            continue
        if not _is_known(thing, product):
            # 一份默契, 一个插曲: where neither the measure nor the noun is one of things, a person has to look.
            measure = match[0].partition(thing)[0][-1:]
            certain = measure not in _OF_ANYTHING or is_thing(thing)
            yield FactFault("FAC-004", *match.span(), f"赠品“{thing}”对不上，{known}", certain)
    for gift in gifts:
        thing = re.split(rf"[\d\s]|[一二两三四五六七八九十]+[大小]?[{COUNTERS}]", gift)[0]
        counted = {hit[2]: parse_number(hit[1]) for hit in re.finditer(rf"({NUMBER})\s*([{_MEASURES}抽])", gift)}
        times = re.search(r"[×x*](\d+)$", gift)  # 面霜小样5ml×2
        counted |= dict.fromkeys(_MEASURES, parse_number(times[1])) if times else {}
        if len(thing) < 2 or not counted:
            continue
        words = [thing, thing[-2:]]
        for _, match in behind(text, words, _GIVEN_BEHIND):
            said, right = parse_number(match[1]), counted.get(match[2])
            if said is not None and right is not None and said != right:
                yield FactFault("FAC-004", *match.span(1), f"赠品数量对不上，{known}", True)  # 拖布送十块
        counted_before = any(text[at - 1 : at] in _ENDS for word in words for at in places_of(text, word))
        before = rf"(?<![{COUNTERS}])(?:{_BEFORE})(?={re.escape(thing)}|{re.escape(thing[-2:])})"
        for match in made(before).finditer(text) if counted_before else ():
            low, high = clause(text, *match.span())
            if _OWN_PART.search(text, low, match.start()):
                continue  # 盒里自带一个刷头，另送两个
            said, right = parse_number(match[1]), counted.get(match[2])
            # 一套带三块拖布: the one in use and the two spare ones, as another fact has it.
            altogether = re.search("送|赠", text[low : match.start()]) is None
            if altogether and any(
                parse_number(one[1]) == said and one[2] == match[2] for one in _COUNTED.finditer(facts)
            ):
                continue
            several = re.search(rf"([两二三四五六])\s*[{COUNTERS}]", text[max(0, match.start() - 20) : match.start()])
            fold_of = int(parse_number(several[1]) or 1) if several else 1
            if said is not None and right is not None and said not in (right, right * fold_of):
                yield FactFault("FAC-004", *match.span(1), f"赠品数量对不上，{known}", True)
