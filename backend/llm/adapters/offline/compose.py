"""From sheet to script: choose blocks by their weight for the scenario, fit the length, keep the listener on board."""

import random
import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Final

from backend.llm.adapters.offline.lines import Lines, is_gain
from backend.llm.adapters.offline.sheet import Sheet, opening_of, said_money
from backend.llm.adapters.offline.speech import spoken_length

#: Slots in the order they are spoken, with the rank of their first line and the step to each next. The lowest ranks
#: are said even in ten seconds; the higher ones come as time allows.
_PLANS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "opening": {
        "hook": (1, 99), "greet": (1.5, 99), "intro": (0, 99), "audience": (1.1, 99),
        "pain": (3, 6), "lead": (8, 99),
        "point": (1.2, 1.6),
        "assumed": (2, 2), "proof": (6, 2), "fact": (7, 2), "brand": (9, 99), "use": (4, 3), "fit": (7, 4),
        "choose": (5, 3), "trust": (6, 3), "agenda": (2.6, 5), "ask": (2.2, 99), "say": (0.2, 0.01),
        "required": (0.1, 0.01),
        "catch": (2.4, 99), "cta": (0, 99),
    },
    "selling_points": {
        "hook": (1.9, 99), "greet": (99, 99), "intro": (0, 99), "audience": (1.2, 99),
        "pain": (2.5, 6), "lead": (7, 99),
        "point": (0.5, 0.05),
        "assumed": (1.5, 0.6), "proof": (2.4, 0.8), "fact": (3.2, 0.9), "brand": (8, 99), "use": (3, 3),
        "fit": (6, 3),
        "choose": (4, 3), "trust": (5, 3), "recap": (12, 99), "ask": (2.2, 99), "price": (2, 4),
        "gift": (3.5, 2),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (4, 99), "cta": (0, 99),
    },
    "promotion": {
        "hook": (1, 99), "intro": (0, 99), "audience": (1.3, 99),
        "point": (1.1, 1.5), "assumed": (3, 2), "proof": (4, 2),
        "fact": (5, 2),
        "pain": (9, 6), "use": (6, 3), "fit": (5.5, 3), "choose": (6.5, 3), "trust": (4.5, 3),
        "price": (0.3, 2.2),
        "gift": (0.8, 0.2), "stock": (1.6, 99), "order": (2.4, 3), "recap": (7, 99), "ask": (2, 99),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (2.3, 99), "cta": (0, 99),
    },
    "seeding": {
        "hook": (1, 99), "intro": (0, 99), "audience": (1.2, 99),
        "pain": (1.8, 5), "use": (1.4, 2), "point": (1.1, 0.8),
        "assumed": (1.9, 1),
        "proof": (3, 2), "fact": (4, 2), "fit": (2.8, 3), "choose": (4, 3), "trust": (5, 3), "ask": (2, 99),
        "price": (6, 6), "gift": (8, 2), "recap": (12, 99), "say": (0.2, 0.01), "required": (0.1, 0.01),
        "catch": (3, 99), "cta": (0, 99),
    },
    "transition": {
        "hook": (0.4, 99), "intro": (0, 99), "audience": (1.3, 99),
        "pain": (2, 5), "point": (1, 2), "assumed": (1.6, 2),
        "use": (2.4, 3),
        "proof": (6, 3), "fact": (7, 3), "fit": (6, 3), "choose": (5, 3), "trust": (4, 3), "agenda": (3, 5),
        "ask": (1.8, 99), "recap": (99, 1),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (3, 99), "cta": (0, 99),
    },
    "closing": {
        "hook": (0.6, 99), "intro": (0, 99), "audience": (1.3, 99),
        "recap": (0.8, 99), "point": (3, 1.5), "assumed": (4, 2),
        "proof": (5, 2), "fact": (6, 2), "use": (7, 3), "fit": (4.5, 3), "choose": (6, 3), "trust": (6.5, 3),
        "pain": (20, 6),
        "price": (1, 3), "gift": (1.2, 0.5), "stock": (9, 99), "order": (2.4, 3), "thanks": (1.6, 2),
        "ask": (2, 99),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (2.6, 99), "cta": (0, 99),
    },
}  # fmt: skip
_BODY: Final = ("pain", "lead", "point", "assumed", "proof", "fact", "brand", "use", "fit", "choose", "trust")
_FROM_THE_RECORD: Final = frozenset(
    {"point", "assumed", "proof", "fact", "gift", "price", "say", "required", "catch", "recap"}
)
_LEFT_TO_TELL: Final = frozenset({"point", "fact", "proof"})
#: Spoken characters below which a script has no time for these and names its product at once.
_NO_HOOK: Final = {"hook": 80, "greet": 100, "ask": 80, "catch": 80}
_NO_BRIDGE: Final = 45
_NO_OPENING: Final = 60
#: Below this, one thing to say comes before everything that only keeps people listening.
_SHORT: Final = 110
#: First sentences are alike from this likeness on (difflib); a little stricter than what is judged.
_ALIKE: Final = 0.7
#: Drafts that aim at the length, and drafts in all while the beginning is one that was heard.
_AIMS: Final = 4
_TURNS: Final = 14
_MUST: Final = 0.3
#: Lines that a manner of speaking may lead into, what leads into something already, and where a loud one is raised.
_TONED: Final = frozenset({"point", "assumed", "use", "fit", "choose", "trust", "gift", "order", "agenda"})
_LED: Final = ("先", "再", "还", "接着", "另外", "来", "想要", "要的", "看重", "你", "有人", "留意", "这里", "说到")
_MANNER_IS_WORTH: Final = 6
_LOUD: Final = frozenset({"活泼", "紧迫"})
_EXCLAIMED: Final = frozenset({"intro", "point", "gift", "order", "agenda", "lead", "thanks", "cta"})
#: The same short sentence twice in a row: two lines that end and begin alike.
_SAME_AGAIN: Final = re.compile(r"([^，。！？\n]{2,10})。\1。")
#: A few words to listen, before what is to be heard.
_LISTEN: Final = re.compile(r"[^，。！？：]{2,9}[，：]")
#: How a host calls who listens, and greets them.
_CALLS: Final = ("家人们", "宝子们", "宝宝们", "姐妹们", "朋友们", "老铁们", "大家", "各位")
_GREETING: Final = "欢迎|大家好|你们好|我是|又见到|这里是"
#: So many steps of a price ladder a listener keeps in mind.
_STEPS: Final = 2
_WANTED_RANK: Final = 0.9
#: Characters up to which words that must be said are led in.
_FEW_WORDS: Final = 10
#: The name of a thing (帐篷), and no news as 包邮 or 全国联保 are: it is spoken of, and not announced.
_THING: Final = re.compile(r"(?:(?![送减免包邮退换保买拍发到有是会能可要满折降省赔质正新不无])[\u3400-\u9fff]){2,3}")


@dataclass(slots=True)
class _Unit:
    slot: str
    place: int
    rank: float
    options: list[str]
    text: str = ""
    #: Something leads into it already.
    led: bool = False


def compose(sheet: Sheet, seed: int) -> str:
    """Return a script of `sheet.target` spoken characters, the same for the same seed."""
    best, room, least = "", sheet.target, (True, float("inf"))
    # What is woven in between (names, questions) depends on the text: aim, look, aim again.
    for turn in range(_TURNS):
        text = _Script(sheet, random.Random(f"{seed}-{turn}")).write(room)  # noqa: S311
        missed = sheet.target - spoken_length(text)
        again = _opens_alike(text, sheet)
        # The length counts for nothing in a text that begins like the last one; and it is not what to aim by.
        if (again, abs(missed)) < least:
            best, least = text, (again, abs(missed))
        if not again and abs(missed) <= max(4, sheet.target * 0.06):
            break
        if turn >= _AIMS and not least[0]:
            break
        room = max(12, min(room + missed, round(sheet.target * 1.5)))
    return best


def draft(sheet: Sheet, seed: int) -> str:
    """Return one draft about as long as `sheet.target`, as it comes: what `compose` chooses from."""
    return _Script(sheet, random.Random(seed)).write(sheet.target)  # noqa: S311


def _opens_alike(text: str, sheet: Sheet) -> bool:
    """Tell whether a text begins like one that was heard; a text that is only changed may keep its own beginning."""
    opening = opening_of(text, sheet.name)
    if sheet.action == "continue":
        return False
    changed = sheet.action in {"restyle", "rewrite", "join"}
    return not (changed and opening in sheet.openings[:1]) and any(
        _likeness(opening, heard) >= _ALIKE for heard in sheet.openings[changed:]
    )


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # The quick ratio is never below the true one and settles most pairs.
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


class _Script:
    def __init__(self, sheet: Sheet, rng: random.Random) -> None:
        self._sheet = sheet
        self._rng = rng
        self._lines = Lines(sheet, rng)

    def write(self, room: int) -> str:
        units = self._fit(self._units(), room)
        return _SAME_AGAIN.sub(r"\1。", self._weave(self._in_tone(self._arrange(units))))

    def _in_tone(self, units: list[_Unit]) -> list[_Unit]:
        """Let the manner that was asked for be heard in lines that fit every manner as well, not in all of them."""
        style = next(iter(self._sheet.styles), "")
        words = self._lines.of("tone")
        changed = False
        for unit in units:
            plain = unit.slot in _TONED and not unit.led and not self._lines.in_style(unit.text)
            if plain and not changed and words and not unit.text.startswith(_LED):
                unit.text = f"{words.pop().rstrip('。')}，{unit.text}"
                changed = True
            else:
                changed = False
            if style in _LOUD and unit.slot in _EXCLAIMED and unit.text.endswith("。"):
                unit.text = f"{unit.text[:-1]}！"
        return units

    def _units(self) -> list[_Unit]:
        plan = _PLANS[self._sheet.scenario]
        units: list[_Unit] = []
        for slot, (planned, step) in plan.items():
            if slot in self._sheet.drop:
                continue
            wanted = slot in self._sheet.want and slot not in {"hook", "intro", "cta"}
            units += self._of_slot(slot, min(planned, _WANTED_RANK) if wanted else planned, step)
        for slot in ("price", "gift", "order", "thanks", "stock"):
            if slot in self._sheet.want and slot not in plan:
                units += self._of_slot(slot, _WANTED_RANK, 3)
        if self._sheet.styles[:1] == ("紧迫",) and not {"stock"} & (plan.keys() | self._sheet.drop | self._sheet.want):
            units += self._of_slot("stock", 2.5, 99)
        return [one for one in units if one.options]

    def _of_slot(self, slot: str, rank: float, step: float) -> list[_Unit]:
        return [
            _Unit(slot, place, self._rank(slot, place, rank + step * place), ways)
            for place, ways in enumerate(self._options(slot))
        ]

    def _rank(self, slot: str, place: int, planned: float) -> float:
        """Return the planned rank, or that of what must be said: what was asked for, and one thing at least."""
        sheet = self._sheet
        asked_for = (slot == "point" and sheet.points[place].feature + sheet.points[place].benefit in sheet.focus) or (
            slot == "fact" and sheet.facts[place][0] in sheet.focus
        )
        main = "price" if sheet.scenario == "promotion" and sheet.price and "price" not in sheet.drop else "point"
        if sheet.scenario == "closing" and "recap" not in sheet.drop:
            main = "recap" if sheet.target >= _NO_BRIDGE else "point"  # one thing, there is no time for three
        needed = sheet.target < _SHORT and slot == main and place == 0
        if asked_for or needed:
            return min(planned, 0.28)
        if sheet.action == "continue" and slot in _LEFT_TO_TELL:
            # What has not been told yet is what one goes on for.
            return min(planned, 1 + 0.1 * place)
        return planned

    def _options(self, slot: str) -> list[list[str]]:  # noqa: PLR0911 -- one return a sort of slot
        """Return, for each time the slot may be said, the ways to say it."""
        sheet, lines = self._sheet, self._lines
        bridge = slot == "hook" and sheet.scenario == "transition"  # what leads over is what a transition is for
        holds = slot == "hook" and sheet.scenario == "opening"
        least = _NO_BRIDGE if bridge else _NO_OPENING if holds else _NO_HOOK.get(slot, 0)
        if sheet.target < least and slot not in sheet.want:
            return []
        if slot in {"hook", "greet"} and sheet.action == "continue":
            return []
        if slot in {"hook", "intro", "cta"}:
            return [self._sure(slot)]
        if slot in _FROM_THE_RECORD:
            return self._record(slot)
        if slot == "greet":
            return [self._begun(lines.of(slot))]
        if slot in {"audience", "lead", "brand", "stock", "ask"}:
            return [lines.of(slot)]
        # One line each, so that every line of the slot can be said once.
        return [[said] for said in lines.of(slot)]

    def _record(self, slot: str) -> list[list[str]]:  # noqa: PLR0911 — one arm for each slot
        sheet, lines = self._sheet, self._lines
        match slot:
            case "point":
                return [lines.point(one, place=at, assumed=False) for at, one in enumerate(sheet.points)]
            case "assumed":
                said = [lines.point(one, place=at, assumed=True) for at, one in enumerate(sheet.assumed)]
                return [*said[:2], lines.of("assumed.note"), *said[2:]] if said else []
            case "proof":
                # A point's proof has the point's place, to be said right after it; evidence stands on its own.
                return [lines.of("proof", {"proof": one.proof}) if one.proof else [] for one in sheet.points] + [
                    lines.of("proof", {"proof": one}) for one in sheet.evidence
                ]
            case "fact":
                return [lines.of("fact", {"fact_name": name, "fact": value}) for name, value in sheet.facts]
            case "gift":
                return [lines.of("gift", {"gift": gift}) for gift in sheet.gifts]
            case "say":
                return [self._said(one) for one in sheet.say]
            case "required":
                return [[lines.plain(one)] for one in sheet.required]
            case "catch":
                return [[lines.plain(one)] for one in sheet.catchphrases if lines.allowed(one)][:1]
            case "recap":
                told = [one.feature for one in sheet.points if one.feature and lines.allowed(one.feature)][:3]
                return [lines.of("recap", {"recap": "，".join(told)})] if len(told) >= 2 else []
            case _:
                return self._prices()

    def _said(self, words: str) -> list[str]:
        """Return the ways to say what must be said, word for word; what is no sentence is led in."""
        plain = self._lines.plain(words)
        if _THING.fullmatch(words) and (said := self._lines.of("say.thing", {"said": words})):
            return said
        if len(words) > _FEW_WORDS or re.search("[，。！？!?]", words):
            return [plain]
        return [*self._lines.of("say", {"said": words}), plain]

    def _sure(self, slot: str) -> list[str]:
        """Return the lines of a slot that must not fall silent, whatever words are forbidden."""
        if slot == "intro" and self._sheet.action == "continue":
            left = self._sheet.points or self._sheet.facts or self._sheet.assumed
            slot = "continue" if left else "continue.told"
        last_resort = "喜欢的点开购物车，选好就下单。" if slot == "cta" else f"{self._sheet.name}。"
        found = self._lines.of(slot)
        if slot == "hook":
            found = self._own_hooks() + found
            # The name belongs into the first third.
            most = self._sheet.target * (0.27 if self._sheet.scenario == "opening" else 0.2)
            if "name" in self._sheet.begin_with:
                return []  # who wants the name first wants no hook before it
            return self._begun([one for one in found if spoken_length(one) <= most])
        if slot == "intro":
            found = self._begun(found) or found
        if slot == "intro" and self._sheet.target < _SHORT:
            found = [one for one in found if one.find(self._sheet.name) <= self._sheet.target * 0.2]
        return found or [last_resort]

    def _begun(self, lines: list[str]) -> list[str]:
        """Return the lines with which a text may begin as it was asked to: no question, nobody called."""
        sheet = self._sheet
        if not (sheet.begin_without or sheet.begin_with or sheet.not_first):
            return lines
        calls = "|".join(map(re.escape, (*sheet.address, *_CALLS)))
        shapes = {
            "question": "？", "greeting": _GREETING, "price": "价|元|钱", "call": calls,
            "name": "|".join(map(re.escape, (sheet.name, sheet.call, sheet.short))),
        }  # fmt: skip
        unwanted = [re.compile(shapes[shape]) for shape in sheet.begin_without]
        fit = [
            one
            for one in lines
            if not any(words.search(one) for words in unwanted) and not any(term in one for term in sheet.not_first)
        ]
        wanted = [one for one in fit if "question" not in sheet.begin_with or "？" in one]
        return wanted or fit

    def _own_hooks(self) -> list[str]:
        """Return hooks out of what this product does for people; the plan decides whether they lead."""
        sheet, lines = self._sheet, self._lines
        if sheet.scenario not in {"opening", "selling_points", "seeding"} or sheet.action == "continue":
            return []
        known = [one.benefit for one in sheet.points if is_gain(one.benefit)]
        # What the room has been led in with leads nobody in again, whatever is said around it.
        fresh = [one for one in known if not any(re.sub(r"\W", "", one) in heard for heard in sheet.openings)]
        short = [one for one in fresh if spoken_length(one) <= 13]
        said = [one for gain in short for one in lines.of("hook.gain", {"gain": gain})]
        said = [one for one in said if one not in sheet.heard]
        return self._rng.sample(said, min(len(said), 2)) if self._rng.random() < 0.4 else []

    def _prices(self) -> list[list[str]]:
        if self._sheet.price is None:
            return []
        lines = self._lines
        cut = lines.of("price.cut") if self._sheet.list_price is not None else []
        # What is said of things alone is not said of a service: its price is told all the same.
        first = cut or lines.of("price")
        if not first:
            return []
        steps = [self._step(quantity, total) for quantity, total in self._sheet.ladder[:_STEPS]]
        # Two are told once, by the ladder where it has them.
        pair = self._sheet.scenario == "promotion" and 2 not in dict(self._sheet.ladder)
        pairs = [lines.of("price.pair")] if pair else []
        each = [lines.of("price.each")] if self._sheet.each is not None else []
        return [first, *steps, *each, *pairs, lines.of("price.after")]

    def _step(self, quantity: int, total: Decimal) -> list[str]:
        unit, price = self._sheet.unit or "件", self._sheet.price
        assert price is not None, "a sheet without a price has no ladder"
        told = {
            "pieces": f"{'两' if quantity == 2 else quantity}{unit}",
            "total": said_money(total),
            "less": said_money(price * quantity - total),
        }
        return self._lines.of("price.step", told)

    def _fit(self, units: list[_Unit], room: int) -> list[_Unit]:
        chosen: list[_Unit] = []
        total = 0
        tight = self._tight(units, room)
        for unit in sorted(units, key=lambda one: one.rank):
            options = self._lines.fresh(self._lines.untaken(unit.options))
            must = unit.rank < _MUST
            if tight:
                # A line of the manner that was asked for may be a little longer.
                short = sorted(
                    options, key=lambda one: spoken_length(one) - _MANNER_IS_WORTH * self._lines.in_style(one)
                )[:4]
                options = self._rng.sample(short, len(short))
            fitting = [said for said in options if total + spoken_length(said) <= room * 1.05]
            if not fitting and not (must and options):
                continue
            if not fitting and must:
                # Rather the same short words again than new ones that take twice the time.
                every = self._lines.untaken(unit.options)
                fitting = [said for said in every if total + spoken_length(said) <= room * 1.05]
                options = options if fitting or self._sheet.target >= _NO_OPENING else every
            # One of the shortest, so that a second draft is another one.
            unit.text = fitting[0] if fitting else self._rng.choice(sorted(options, key=spoken_length)[:2])
            self._lines.take(unit.text)
            total += spoken_length(unit.text)
            chosen.append(unit)
            if total >= room * 0.97 and unit.rank >= _MUST:
                break
        return self._fill_up(chosen, units, room - total)

    def _tight(self, units: list[_Unit], room: int) -> bool:
        """Say whether the points that should be said need the shortest words for everything."""
        wanted = [one for one in units if one.rank < 1.6]
        return sum(spoken_length(one.options[0]) for one in wanted) > room

    def _fill_up(self, chosen: list[_Unit], units: list[_Unit], gap: int) -> list[_Unit]:
        spare = [one for one in units if one not in chosen and one.rank < 60]
        spare += [
            _Unit("trust", 60 + place, 50, self._lines.of("again", {"feature": one.feature, "benefit": one.benefit}))
            for place, one in enumerate(self._sheet.points)
            if one.feature and one.benefit and self._sheet.target > 300
        ]
        spare += [_Unit("trust", 90, 50, [said]) for said in self._lines.of("fill")]
        while gap > self._sheet.target * 0.03 + 2:
            fits = [
                (spoken_length(said), one, said)
                for one in spare
                for said in self._lines.untaken(one.options)
                if spoken_length(said) <= gap + 2
            ]
            if not fits:
                break
            length, unit, said = max(fits, key=lambda fit: fit[0])
            spare.remove(unit)
            unit.text = said
            self._lines.take(said)
            chosen.append(unit)
            gap -= length
        return chosen

    def _arrange(self, units: list[_Unit]) -> list[_Unit]:
        """Put the chosen units into speaking order."""
        plan = list(_PLANS[self._sheet.scenario])
        places = {slot: index for index, slot in enumerate(plan)}
        # What was asked for beside the plan comes before the end of the script.
        late = places["say"] - 0.5
        ordered = self._led_in(sorted(units, key=lambda one: (places.get(one.slot, late), one.place)))
        body = [one for one in ordered if one.slot in _BODY]
        if not body:
            return ordered
        first = ordered.index(body[0])
        before = [one for one in ordered[:first] if one.slot not in _BODY]
        after = [one for one in ordered[first:] if one.slot not in _BODY]
        return [*before, *self._mix(body), *after]

    def _led_in(self, ordered: list[_Unit]) -> list[_Unit]:
        """Let the host's catchphrase lead into a point; alone it would hang in the air.

        It takes the place of what led into that point: two leads one after the other stutter.
        """
        catch = next((one for one in ordered if one.slot == "catch"), None)
        if catch is None:
            return ordered
        phrase = catch.text.rstrip("。！？!?")
        told = [one for one in ordered if one.slot in {"point", "assumed", "recap"}]
        ways = [(one, self._without_lead(said)) for one in told for said in (one.text, *one.options)]
        # The line that was chosen before another way to say it, a line of an earlier point before one of a later.
        chosen = next(((one, said) for one, said in ways if said and phrase[-2:] not in said[:8]), None)
        if chosen:
            one, said = chosen
            one.text, one.led = f"{phrase}{'？' if phrase[-1:] in '吗呢么' else '，'}{said}", True
        return [one for one in ordered if one is not catch]

    def _without_lead(self, said: str) -> str:
        """Return a line from its point's own words on; empty when more than a few words to listen come before them."""
        sheet = self._sheet
        for point in (*sheet.points, *sheet.assumed):
            own = point.feature or point.benefit
            before, found, after = said.partition(own)
            if found and (not before or _LISTEN.fullmatch(before)):
                return own + after
        return ""

    def _mix(self, body: list[_Unit]) -> list[_Unit]:
        """Spread scenes and advice between the points, each proof right behind its point."""
        points = [one for one in body if one.slot in {"point", "assumed"}]
        proofs = {one.place: one for one in body if one.slot == "proof" and one.place < len(self._sheet.points)}
        opening = [one for one in body if one.slot == "lead" or (one.slot == "pain" and one.place == 0)]
        beside = [one for one in body if one not in points and one not in opening and one not in proofs.values()]
        beside.sort(key=lambda one: one.place)
        mixed, used = sorted(opening, key=lambda one: one.slot == "lead"), 0
        for index, point in enumerate(points):
            mixed.append(point)
            if point.slot == "point" and point.place in proofs:
                mixed.append(proofs.pop(point.place))
            due = len(beside) * (index + 1) // len(points)
            mixed += beside[used:due]
            used = due
        return [*mixed, *proofs.values(), *beside[used:]]

    def _weave(self, units: list[_Unit]) -> str:
        """Join the units; call the name every half minute, and the listeners about every minute."""
        sheet, half = self._sheet, self._sheet.pace * 0.42
        reminders, questions, calls = (
            self._lines.of("remind", {"short": sheet.call}),
            [] if "ask" in sheet.drop else self._lines.of("ask"),
            self._lines.of("midcta"),
        )
        since_name = since_question = since_call = 0
        said: list[list[str]] = [[]]
        total = sum(spoken_length(one.text) for one in units)
        spoken = 0
        stated = False
        for unit in units:
            length = spoken_length(unit.text)
            extra: list[str] = []
            left = total - spoken
            if (
                since_name + length > half
                and unit.slot not in {"intro", "cta"}
                and not (unit.slot == "required" and stated)
                and reminders
                and self._name_missing(unit.text)
            ):
                extra.append(reminders.pop(0))
                since_name = 0
            if since_question > sheet.pace * 0.85 and left > sheet.pace * 0.3 and unit.slot in _BODY:
                extra += self._next(questions)
                since_question = 0
            if since_call > sheet.pace and left > sheet.pace * 0.5 and unit.slot in _BODY:
                extra += self._next(calls)
                since_call = 0
            woven = sum(spoken_length(one) for one in extra)
            if unit.slot == "ask" or "？" in unit.text:
                since_question = 0
            named = not self._name_missing(unit.text)
            spoken += length
            since_name = 0 if named else since_name + length + woven
            since_question += length
            since_call += length
            # Statements belong together: nothing is woven in between and no paragraph ends there.
            if said[-1] and self._turns(unit, said[-1]) and not (unit.slot == "required" and stated):
                said.append([])
            stated = unit.slot == "required"
            said[-1] += [*extra, unit.text]
        return "\n".join("".join(paragraph) for paragraph in said if paragraph)

    def _next(self, lines: list[str]) -> list[str]:
        fresh = self._lines.untaken(lines)
        if not fresh:
            return []
        self._lines.take(fresh[0])
        lines.remove(fresh[0])
        return [fresh[0]]

    def _name_missing(self, text: str) -> bool:
        return self._sheet.name not in text and self._sheet.call not in text

    def _turns(self, unit: _Unit, paragraph: list[str]) -> bool:
        if self._sheet.target < 90:
            return False
        length = spoken_length("".join(paragraph))
        return length >= 45 and (
            unit.slot in {"point", "price", "say", "required", "cta", "ask", "use"} or length >= 90
        )
