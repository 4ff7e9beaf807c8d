"""
Labels for addresses: what may be one, and which two a person could take for each other. Pure.

A payment goes where its label points, so a label has to be read in one way only. What could be an address, a name of
another system or a trick of letters is refused, with the reason.
"""

from __future__ import annotations

import re
import unicodedata

from smartchain.errors import ContactError
from smartchain.wallet.memo import escape

MOST_CHARACTERS = 64
_SIGNS = " -_.+&()"
_COLUMNS = ("recipient", "amount", "memo")
_HEX_LIKE = re.compile(r"[0oO][xX×][0-9a-fA-FoOlI]*|[0-9a-fA-F]{8,}")
_DOMAIN_LIKE = re.compile(r"\S\.\S")
_TOGETHER = ({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}, {"CJK", "HANGUL"}, {"CJK", "BOPOMOFO"})
_PLAIN = frozenset("æœøłđħðþß")
"""Latin letters that are no ASCII letter with a mark, and look like no other."""

_PAIRS = (
    "аa вb еe іl кk мm нh оo рp сc тt уy хx ѕs јj һh ԁd ԛq ԝw ѵv ьb ӏl гr "
    "αa βb εe ιl κk νv οo ρp σo τt υu χx γy ηn ωw μu "
    "օo ոn սu հh ցg զq յj "
    "ıl il 1l 0o łl øo đd ħh"
)
_LOOKS_LIKE = {pair[0]: pair[1] for pair in _PAIRS.split()}
"""What passes for a plain letter: those of other scripts, letters with a stroke, digits; i and 1 pass for l."""


def check_label(text: str) -> str:
    """The label, if it can be one. Raises `ContactError`, which says why not."""
    if reason := _why_not(text):
        raise ContactError(f"{shown(text)} cannot be a label: {reason}")
    return text


def looks_like(one: str, other: str) -> bool:
    """Whether a person may take one label for the other."""
    return skeleton(one) == skeleton(other)


def skeleton(label: str) -> str:
    """What is left of a label when case, marks, spaces and the differences between look-alikes are taken away."""
    bare = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", label).casefold())
    letters = (c for c in bare if not unicodedata.combining(c) and c not in _SIGNS)
    joined = "".join(_LOOKS_LIKE.get(c, c) for c in letters)
    return joined.replace("rn", "m").replace("vv", "w")


def is_address_like(text: str) -> bool:
    """Whether a text is meant as an address, well written or not."""
    return text.strip()[:2] in ("0x", "0X")


def could_be_name(text: str) -> bool:
    """Whether it has the form of an ENS or domain name."""
    return _DOMAIN_LIKE.search(text) is not None


def shown(text: str) -> str:
    """A label in an error: short, and without what could play with a terminal."""
    return f"'{escape(text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS] + '…')}'"


def _why_not(text: str) -> str | None:
    if not text.strip():
        return "it is empty"
    if text != text.strip() or "  " in text:
        return "it has spaces around it, or two in a row, that nobody sees"
    if len(text) > MOST_CHARACTERS:
        return f"it has more than {MOST_CHARACTERS} characters"
    if _HEX_LIKE.fullmatch(text):
        return "it looks like an address or another hex number"
    if re.fullmatch(r"[0-9 .+-]+", text):
        return "it looks like a number"
    if text.lower() in _COLUMNS:
        return "a column of payment files has that name"
    if could_be_name(text):
        return "it looks like an ENS or domain name, which this is not: write it without the dot"
    if text[0] in "-+":
        return f"it begins with {text[0]!r}, as an option or a formula does"
    return _wrong_letters(text)


def _wrong_letters(text: str) -> str | None:
    if unicodedata.normalize("NFKC", text) != text:
        return f"it has letters that look like others: write {shown(unicodedata.normalize('NFKC', text))}"
    scripts = set()
    for character in text:
        if character.isascii() and (character.isalnum() or character in _SIGNS):
            scripts |= {"LATIN"} if character.isalpha() else set()
        elif unicodedata.category(character)[0] in "LM":
            scripts.add(_script(character))
        else:
            return f"a label holds letters, digits 0 to 9 and {_SIGNS.strip()}, not {shown(character)}"
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return f"it mixes {' and '.join(sorted(name.lower() for name in scripts))} letters, which can look the same"
    return _wrong_script(text, scripts)


def _wrong_script(text: str, scripts: set[str]) -> str | None:
    letters = [character for character in text.casefold() if character.isalpha()]
    if scripts == {"LATIN"}:
        odd = next((letter for letter in letters if not _is_plain_latin(letter)), None)
        return f"{shown(odd)} looks like another letter" if odd else None
    if letters and all(letter in _LOOKS_LIKE for letter in letters):
        return "each of its letters looks like a Latin one"
    return None


def _is_plain_latin(letter: str) -> bool:
    return unicodedata.normalize("NFD", letter)[0].isascii() or letter in _PLAIN


def _script(character: str) -> str:
    """The first word of the character's name, which for a letter is its script."""
    return unicodedata.name(character, "UNKNOWN").split()[0]
