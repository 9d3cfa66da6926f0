"""From sheet to script: choose blocks by their weight for the scenario, fit the length, keep the listener on board."""

import random
from dataclasses import dataclass
from typing import Final

from backend.llm.adapters.offline.lines import Lines
from backend.llm.adapters.offline.sheet import Sheet
from backend.llm.adapters.offline.speech import spoken_length

#: Slots in the order they are spoken, with the rank of their first line and the step to each next. The lowest ranks
#: are said even in ten seconds; the higher ones come as time allows.
_PLANS: Final[dict[str, dict[str, tuple[float, float]]]] = {
    "opening": {
        "hook": (1, 99), "greet": (1.5, 99), "intro": (0, 99), "pain": (3, 6), "lead": (8, 99), "point": (1.2, 1.6),
        "assumed": (2, 2), "proof": (6, 2), "fact": (7, 2), "brand": (9, 99), "use": (4, 3), "fit": (7, 4),
        "choose": (5, 3), "trust": (6, 3), "agenda": (2.6, 5), "recap": (99, 1), "ask": (2.2, 99), "say": (0.2, 0.01), "required": (0.1, 0.01),
        "catch": (2.4, 99), "cta": (0, 99),
    },
    "selling_points": {
        "hook": (1.9, 99), "greet": (99, 99), "intro": (0, 99), "pain": (2.5, 6), "lead": (7, 99), "point": (0.5, 0.05),
        "assumed": (1.5, 0.6), "proof": (2.4, 0.8), "fact": (3.2, 0.9), "brand": (8, 99), "use": (3, 3), "fit": (6, 3),
        "choose": (4, 3), "trust": (5, 3), "ask": (2.2, 99), "price": (2, 4), "gift": (3.5, 2), "recap": (12, 99),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (4, 99), "cta": (0, 99),
    },
    "promotion": {
        "hook": (1, 99), "intro": (0, 99), "point": (1.1, 1.5), "assumed": (3, 2), "proof": (4, 2), "fact": (5, 2),
        "pain": (9, 6), "use": (6, 3), "fit": (5.5, 3), "choose": (6.5, 3), "trust": (4.5, 3), "price": (0.3, 2.2),
        "gift": (0.8, 0.2), "stock": (1.6, 99), "order": (2.4, 3), "recap": (7, 99), "ask": (2, 99),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (2.3, 99), "cta": (0, 99),
    },
    "seeding": {
        "hook": (1, 99), "pain": (1.8, 5), "intro": (0, 99), "use": (1.4, 2), "point": (1.1, 0.8), "assumed": (1.9, 1),
        "proof": (3, 2), "fact": (4, 2), "fit": (2.8, 3), "choose": (4, 3), "trust": (5, 3), "ask": (2, 99),
        "price": (6, 6), "gift": (8, 2), "recap": (12, 99), "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (3, 99), "cta": (0, 99),
    },
    "transition": {
        "hook": (0.4, 99), "intro": (0, 99), "pain": (2, 5), "point": (1, 2), "assumed": (1.6, 2), "use": (2.4, 3),
        "proof": (6, 3), "fact": (7, 3), "fit": (6, 3), "choose": (5, 3), "trust": (4, 3), "agenda": (3, 5), "ask": (1.8, 99), "recap": (99, 1),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (3, 99), "cta": (0, 99),
    },
    "closing": {
        "hook": (0.6, 99), "intro": (0, 99), "recap": (0.8, 99), "point": (3, 1.5), "assumed": (4, 2),
        "proof": (5, 2), "fact": (6, 2), "use": (7, 3), "fit": (4.5, 3), "choose": (6, 3), "trust": (6.5, 3), "pain": (20, 6),
        "price": (1, 3), "gift": (1.2, 0.5), "stock": (9, 99), "order": (2.4, 3), "thanks": (1.6, 2), "ask": (2, 99),
        "say": (0.2, 0.01), "required": (0.1, 0.01), "catch": (2.6, 99), "cta": (0, 99),
    },
}  # fmt: skip
_HEAD: Final = ("hook", "greet", "intro")
_BODY: Final = ("pain", "lead", "point", "assumed", "proof", "fact", "brand", "use", "fit", "choose", "trust")
#: Points carry the body; these are spread between them so that a long script does not turn into lists.
_BETWEEN: Final = ("proof", "fact", "use", "fit", "choose", "trust")
_WANTED_RANK: Final = 0.9


@dataclass(slots=True)
class _Unit:
    slot: str
    place: int
    rank: float
    options: list[str]
    text: str = ""


def compose(sheet: Sheet, seed: int) -> str:
    """Return a script of `sheet.target` spoken characters, the same for the same seed."""
    best, room = "", sheet.target
    # What is woven in between (names, questions) depends on the text: aim, look, aim again.
    for turn in range(5):
        text = _Script(sheet, random.Random(f"{seed}-{turn}")).write(room)  # noqa: S311
        missed = sheet.target - spoken_length(text)
        if not best or abs(missed) < abs(sheet.target - spoken_length(best)):
            best = text
        if abs(missed) <= sheet.target * 0.06:
            break
        room = max(12, room + missed)
    return best


class _Script:
    def __init__(self, sheet: Sheet, rng: random.Random) -> None:
        self._sheet = sheet
        self._rng = rng
        self._lines = Lines(sheet, rng)

    def write(self, room: int) -> str:
        units = self._fit(self._units(), room)
        return self._weave(self._arrange(units))

    def _units(self) -> list[_Unit]:
        plan = _PLANS[self._sheet.scenario]
        units: list[_Unit] = []
        for slot, (rank, step) in plan.items():
            if slot in self._sheet.drop:
                continue
            if slot in self._sheet.want and slot not in {"hook", "intro", "cta"}:
                rank = min(rank, _WANTED_RANK)
            units += [
                _Unit(slot, place, rank + step * place, options) for place, options in enumerate(self._options(slot))
            ]
        extra = self._sheet.want - plan.keys()
        for slot in sorted(extra & {"price", "gift", "order", "thanks", "stock"}):
            units += [
                _Unit(slot, place, _WANTED_RANK + 3 * place, options)
                for place, options in enumerate(self._options(slot))
            ]
        if self._sheet.styles[:1] == ("紧迫",) and self._sheet.stock and not any(u.slot == "stock" for u in units):
            units += [_Unit("stock", 0, 2.5, options) for options in self._options("stock")]
        return [one for one in units if one.options]

    def _options(self, slot: str) -> list[list[str]]:  # noqa: PLR0911 — a table of slots
        sheet, lines = self._sheet, self._lines
        match slot:
            case "hook" if sheet.action == "continue":
                return []
            case "intro" if sheet.action == "continue":
                return [lines.of("continue") or lines.of("intro")]
            case "hook" | "intro" | "cta":
                return [self._sure(slot)]
            case "point":
                return [lines.point(one, assumed=False) for one in sheet.points]
            case "assumed":
                said = [lines.point(one, assumed=True) for one in sheet.assumed]
                return [*said[:2], lines.of("assumed.note"), *said[2:]] if said else []
            case "proof":
                proofs = [*(one.proof for one in sheet.points if one.proof), *sheet.evidence]
                return [lines.of("proof", {"proof": proof}) for proof in dict.fromkeys(proofs)]
            case "fact":
                return [lines.of("fact", {"fact_name": name, "fact": value}) for name, value in sheet.facts]
            case "gift":
                return [lines.of("gift", {"gift": gift}) for gift in sheet.gifts]
            case "price":
                return self._prices()
            case "say":
                return [[lines.plain(one)] for one in sheet.say]
            case "required":
                return [[lines.plain(one)] for one in sheet.required]
            case "catch":
                return [[lines.plain(one)] for one in sheet.catchphrases if lines.allowed(one)][:1]
            case "recap":
                said = [one.feature for one in sheet.points if one.feature and lines.allowed(one.feature)][:3]
                return [lines.of("recap", {"recap": "，".join(said)})] if len(said) >= 2 else []
            case "greet" | "lead" | "brand" | "stock" | "ask":
                return [lines.of(slot)]
            case _:
                # One line each, so that every line of the slot can be said once.
                return [[said] for said in lines.of(slot)]

    def _sure(self, slot: str) -> list[str]:
        """Return the lines of a slot that must not fall silent, whatever words are forbidden."""
        found = self._lines.of(slot)
        if slot == "hook" and self._sheet.scenario in {"promotion", "closing", "transition"}:
            return found
        if slot == "intro":
            return [*found, f"{self._sheet.name}。"]
        return found or ([] if slot == "hook" else ["喜欢的点开购物车，选好就下单。"])

    def _prices(self) -> list[list[str]]:
        if self._sheet.price is None:
            return []
        lines = self._lines
        first = lines.of("price.cut") if self._sheet.list_price is not None else lines.of("price")
        if not first:
            return []
        return [
            first,
            lines.of("price.after"),
            *([lines.of("price.pair")] if self._sheet.scenario == "promotion" else []),
        ]

    def _fit(self, units: list[_Unit], room: int) -> list[_Unit]:
        chosen: list[_Unit] = []
        total = 0
        tight = self._tight(units, room)
        for unit in sorted(units, key=lambda one: one.rank):
            options = self._lines.untaken(unit.options)
            must = unit.rank < 0.3 and unit.slot in {"intro", "cta", "say", "required"}
            if tight:
                options = sorted(options, key=spoken_length)
            fitting = [said for said in options if total + spoken_length(said) <= room * 1.05]
            if not fitting and not (must and options):
                continue
            unit.text = fitting[0] if fitting else min(options, key=spoken_length)
            self._lines.take(unit.text)
            total += spoken_length(unit.text)
            chosen.append(unit)
            if total >= room * 0.97 and unit.rank >= 0.3:
                break
        return self._fill_up(chosen, units, room - total)

    def _tight(self, units: list[_Unit], room: int) -> bool:
        """Say whether the points that should be said need the shortest words for everything."""
        wanted = [one for one in units if one.rank < 1.6]
        return sum(spoken_length(one.options[0]) for one in wanted) > room

    def _fill_up(self, chosen: list[_Unit], units: list[_Unit], gap: int) -> list[_Unit]:
        spare = [one for one in units if one not in chosen and one.rank < 60]
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
        # What was asked for beside the plan comes before the end of the script.
        places = {slot: index for index, slot in enumerate(plan)}
        late = places["say"] - 0.5
        ordered = sorted(units, key=lambda one: (places.get(one.slot, late), one.place))
        body = [one for one in ordered if one.slot in _BODY]
        carriers = [one for one in body if one.slot not in _BETWEEN]
        between = sorted((one for one in body if one.slot in _BETWEEN), key=lambda one: one.place)
        mixed: list[_Unit] = []
        for index, unit in enumerate(carriers):
            mixed.append(unit)
            due = len(between) * (index + 1) // len(carriers) if len(between) > 2 else 0
            while len(mixed) - index - 1 < due:
                mixed.append(between[len(mixed) - index - 1])
        mixed += between[len(mixed) - len(carriers) :]
        if not body:
            return ordered
        first = ordered.index(body[0])
        rest = [one for one in ordered if one.slot not in _BODY]
        before = [one for one in rest if ordered.index(one) < first]
        return [*before, *mixed, *(one for one in rest if one not in before)]

    def _weave(self, units: list[_Unit]) -> str:
        """Join the units; call the name every half minute, and the listeners about every minute."""
        sheet, half = self._sheet, self._sheet.pace * 0.42
        reminders, questions, calls = (
            self._lines.of("remind", {"short": sheet.call}),
            self._lines.of("ask"),
            self._lines.of("midcta"),
        )
        since_name = since_question = since_call = 0
        said: list[list[str]] = [[]]
        total = sum(spoken_length(one.text) for one in units)
        spoken = 0
        for unit in units:
            length = spoken_length(unit.text)
            extra: list[str] = []
            left = total - spoken
            if since_name + length > half and unit.slot in _BODY and reminders and self._name_missing(unit.text):
                extra.append(reminders.pop(0))
                since_name = 0
            if since_question > sheet.pace * 0.85 and left > sheet.pace * 0.3 and unit.slot in _BODY:
                extra += self._next(questions)
                since_question = 0
            if since_call > sheet.pace and left > sheet.pace * 0.5 and unit.slot in _BODY:
                extra += self._next(calls)
                since_call = 0
            if unit.slot == "ask" or "？" in unit.text:
                since_question = 0
            named = not self._name_missing(unit.text)
            spoken += length
            since_name = 0 if named else since_name + length
            since_question += length
            since_call += length
            if said[-1] and self._turns(unit, said[-1]):
                said.append([])
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
