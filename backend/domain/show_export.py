"""The scripts of a show as a file: text, DOCX, or cues with times."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

ExportFormat = Literal["txt", "docx", "srt"]
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

#: A cue is a breath: longer sentences are cut at their commas.
_CUE_CHARACTERS: Final = 24
_SENTENCES: Final = re.compile(r"[^。！？!?…\n]+[。！？!?…”』」）)]*|\n+")
_CLAUSES: Final = re.compile(r"[^，,、；;：:]+[，,、；;：:]*")


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    media_type: str
    suffix: str


FORMATS: Final[dict[ExportFormat, Kind]] = {
    "txt": Kind("text/plain; charset=utf-8", "txt"),
    "docx": Kind(DOCX, "docx"),
    "srt": Kind("application/x-subrip; charset=utf-8", "srt"),
}


@dataclass(frozen=True)
class Spoken:
    """One script: what it is called, what is said, and the seconds it was planned for."""

    heading: str
    text: str
    planned_seconds: int


def exported(
    format_: ExportFormat,
    name: str,
    starts_at: datetime | None,
    scripts: Sequence[Spoken],
    pace: int,
    speakable: Callable[[str], int],
) -> bytes:
    """Return the file. `speakable` counts the characters of a text that are said aloud, `pace` how many a minute."""
    match format_:
        case "txt":
            return as_text(name, starts_at, scripts, pace, speakable).encode("utf-8-sig")
        case "docx":
            return as_docx(name, starts_at, scripts, pace, speakable)
        case "srt":
            return as_cues(scripts, pace, speakable).encode()


def as_text(
    name: str, starts_at: datetime | None, scripts: Sequence[Spoken], pace: int, speakable: Callable[[str], int]
) -> str:
    """Return the scripts one below the other, each with the time at which it begins."""
    lines = [name, *([_date(starts_at)] if starts_at else []), ""]
    at = 0.0
    for number, script in enumerate(scripts, 1):
        lines += [f"{number}. [{_clock(at)}] {script.heading}", "", script.text.strip(), ""]
        at += seconds_of(script.text, pace, speakable)
    return "\r\n".join("\n".join(lines).split("\n"))


def as_docx(
    name: str, starts_at: datetime | None, scripts: Sequence[Spoken], pace: int, speakable: Callable[[str], int]
) -> bytes:
    """Return a document with a heading for each script, in a font that has Chinese."""
    import docx  # loads lxml: only an export should cost that
    from docx.oxml.ns import qn

    document = docx.Document()
    normal = document.styles["Normal"]
    normal.font.name = "Microsoft YaHei"
    # Word keeps the font of Chinese apart from that of Latin letters.
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "Microsoft YaHei")
    document.core_properties.title = _storable(name)[:255]
    document.add_heading(_storable(name), 0)
    if starts_at:
        document.add_paragraph(_date(starts_at))
    at = 0.0
    for number, script in enumerate(scripts, 1):
        took = seconds_of(script.text, pace, speakable)
        document.add_heading(_storable(f"{number}. {script.heading}"), 1)
        document.add_paragraph(
            f"{_clock(at)} – {_clock(at + took)}（约 {round(took)} 秒，计划 {script.planned_seconds} 秒）"
        )
        for part in script.text.strip().splitlines():
            if part.strip():
                document.add_paragraph(_storable(part.strip()))
        at += took
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def as_cues(scripts: Sequence[Spoken], pace: int, speakable: Callable[[str], int]) -> str:
    """Return numbered cues in the manner of SRT: when each breath begins and ends, if it is said at this pace.

    They follow each other without a gap, over all scripts.
    """
    cues: list[str] = []
    said = 0  # characters: times are made of their sum, so that rounding never adds up
    for script in scripts:
        for number, text in enumerate(cue_texts(script.text, speakable)):
            begins, said = said, said + speakable(text)
            shown = f"【{script.heading}】\n{text}" if number == 0 else text
            cues.append(f"{len(cues) + 1}\n{_stamp(begins * 60 / pace)} --> {_stamp(said * 60 / pace)}\n{shown}\n")
    return "\n".join(cues)


def cue_texts(text: str, speakable: Callable[[str], int]) -> list[str]:
    """Return the text in breaths, in order and with nothing left out that is said."""
    cues: list[str] = []
    for sentence in _SENTENCES.findall(text):
        cue = ""
        for clause in _CLAUSES.findall(sentence.strip()):
            if cue and speakable(cue + clause) > _CUE_CHARACTERS:
                cues.append(cue)
                cue = ""
            cue += clause
        cues.append(cue)
    return [cue.strip() for cue in cues if speakable(cue)]


def seconds_of(text: str, pace: int, speakable: Callable[[str], int]) -> float:
    """Return how long it takes to say the text."""
    return speakable(text) * 60 / pace


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def _date(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M")


def _storable(text: str) -> str:
    # XML has no control characters, not even escaped.
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
