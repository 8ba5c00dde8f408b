"""From ``--filter`` options to the ``molecule_filters`` of an order."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from omtx.files import read_text

from cli.errors import Refused
from services.submit.filters import Catalog
from services.submit.ranges import descriptor_names

FORMS = (
    "lipinski or lipinski:VIOLATIONS, a catalogue such as PAINS, mol_wt<=500, tpsa=20..140, "
    "'reject:SMARTS NAME', 'require:SMARTS NAME', 'regex:EXPRESSION', or @FILE.json"
)
CATALOGS = {name.lower(): name for name in get_args(Catalog)}
RANGE = re.compile(r"(\w+)\s*(?:(<=|>=)\s*([^\s<>=]+)|=\s*([^\s<>=]+?)\.\.([^\s<>=]+))")
MERGED = ("rdkit_descriptor_filter", "smarts_custom_filter", "smiles_regex_filter")
Filter = dict[str, Any]


def molecule_filters(given: Sequence[str]) -> dict[str, Any] | None:
    """
    The field of the order; None without an option.

    Ranges are one filter, expressions are, and SMARTS are one for each action, in the place of the first of
    them. What they mean is for the functions to judge.
    """
    found = list[Filter]()
    for text in given:
        for one in _filters(text.strip()):
            _add(found, one)
    return {"custom_filters": found} if given else None


def _add(found: list[Filter], one: Filter) -> None:
    kind = {key: one[key] for key in ("type", "action") if key in one}
    same = (it for it in found if kind.items() <= it.items() and "name" not in it and "name" not in one)
    first = next(same, None) if one["type"] in MERGED else None
    if first is None:
        found.append(one)
    elif "patterns" in one:
        first["patterns"] += one["patterns"]
    else:
        for name, bounds in one.items():
            first[name] = {**first.get(name, {}), **bounds} if isinstance(bounds, Mapping) else bounds


def _filters(text: str) -> list[Filter]:
    word, _, rest = text.partition(":")
    if text.startswith("@"):
        return _of_file(Path(text[1:]))
    if word in ("reject", "require") and rest.strip():
        return [{"type": "smarts_custom_filter", "action": word, "patterns": [_pattern(rest.strip())]}]
    if word == "regex" and rest:
        return [{"type": "smiles_regex_filter", "patterns": [rest]}]
    if word.lower() == "lipinski":
        return [_lipinski(text, rest)]
    if text.lower() in CATALOGS:
        return [{"type": "smarts_catalog_filter", "catalog": CATALOGS[text.lower()]}]
    return [_range(text)]


def _of_file(path: Path) -> list[Filter]:
    try:
        content = json.loads(read_text(path, "filters"))
    except ValueError as error:
        raise Refused(f"filters {path}: not JSON: {error}") from error
    found = content.get("custom_filters") if isinstance(content, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(it, dict) and "type" in it for it in found):
        raise Refused(f"filters {path}: has no list 'custom_filters' of objects with a 'type'")
    return found


def _pattern(text: str) -> dict[str, str]:
    """As in a .smi file: what follows a blank is the name."""
    smarts, _, name = text.partition(" ")
    return {"smarts": smarts} | ({"name": name.strip()} if name.strip() else {})


def _lipinski(text: str, violations: str) -> Filter:
    if violations and not violations.isdecimal():
        raise Refused(f"--filter {text!r}: write lipinski:N, with N bounds that may be broken")
    return {"type": "lipinski_filter"} | ({"max_violations": int(violations)} if violations else {})


def _range(text: str) -> Filter:
    match = RANGE.fullmatch(text)
    if match is None:
        raise Refused(f"--filter {text!r}: write {FORMS}")
    name, sign, bound, least, most = match.groups()
    if name not in descriptor_names():
        raise Refused(f"--filter {text!r}: there is no {name!r}; there are {', '.join(descriptor_names())}")
    ends = {"max": bound} if sign == "<=" else {"min": bound} if sign else {"min": least, "max": most}
    return {"type": "rdkit_descriptor_filter", name: {end: _number(text, it) for end, it in ends.items()}}


def _number(text: str, bound: str) -> float:
    try:
        number = float(bound)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused(f"--filter {text!r}: {bound!r} is no number")
    return number
