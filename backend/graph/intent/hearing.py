"""What was typed wrong but sounds right: 继需, 在短一点, 换城. Tried when a message says nothing as it is written."""

from backend.graph.intent.naming import sounds
from backend.graph.intent.vocabulary import phrases

#: Characters. In longer texts a few syllables always sound like something.
_LONGEST = 16


def heard(text: str) -> str | None:
    """Return folded `text` with the words that it sounds like; None when there are none."""
    if len(text) > _LONGEST:
        return None
    syllables, right = sounds(text), text
    letters = text.replace(" ", "").rstrip(".!~")
    for word in phrases("requests_by_ear")["words"].pattern.split("|"):
        if letters == "".join(sounds(word)):
            return word
        sound = sounds(word)
        for at in range(len(syllables) - len(sound) + 1):
            if syllables[at : at + len(sound)] == sound:
                right = right[:at] + word + right[at + len(word) :]
    return right if right != text else None
