"""What is compiled of a layer of rules, and how snapshots share it: most of a tenant's rules are everybody's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple, Self

from backend.quality.codepoints import codes_of
from backend.quality.normalize import with_digits
from backend.quality.rulebook import Rule, base_rules, words_of_verticals
from backend.quality.sound import Heard, Sounds
from backend.quality.sweep import Sighting, Sweep

#: A layer of ours in which fewer rules hold than this share of them is not worth its search.
_WORTH: Final = 0.5


class Sight(NamedTuple):
    """A place that a rule names, before anybody asks whether it is meant."""

    rule: Rule
    #: The range in the folded text.
    start: int
    end: int
    #: The term that was meant; empty for a pattern.
    term: str
    #: Whether it is only heard: written by its sound.
    heard: bool


class Layer:
    """Rules that are searched for together. Immutable, shared between threads and snapshots."""

    def __init__(self, rules: Sequence[Rule], words: Mapping[str, Sequence[str]], besides: Iterable[str] = ()) -> None:
        """Compile rules; `words` tell verticals, and `besides` are terms of other layers to be heard as well."""
        self.rules = tuple(rules)
        self.sweep = Sweep(rules, words)
        self.heard = frozenset(term for rule in rules for term in rule.terms if is_worth_hiding(rule, term))
        # In the order of the rules, so that of two terms that sound alike it is always the same one.
        ordered = (term for rule in rules for term in rule.terms if term in self.heard)
        self.sounds = Sounds(dict.fromkeys([*ordered, *besides]))


def is_worth_hiding(rule: Rule, term: str) -> bool:
    """Tell whether somebody would disguise a term of a rule.

    Nobody hides a word that may be said; short mild words would only bring homophones.
    """
    # These are disguises themselves: what sounds like one is the plain word.
    if rule.category == "evasion" or term in rule.mild or term in rule.weak:
        return False
    return len(term) > 2 or rule.severity == "block"


@cache
def _base() -> Layer:
    return Layer(base_rules(), words_of_verticals())


@dataclass(frozen=True, slots=True)
class Search:
    """The rules of one snapshot, layer by layer."""

    #: Each with the rules as they hold in the snapshot; None for one that does not.
    layers: tuple[tuple[Layer, tuple[Rule | None, ...]], ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Self:
        """Compile what is not compiled yet."""
        base = _base_of(rules)
        if base is None:
            return cls(((Layer(rules, words_of_verticals()), tuple(rules)),))
        ours = {rule.id: rule for rule in base.rules}
        held = {rule.id: rule for rule in rules if _is_same(rule, ours.get(rule.id))}
        own = [rule for rule in rules if rule.id not in held]
        # What somebody made graver is worth hiding now.
        graver = [rule for rule in held.values() if rule is not ours[rule.id]]
        besides = [
            term for rule in graver for term in rule.terms if is_worth_hiding(rule, term) and term not in base.heard
        ]
        layers = [(base, tuple(held.get(rule.id) for rule in base.rules))]
        if own or besides:
            layers.append((Layer(own, {}, besides), tuple(own)))
        return cls(tuple(layers))

    def __call__(self, text: str) -> tuple[list[Sight], frozenset[str]]:
        """Search a folded text: what the rules name, and the verticals that it speaks of.

        Of what is named at one place, terms come first, then patterns, then what is heard, each in the rules' order.
        """
        codes = codes_of(text)
        digits = with_digits.codes(codes)
        swept = [(layer.sweep(text, digits), rules) for layer, rules in self.layers]
        sights = [
            *(sight for one, rules in swept for sight in _sights(one.terms, rules)),
            *(sight for one, rules in swept for sight in _sights(one.patterns, rules)),
        ]
        heard = Heard(text, codes)
        for layer, _ in self.layers:
            for start, end, term in layer.sounds.find(heard):
                # What disguises a disguise is the plain word (进裙, 进群), and that is a term or it may be said.
                owners = [] if self._owners(text[start:end]) else self._owners(term)
                if any(is_worth_hiding(rule, term) for rule in owners):
                    sights += [Sight(rule, start, end, term, True) for rule in owners]
        return sights, frozenset().union(*(one.verticals for one, _ in swept))

    def _owners(self, term: str) -> list[Rule]:
        numbered = ((rules, number) for layer, rules in self.layers for number in layer.sweep.owners.get(term, ()))
        return [rule for rules, number in numbered if (rule := rules[number]) is not None]


def _sights(sightings: Iterable[Sighting], rules: Sequence[Rule | None]) -> Iterator[Sight]:
    for number, start, end, term in sightings:
        rule = rules[number]
        if rule is not None:
            yield Sight(rule, start, end, term, False)


def _base_of(rules: Sequence[Rule]) -> Layer | None:
    """Return the layer of our rules when most of them are among these."""
    ours = {rule.id: rule for rule in base_rules()}
    same = sum(_is_same(rule, ours.get(rule.id)) for rule in rules)
    return _base() if same >= _WORTH * len(ours) else None


def _is_same(rule: Rule, ours: Rule | None) -> bool:
    """Tell whether a rule searches for what one of ours does, however grave somebody made it."""
    return ours is not None and rule.terms is ours.terms and rule.patterns is ours.patterns
