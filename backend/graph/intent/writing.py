"""Rules for messages that ask for a text, or for a change of one."""

import re
from typing import Final

from backend.graph.intent.amounts import length_beyond
from backend.graph.intent.finds import Finds
from backend.graph.intent.naming import Known
from backend.graph.intent.parts import bounds, part_meant, span_of
from backend.graph.intent.people import called_by_voice
from backend.graph.intent.products import product_in_words
from backend.graph.intent.references import of_its_own, points_at_a_text, points_at_one
from backend.graph.intent.situation import Reading
from backend.graph.intent.vocabulary import SCENARIO_NAMES, phrases
from backend.graph.intent.wishes import heard

_BACK_TO: Final = re.compile(
    r"(?:用|要|回到|恢复(?:到|成)?|还是|[换改退撤]回(?:到|成)?)(?:回)?(?:上一?|前一?|之前|原来|最初|最早|最开始|第[一二三四五六七八九十\d]+)(?:的)?(?:那)?一?(?:个|份)?(?:版本?|稿子?)"
    r"(?=吧|了|就?好|就?行|$|[,.!])|还是(?:原来|之前|上一?版|第一版|最早)(?:那?[个版条])?的?(?:那?[个版条])?(?:更?好|行)"
)
#: 换个开头, "油污克星"换一个: a part of the text is to be another, not the text.
_PART_AGAIN: Final = re.compile(
    r"(?:换|改)(?:一?个|一下)?(?:开头|结尾|首句|尾句|词|标题|比喻|例子|称呼)|(?:\"[^\"]+\"|[这那]个?[词字句]|比喻|例子|称呼|开头|结尾)[^,.]{0,10}换(?:一?个|掉|一下|$)"
)
#: 换个更热情的口吻, 补脑不能有,换个说法: the text stays, its manner or a word of it changes.
_OTHER_MANNER: Final = re.compile(
    r"换(?:一?[个种])?[^,.;!?]{0,8}(?:口吻|语气|风格|语调|调调|腔调|感觉)|换(?:一?[个种])?(?:说法|讲法|表达|词|字眼)"
)
#: 气垫照着写, 同样的来一份: another product, the same way.
_ALIKE: Final = re.compile(
    r"照(?:着|这个?|此|样|旧)|按(?:这个|同样|刚才|上面)|同样|同款|一样的?(?:来|写|给|套)|也.{0,4}(?:这[么样]|一[份段条个])|套(?:一个|路)"
)
_SOMEBODY: Final = re.compile(
    r"(?:给|在|去|到|用|为|帮|^|,)([\u4e00-\u9fff]{2,4}?)的?直播间|(?:主播|搭档)([\u4e00-\u9fff]{2,3}?)(?=写|来|要|用|的|播|,|$)|"
    r"(?:给|帮|替|为)([\u4e00-\u9fff]{2,3}?)(?:写|来|做|出|整|弄|准备)"
)
_BACK_TO_PRODUCT: Final = re.compile(
    r"(?:[切换转回]|讲|说)(?:回|到|去)*(?:到)?(?:上(?:面)?(?:的|那)?一?个?|前(?:面)?(?:的|那)?一?个?|之前(?:的|那)?个?|刚才(?:的|那)?个?|原来(?:的|那)?个?|先前(?:的|那)?个?)的?(?:品|产品|商品|款)"
)
#: Of texts to come, not of those there are.
_TO_COME: Final = re.compile(r"以后|今后|往后|从(?:现在|今天|这条|这段|下一?[条段])(?:起|开始)|(?:接|再)下来")
_WISH: Final = "a wish for all texts to come"
#: So many products that are named make a plan; two are written one after the other.
_A_SHOW: Final = 3
_EACH: Final = re.compile(
    r"[各每]|分别|挨个|逐[个款一]|轮[着流]|统统|一人一|都(?:要|来|写|给|配|出|得|备)|一[样款个件](?:品|产品)?(?:都|就|给|给我|来|写|要|整|弄|出|做|配)*一?[段条个份篇]|各样|样样|个个|全(?:都)?(?:要|写|来|出)|\b(?:each|every)\b"
)
#: How people are called: 老王, 阿芳, 张姐, 李老师.
_CALLED: Final = re.compile(r"[老小阿大][\u4e00-\u9fff]|[\u4e00-\u9fff]{1,2}(?:哥|姐|总|老师|叔|姨|妹|爷|嫂)")
#: 老人, 小孩, 阿姨: people, and nobody of that name.
_KIND_OF_PEOPLE: Final = re.compile(
    r"老(?:人家?|铁|乡|外|妈|爸|公|婆|粉|板|客|手|师|友|年|伴|家)|小(?:孩|朋友|娃|伙伴?|学生?|年轻|姑娘|伙子|白|众|区|店|家|户)|大(?:人|妈|爷|叔|姐|哥|家|学生?|众|户|神|婶|姨)|阿(?:姨|婆|公|嫂|妈|爸)|"
    r".{0,2}(?:阿姨|叔叔|伯伯|爷爷|奶奶|姐妹|兄弟|朋友|同学|先生|女士|顾客|客人|后生仔?)"
)
#: Whose room needs no name, and what a room may be called after.
_NOBODY: Final = re.compile(
    r"怎|咋|如何|该|应|说|讲|接|回|可以|我|你|咱|他|她|它|这|那|本|哪|自己|公司|品牌|官方|今|明|晚|早|新|每|某|大家|主播|直播|产品|商品|进|来|的|美妆|食品|服|母婴|零食|家居|数码|珠宝|户外|段|开场|欢迎|关注|活动|大促|专场"
)
#: One part of a text is spoken of and nothing else: believed against what was learned.
PART: Final = "a part of the text, changed"


def standing(finds: Finds) -> Reading | None:
    """A wish for all texts to come and nothing else: 以后每段都20秒. The text at hand is the first of them.

    The wish itself is kept with the thread's messages (`wishes.heard`).
    """
    asks = finds.cue["write"] or finds.mentions or finds.product is not None or finds.unsure
    beyond = "seconds" not in finds.slots and length_beyond(finds.text, finds.situation.pace) is not None
    if asks or not _TO_COME.search(finds.text) or not (beyond or heard({}, finds.text, finds.situation.pace)):
        return None
    drafts = finds.situation.drafts
    if not drafts and beyond:
        # Told at once that no text can be so long; kept is the length that is chosen instead.
        return finds.answer("restyle", 0.92, _WISH)
    if not drafts:
        return finds.answer("unclear", 0.92, _WISH, missing="wish")
    place = finds.draft if finds.draft is not None else len(drafts) - 1
    return finds.answer("restyle", 0.9, _WISH, scenario=drafts[place].scenario, draft=place)


def batch(finds: Finds) -> Reading | None:
    """Many texts: of everything there is, or of each of three and more that are named."""
    named = list(dict.fromkeys(match.product.id for match in finds.products))
    if len(named) >= _A_SHOW and not finds.unsure and _EACH.search(finds.positive) and finds.asks_for_text():
        finds.unsure = tuple(named)
        finds.product = None
        finds.slots.pop("other_products", None)
        return finds.answer("batch", 0.9, "one for each that is named", missing="several", scenario=finds.scenario)
    everything = re.search(
        r"[每各](?:个|样|种|件)?(?:产品|商品|品|款)|每[样种个件](?=都|各|来|写|给|要|出)|所有|全部|整场|全场|批量|挨个|逐[个款一]|统统|一个品一[段条]|(?:剩下|其[他它]|这[几些二两三四五六七八\d]+)的?(?:[几些个款]+)?(?:产品|商品|品|款)?.{0,4}[都各](?!不)|全品(?!类|牌)|多(?:来|写|给|出|做)我?几(?:版|条|段|个|种)|\b(?:each|every|all)\b.{0,8}\b(?:products?|items?|skus?)\b",
        finds.positive,
    )
    asks = finds.cue["write"] or finds.cue["text_noun"] or finds.mentions
    if everything and asks and not finds.slots.get("other_products") and finds.product is None:
        return finds.answer("batch", 0.8, "many texts at once", missing="several", scenario=finds.scenario)
    return None


def restore(finds: Finds) -> Reading | None:
    """An earlier text is wanted back, as it was: 用上一版."""
    drafts = finds.situation.drafts
    if not drafts or _BACK_TO.search(finds.positive) is None:
        return None
    pointed = points_at_one(finds.text)
    place = finds.draft if pointed and finds.draft is not None else max(len(drafts) - 2, 0)
    return finds.answer(
        "restyle", 0.9, "an earlier text again", scenario=drafts[place].scenario, draft=place, then="restore"
    )


def language(finds: Finds) -> Reading | None:
    tables = phrases("languages")
    if tables["other"].search(finds.positive) is None or tables["ours"].search(finds.text):
        return None
    return finds.answer("unclear", 0.9, "another language", missing="language", scenario=finds.scenario)


def stranger(finds: Finds) -> Reading | None:  # noqa: PLR0911 -- one return for each case of the rule
    """Somebody is to speak, or a room to be spoken in, that the tenant does not have."""
    if finds.slots.keys() & {"host_id", "room_id"} or "不指定主播" in finds.text or not finds.situation.hosts:
        return None
    voice = called_by_voice(finds.positive)
    if voice is not None and not any(voice in host for host in finds.situation.hosts.values()):
        if not finds.asks_for_text() and not finds.situation.drafts:
            return None
        finds.slots["stranger"] = voice
        return finds.answer("unclear", 0.85, "nobody of that name", missing="host", scenario=finds.scenario)
    match = _SOMEBODY.search(finds.positive)
    if match is None or not finds.asks_for_text():
        return None
    name = next(group for group in match.groups() if group)
    if _KIND_OF_PEOPLE.fullmatch(name) or phrases("audiences")["words"].fullmatch(name):
        return None  # 给老人写: for whom it is
    if _NOBODY.search(name) or any(name in finds.positive[m.start : m.end] for m in finds.products):
        return None
    if match[3] and (finds.product is None or not _CALLED.fullmatch(name)):
        return None  # 给小米写: a brand as likely as a person, unless another thing is sold
    finds.slots["stranger"] = name
    return finds.answer("unclear", 0.85, "nobody of that name", missing="host", scenario=finds.scenario)


def switch(finds: Finds) -> Reading | None:  # noqa: PLR0911 -- one return for each case of the rule
    current = finds.situation.product_id
    drafts = finds.situation.drafts
    about = drafts[-1].product_name if drafts else finds.situation.product_name
    finds.product = finds.product or _before_this(finds)
    named = finds.product
    words = None if named or finds.unsure else product_in_words(finds.positive)
    alike = bool(drafts) and finds.new_product() and _ALIKE.search(finds.positive) is not None
    if (
        not finds.cue["switch"]
        and not (named and finds.put_aside)
        and not alike
        and not (named and _BACK_TO_PRODUCT.search(finds.positive))
        and not (finds.cue["continue"] and (named or words))
    ):
        return None
    if finds.scenario == "transition" and finds.cue["write"]:
        return None  # the way from one product to the next is itself what is to be written
    if finds.unsure:
        return finds.answer("unclear", 0.8, "several products fit", missing="product")
    if named is None and words is None:
        if re.search(
            r"换(?:一?个|一?款|下一?个)?(?:产品|商品|品|款)|下一(?:个|款|件)(?:产品|商品|品|$)", finds.positive
        ):
            return finds.answer("unclear", 0.85, "another product, but which?", missing="product", then="switch")
        return None
    finds.take_new()
    named = finds.product
    same = (named is not None and named.id == current) or (words is not None and words == about)
    if same and current is not None:
        return None
    if current is None and not drafts and finds.situation.product_name is None:
        return None  # nothing to switch from: an ordinary request
    finds.name(words)
    scenario = finds.chosen_scenario() or (drafts[-1].scenario if drafts else None)
    then = "continue" if finds.cue["continue"] and not finds.mentions else "write"
    if scenario is None:
        return finds.answer("unclear", 0.8, "the product is clear, the segment is not", missing="scenario")
    sure = 0.95 if finds.mentions or finds.cue["continue"] else 0.75
    return finds.answer("switch_product", sure, "another product", scenario=scenario, then=then)


def _before_this(finds: Finds) -> Known | None:
    """Return the product that the thread was about before, when it is wanted back: 切回上一个品."""
    if finds.unsure or _BACK_TO_PRODUCT.search(finds.positive) is None:
        return None
    known = {one.id: one for one in finds.situation.products}
    before = [one.product_id for one in finds.situation.drafts if one.product_id != finds.situation.product_id]
    return known.get(before[-1] or "") if before else None


def again(finds: Finds) -> Reading | None:
    if not finds.cue["regenerate"] or (finds.draft is not None and _PART_AGAIN.search(finds.positive)):
        return None
    if (
        finds.draft is not None
        and _OTHER_MANNER.search(finds.positive)
        and finds.slots.keys() & {"style", "must_not_say"}
    ):
        return None
    if finds.draft is None or finds.new_product():
        if finds.mentions:
            return None
        return finds.answer("unclear", 0.8, "again, but nothing was written yet", missing="draft")
    draft = finds.situation.drafts[finds.draft]
    chosen = finds.chosen_scenario()
    if finds.mentions and chosen != draft.scenario and finds.cue["write"]:
        return None
    return finds.answer("regenerate", 0.92, "the same again, another way", scenario=draft.scenario, draft=finds.draft)


def go_on(finds: Finds) -> Reading | None:
    if not finds.cue["continue"]:
        return None
    if finds.draft is None:
        if finds.mentions:
            return None
        return finds.answer("unclear", 0.85, "go on with what?", missing="draft")
    draft = finds.situation.drafts[finds.draft]
    scenario = finds.chosen_scenario() or draft.scenario
    return finds.answer("continue", 0.9, "go on from the last text", scenario=scenario, draft=finds.draft)


def part(finds: Finds) -> Reading | None:
    """One sentence or paragraph of a text is to go, or to be said anew: of the last one unless another is named."""
    meant = part_meant(finds.text)
    if finds.draft is None or meant is None:
        return None
    named = finds.product is not None or (points_at_one(finds.text) and not of_its_own(finds.positive))
    place = finds.draft if named else len(finds.situation.drafts) - 1
    draft = finds.situation.drafts[place]
    if span_of(draft.content, meant) is not None:
        return finds.answer("restyle", 0.95, PART, scenario=draft.scenario, draft=place)
    count, unit = len(bounds(draft.content, meant.unit)), "段" if meant.unit == "paragraph" else "句"
    lacking = f"没有你说的那一{unit}。改哪里？" if count > 1 or not meant.goes else "删了就没有了。怎么改？"
    finds.slots["odds"] = {
        "question": f"这稿一共 {count} {unit}，{lacking}",
        "options": [
            *([[f"最后一{unit}", f"最后一{unit}{'删掉' if meant.goes else '换个说法'}"]] if count > 1 else []),
            ["整稿换一版", "换一版"],
        ],
    }
    return finds.answer("unclear", 0.95, PART, missing="odds", scenario=draft.scenario, draft=place)


def change(finds: Finds) -> Reading | None:
    wants = finds.cue["restyle"] or finds.cue["shorter"] or finds.cue["longer"]
    wants = wants or bool(finds.draft is not None and _PART_AGAIN.search(finds.positive))
    wants = wants or bool(finds.slots.keys() & {"avoid_style", "length_change", "must_not_say"})
    detail = bool(finds.slots.keys() & {"style", "seconds", "must_say", "host_id", "audience"})
    if not wants and not detail:
        return None
    if finds.draft is None or finds.new_product():
        if finds.mentions or finds.product is not None or finds.cue["write"] or finds.foreign_product():
            return None
        return finds.answer("unclear", 0.85, "change what?", missing="draft")
    if finds.mentions and (_fresh_text(finds) or not wants):
        chosen = finds.chosen_scenario()
        known = any(draft.scenario == chosen for draft in finds.situation.drafts)
        if _fresh_text(finds) or not known:
            return None
    if finds.cue["write"] and finds.product is not None and not wants:
        return None
    sure = 0.92 if wants else 0.8
    draft = finds.situation.drafts[finds.draft]
    return finds.answer("restyle", sure, "the same text, changed", scenario=draft.scenario, draft=finds.draft)


def _fresh_text(finds: Finds) -> bool:
    """Whether a text is asked for ("写一段活泼的促销") rather than a change of one that is there."""
    if points_at_a_text(finds.text) or re.search(r"^(?:把|将)", finds.positive):
        return False
    return (
        finds.cue["write"]
        and any(m.weight > 0.3 for m in finds.mentions)
        and not re.search(r"写(?:得|的)?(?:再|更|太|短|长)", finds.positive)
    )


def write(finds: Finds) -> Reading | None:
    """A text is asked for that is not there yet."""
    scenario = finds.chosen_scenario()
    if scenario is None:
        return None
    reading = new_text(finds, scenario)
    told = finds.cue["write"] or finds.cue["text_noun"] or reading.kind == "unclear"
    return reading if told or _is_about_something(finds, scenario) else None


def new_text(finds: Finds, scenario: str) -> Reading:
    """Read the message as asking for a text of this segment; unclear when nobody knows about what."""
    finds.name(finds.foreign_product())
    if finds.unsure:
        return finds.answer("unclear", 0.8, "several products fit", missing="product", scenario=scenario)
    if not _is_about_something(finds, scenario) and scenario != "closing" and "不限产品" not in finds.text:
        return finds.answer("unclear", 0.85, "which product?", missing="product", scenario=scenario)
    sure = 0.6 + 0.2 * (finds.cue["write"] or finds.cue["text_noun"]) + 0.15 * (finds.product is not None)
    return finds.answer(
        "write",
        round(min(sure + 0.03 * len(finds.slots), 0.97), 2),
        "a new text",
        scenario=scenario,
        later=_later(finds, scenario),
    )


def _is_about_something(finds: Finds, scenario: str) -> bool:
    situation = finds.situation
    known = finds.product or finds.foreign_product() or situation.product_id or situation.product_name
    return bool(known or finds.of_the_show(scenario))


def unfinished(finds: Finds) -> Reading | None:
    words = finds.foreign_product()
    finds.name(words)
    if finds.unsure:
        return finds.answer("unclear", 0.8, "several products fit", missing="product")
    if finds.product or words or finds.cue["write"] or finds.cue["text_noun"]:
        return finds.answer("unclear", 0.8, "which segment of the show?", missing="scenario")
    if finds.cue["polite"] or finds.cue["question"]:
        return finds.answer("chat", 0.6, "a question, it seems", about="question")
    return None


def _later(finds: Finds, scenario: str) -> tuple[str, ...]:
    """The same segment of the other products that are named: 保温杯和辣条的促销."""
    if scenario == "transition":
        return ()
    by_id = {known.id: known.name for known in finds.situation.products}
    return tuple(f"写一段{by_id[id_]}的{SCENARIO_NAMES[scenario]}" for id_ in finds.slots.get("other_products", []))
