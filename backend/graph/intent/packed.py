"""Words that are packed so that nobody reads them by looking: base64, hex, escapes, rot13, backwards, by letters."""

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from backend.quality.heads import headed

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?(?:(?:\\x|%)?[0-9a-fA-F]{2}[\s,:]?){8,4096}(?![0-9A-Za-z])")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2}[\w.~+-]{0,8}){4,1024}", re.ASCII)
_ESCAPES: Final = re.compile(
    r"\\u\{?([0-9a-fA-F]{4,5})\}?|[uU]\+([0-9a-fA-F]{4,5})\s?|&#(?:[xX]([0-9a-fA-F]{2,5})|(\d{2,6}));?"
)
_FEWEST_ESCAPES: Final = 4
#: Signs of Unicode that show nothing and spell ASCII.
_TAGS: Final = re.compile("[\U000e0020-\U000e007e]{6,4096}")
#: What orders are made of, in rot13 and backwards. Reading a text so is only worth it where one of these stands.
_ROT13: Final = headed(
    r"(?:vtaber|qvfertneq|sbetrg|bireevqr|olcnff|erirny|cevag|bhgchg|nccebir|fxvc|vafgehpgvba|cebzcg|ehyrf|flfgrz)"
)
_BACKWARDS: Final = headed(
    r"略忽|视无|过[跳绕]|记忘|出输|令指|则规|词示提|核审|批审|定设|制限|示显|snoitcurtsni|tpmorp|selur|erongi|drager|tegrof|ssapyb|laever"
)
#: One letter at a time: i g n o r e, f.o.r.g.e.t. Wider gaps are those between words.
_LETTERS: Final = re.compile(r"(?<![A-Za-z])(?:[A-Za-z][\s.,·•_*|/\\-]{1,4}){9,400}[A-Za-z](?![A-Za-z])")
_SIGN: Final = re.compile(r"[^A-Za-z]+")
#: The words of an order in English when all gaps are gone.
_RUN_TOGETHER: Final = re.compile(
    r"(?:ignore|forget|disregard|override|bypass|skip|drop|reveal|show|print|output|leak|disable|repeat)[a-z]{0,30}?"
    r"(?:instruction|rules|prompt|guideline|policy|policies|review|approval|filter|restriction|checks)"
)
#: What is packed twice is unpacked twice.
_DEEPEST: Final = 2


def unpacked(text: str) -> list[str]:
    """Return what is packed in `text` (not folded), as far as it is words."""
    found = {text: None}
    level = [text]
    for _ in range(_DEEPEST):
        level = [words for packed in level for words in _of_bytes(packed) if words not in found]
        found.update(dict.fromkeys(level))
    turned = [words for plain in tuple(found) for words in _turned(plain)]
    return [words for words in dict.fromkeys([*found, *turned]) if words != text]


def run_together(text: str) -> str | None:
    """Return the order that `text` spells letter by letter, without its gaps; None when it spells none."""
    for match in _LETTERS.finditer(text):
        if (found := _RUN_TOGETHER.search(_SIGN.sub("", match[0]).lower())) is not None:
            return found[0]
    return None


def _of_bytes(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(text):
        packed = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        yield from _words(_plain_base64(packed + "=" * (-len(packed) % 4)))
    for match in _HEX.finditer(text):
        digits = re.sub(r"0[xX]|\\x|[^0-9a-fA-F]", "", match[0])
        yield from _words(bytes.fromhex(digits) if len(digits) % 2 == 0 else b"")
    for match in _PERCENT.finditer(text):
        yield from _words(unquote_to_bytes(match[0]))
    if len(escapes := _ESCAPES.findall(text)) >= _FEWEST_ESCAPES:
        codes = (
            int(other or one or third, 16) if (other or one or third) else int(number)
            for one, other, third, number in escapes
        )
        yield "".join(chr(code) for code in codes if code < 0x110000 and not 0xD800 <= code < 0xE000)
    for match in _TAGS.finditer(text):
        yield "".join(chr(ord(sign) - 0xE0000) for sign in match[0])


def _turned(text: str) -> Iterator[str]:
    """Yield `text` turned by thirteen, from its end and without gaps, where that may say something."""
    if _ROT13.search(text.lower()) is not None:
        yield codecs.decode(text, "rot13")
    if _BACKWARDS.search(text) is not None:
        yield text[::-1]
    for match in _LETTERS.finditer(text):
        yield " ".join(
            _SIGN.sub("", word) for word in re.split(r"\s{2,}|(?<=[A-Za-z])[ ](?=[A-Za-z][.,·_*|/-])", match[0])
        )


def _plain_base64(packed: str) -> bytes:
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return b""


def _words(packed: bytes) -> Iterator[str]:
    try:
        words = packed.decode("utf-8")
    except UnicodeDecodeError:
        return
    if words and re.sub(r"\s", "", words).isprintable():
        yield words
