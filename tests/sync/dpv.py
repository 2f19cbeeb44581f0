"""Holds a receipt against DPV and ISO/IEC TS 27560:2023, as `data/dpv-27560.json` keeps both."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_KEPT: Final = json.loads((Path(__file__).parent / "data/dpv-27560.json").read_text(encoding="utf-8"))
_PREFIXES: Final[dict[str, str]] = _KEPT["prefixes"]
_PROPERTIES: Final = {_PREFIXES[prefix] + name for prefix, its in _KEPT["properties"].items() for name in its}
_TERMS: Final = {_PREFIXES[prefix] + name for prefix, its in _KEPT["terms"].items() for name in its}
_STATES: Final = {iri for iri in _TERMS if "#Consent" in iri or "#RenewedConsent" in iri}
_PLAIN: Final = ("urn:", "http://", "https://")


def wrong(receipt: dict[str, Any]) -> list[str]:
    """What is not as the two say, a sentence each; none when all is well."""
    found: list[str] = []
    whole = _expanded(receipt, receipt.get("@context", {}), found, place="receipt")
    found += _lacking(whole, "receipt", place="receipt")
    for number, record in enumerate(_all(whole, "dpv:hasRecordOfActivity")):
        place = f"record {number}"
        found += _lacking(record, "record", place=place)
        basis = next(_all(record, "dpv:hasProcess/dpv:hasLegalBasis/@id"), None)
        if basis == _iri("eu-gdpr:A6-1-a"):
            found += _lacking(record, "consent", place=place)
        for party in _all(record, "dpv:hasProcess/dpv:hasDataController"):
            found += _lacking(party, "party", place=f"{place}, controller")
        for party in _all(record, "dpv:hasProcess/dpv:hasRecipient"):
            if set(party) - {"@id"}:
                found += _lacking(party, "party", place=f"{place}, recipient")
        events = list(_all(record, "dpv:hasConsentStatus"))
        if not events:
            found.append(f"{place} has no event")
        for event in events:
            found += _lacking(event, "event", place=f"{place}, event")
            if len(_STATES & set(_listed(event.get("@type")))) != 1:
                found.append(f"{place}: an event has not one state")
    return found


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return _PREFIXES[prefix] + local


def _expanded(node: Any, context: dict[str, str], found: list[str], *, place: str) -> Any:
    """A node with full IRIs, as JSON-LD 1.1 expands it; what has no meaning is noted."""
    if isinstance(node, list):
        return [_expanded(each, context, found, place=place) for each in node]
    if not isinstance(node, dict):
        return node
    whole: dict[str, Any] = {}
    for name, value in node.items():
        if name == "@context":
            continue
        if name in ("@type", "@id"):
            whole[name] = [_term(each, context, found, place=place) for each in _listed(value)]
            whole[name] = whole[name] if name == "@type" else whole[name][0]
        elif name == "@value":
            whole[name] = value
        else:
            iri = _full(name, context)
            if iri not in _PROPERTIES:
                found.append(f"{place}: {name} is no property of DPV that is kept here")
            whole[iri or name] = _expanded(value, context, found, place=f"{place}/{name}")
    return whole


def _full(name: str, context: dict[str, str]) -> str | None:
    prefix, colon, local = name.partition(":")
    return context[prefix] + local if colon and prefix in context else None


def _term(name: str, context: dict[str, str], found: list[str], *, place: str) -> str:
    full = _full(name, context)
    if full is None:
        if not name.startswith(_PLAIN):
            found.append(f"{place}: {name} is no IRI")
        return name
    if full not in _TERMS:
        found.append(f"{place}: {name} is no term of DPV that is kept here")
    return full


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _all(node: dict[str, Any], path: str) -> Iterator[Any]:
    """Everything at the end of a path of properties."""
    name, _, rest = path.partition("/")
    for each in _listed(node.get(name if name.startswith("@") else _iri(name))):
        if not rest:
            yield each
        elif isinstance(each, dict):
            yield from _all(each, rest)


def _lacking(node: dict[str, Any], shape: str, *, place: str) -> list[str]:
    """Mandatory fields without a value."""
    return [
        f"{place}: {field} ({path}) is empty"
        for field, path in _KEPT["mandatory"][shape].items()
        if not any(each not in ("", None, {}) for each in _all(node, path))
    ]
