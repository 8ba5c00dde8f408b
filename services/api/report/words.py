"""Text in a PDF: two free fonts, what they cannot show made visible, nothing taken for markup."""

from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab import __file__ as reportlab
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from services.api.report.colours import GREY, INK

PLAIN, BOLD = "Vera", "VeraBd"
LONGEST = 400


@cache
def fonts() -> frozenset[int]:
    """Register the fonts once in a process; the characters that both of them have."""
    shown = set(range(0x110000))
    for name in (PLAIN, BOLD):
        font = TTFont(name, str(Path(reportlab).parent / "fonts" / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        shown &= set(font.face.charToGlyph)
    return frozenset(shown)


def shown(value: object, *, longest: int = LONGEST) -> str:
    """As the fonts can show it, in one line: any other character as its code, such as [U+4E2D]."""
    text = " ".join(str(value).split())
    text = text if len(text) <= longest else f"{text[: longest - 3]}..."
    known = fonts()
    return "".join(it if ord(it) in known else f"[U+{ord(it):04X}]" for it in text)


def number(value: Any) -> str:
    """Four significant digits; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def paragraph(value: object, kind: str = "body", *, longest: int = LONGEST) -> Paragraph:
    """One paragraph of plain text, which breaks anywhere, as SMILES and digests have no blanks."""
    return Paragraph(escape(shown(value, longest=longest)), style(kind))


@cache
def style(kind: str) -> ParagraphStyle:
    """The few kinds of text there are."""
    fonts()
    size, leading, name, colour, above, below = {
        "title": (19, 24, BOLD, INK, 0, 2),
        "heading": (11.5, 15, BOLD, INK, 13, 5),
        "body": (8.5, 12, PLAIN, INK, 0, 3),
        "strong": (8.5, 11, BOLD, INK, 0, 1),
        "small": (7, 9, PLAIN, GREY, 0, 0),
        "cell": (7.5, 9.5, PLAIN, INK, 0, 0),
        "head": (7.5, 9.5, BOLD, INK, 0, 0),
    }[kind]
    return ParagraphStyle(
        kind,
        fontName=name,
        fontSize=size,
        leading=leading,
        textColor=colour,
        spaceBefore=above,
        spaceAfter=below,
        splitLongWords=1,
    )
