"""A receipt that other programs can read: JSON-LD in the words of DPV, and the older form of Kantara. Pure.

The shape is that of the DPV guide "Consent Records and Receipts as per ISO/IEC TS 27560:2023" (2024-08-01): a receipt
wraps records, and everything about one use of data stands in a `dpv:Process`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.consent import meanings
from edge.consent.records import Event, Party, Record
from edge.consent.rules import TRAITS
from edge.kit.clock import rfc3339

Node = dict[str, Any]
DAYS_OF_ERASURE: Final = 30  # by then every backup that held it is gone (backups live 30 days)
_INSTANT: Final = "xsd:dateTime"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives receipts: the hub's own address, and the country whose law applies (ISO 3166-1)."""

    url: str  # where the customer's page is, without a slash at its end; a urn where there is none
    country: str = "NL"


def receipt(records: Sequence[Record], issuer: Issuer, *, receipt_id: str, now_ms: int) -> Node:
    """One receipt over these records, made at `now_ms`."""
    return {
        "@context": meanings.PREFIXES,
        "@id": f"urn:uuid:{receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": {"@id": meanings.RECEIPT_SCHEMA},
        "dpv:hasIdentifier": receipt_id,
        "dct:created": _instant(now_ms),
        "dct:publisher": sorted({each.controller.id for each in records}),
        "dpv:hasRecordOfActivity": [_record(each, issuer) for each in records],
    }


def _record(record: Record, issuer: Issuer) -> Node:
    page = f"{issuer.url}/portal"
    name, url = meanings.AUTHORITIES.get(issuer.country, meanings.AUTHORITIES["NL"])
    rights = {
        article: title
        for article, title in meanings.RIGHTS.items()
        if article not in meanings.NO_RIGHT[record.basis]
    }
    node: Node = {
        "@id": f"urn:uuid:{record.record_id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": meanings.RECORD_SCHEMA},
        "dpv:hasIdentifier": record.record_id,
        "dpv:hasDataSubject": {
            "@id": f"urn:uuid:{_uuid(record.principal)}",
            "@type": "dpv:Customer",
            "dpv:hasIdentifier": record.principal,
        },
        "dpv:hasNotice": [_notice(each, page) for each in _read(record)],
        "dpv:hasJurisdiction": {"@id": f"loc:{issuer.country}"},
        "dpv:hasApplicableLaw": {"@id": "eu-gdpr:GDPR"},
        "dpv:hasAuthority": {"@type": "dpv:DataProtectionAuthority", "dpv:hasName": name, "schema:url": url},
        "dpv:hasProcess": _process(record, issuer),
        "dpv:hasRight": [
            {
                "@type": ["dpv:DataSubjectRight", article],
                "dct:title": title,
                "dpv:isExercisedAt": page,
            }
            for article, title in rights.items()
        ],
        "dpv:hasConsentStatus": [_status(each, record) for each in record.events],
    }
    if record.basis == "consent":
        node["dpv:hasConsentControl"] = {
            "@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"],
            "dpv:isExercisedAt": f"{page}#mag",
        }
    return node


def _process(record: Record, issuer: Issuer) -> Node:
    node: Node = {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {
            "@type": meanings.PURPOSE[record.purpose],
            "dct:identifier": record.purpose,
            "dct:title": record.purpose,
        },
        "dpv:hasLegalBasis": {"@id": meanings.BASIS[record.basis]},
        "dpv:hasPersonalData": [
            {
                "@type": meanings.DATA[each],
                "dct:identifier": each,
                "dpv:hasNecessity": {"@id": "dpv:Required"},
            }
            for each in record.data
        ],
        "dpv:hasProcessing": [{"@id": "dpv:Collect"}, {"@id": "dpv:Store"}, {"@id": "dpv:Use"}],
        "dpv:hasDataController": _party(record.controller, "dpv:DataController"),
        "dpv:hasRecipient": [_party(each, "dpv:ThirdParty") for each in record.recipients]
        or [{"@id": f"urn:welkom:party:{record.controller.id}"}],  # 1..*: the controller alone
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": f"loc:{issuer.country}"}},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": _kept(record)},
            {"@type": "dpv:StorageDeletion", "dpv:hasDuration": f"P{DAYS_OF_ERASURE}D"},
        ],
    }
    if record.benefit:
        # DPV has no word for what is given in return; a service with its own title says it.
        service: Node = {"@type": "dpv:Service", "dct:title": record.benefit}
        if record.delivered_ms is not None:
            service["schema:validFrom"] = _instant(record.delivered_ms)
        node["dpv:hasService"] = service
    return node


def _kept(record: Record) -> Node | str:
    """The longest of a field's own retention and the period of the consent."""
    days = max((TRAITS[each].keep_days or 0 for each in record.data if each in TRAITS), default=0)
    if days:
        return f"P{days}D"
    if record.now.until_ms is not None:
        return {"@type": "dpv:UntilTimeDuration", "dct:valid": _instant(record.now.until_ms)}
    return {
        "@type": "dpv:UntilEventDuration",
        "dct:title": "until it is withdrawn, or the customer is forgotten",
    }


def _status(event: Event, record: Record) -> Node:
    kinds = [meanings.STATE[event.state]]
    if record.basis == "consent" and event.state in ("given", "renewed"):
        kinds.append("dpv:ExpressedConsent")
    node: Node = {
        "@type": kinds,
        "dct:identifier": f"{record.record_id}/{event.gen}/{event.state}",
        "dpv:isIndicatedBy": {"@id": meanings.INDICATED_BY[event.by]},
        "dpv:hasIndicationMethod": meanings.METHOD[event.how],
        "dpv:isIndicatedAtTime": _instant(event.at_ms),
        "dct:valid": _instant(event.until_ms) if event.until_ms is not None else "until withdrawn",
    }
    if event.shop:
        node["schema:location"] = event.shop
    return node


def _read(record: Record) -> list[Event]:
    """The texts that were read, the newest last; where none is known, that none is."""
    return [each for each in record.events if each.notice] or [record.events[0]]


def _notice(event: Event, page: str) -> Node:
    digest = event.notice.hex()
    return {
        "@id": f"{page}/notices/{digest}" if digest else "urn:welkom:notice:unknown",
        "@type": "dpv:ConsentNotice",
        "dct:identifier": f"sha256:{digest}" if digest else "unknown",
        "dct:hasVersion": event.version or "unknown",
        "dct:date": _instant(event.at_ms),
        "dct:language": event.language or "und",  # BCP 47: undetermined
    }


def _party(party: Party, role: str) -> Node:
    node: Node = {
        "@id": f"urn:welkom:party:{party.id}",
        "@type": [role, "dpv:Organisation"],
        "dpv:hasIdentifier": party.id,
        "dpv:hasName": party.name,
        "schema:contactPoint": {
            "@type": "schema:ContactPoint",
            "schema:name": party.contact,
            "schema:email": party.email,
            "schema:telephone": party.phone,
        },
        "dpv:hasAddress": party.address,
        "dct:type": party.kind,
    }
    if party.url:
        node["schema:url"] = party.url
    return node


def _instant(at_ms: int) -> Node:
    return {"@type": _INSTANT, "@value": rfc3339(at_ms)}


def _uuid(hex_id: str) -> str:
    return f"{hex_id[:8]}-{hex_id[8:12]}-{hex_id[12:16]}-{hex_id[16:20]}-{hex_id[20:]}"


def kantara(record: Record, issuer: Issuer) -> Node:
    """The same as a Kantara Consent Receipt v1.1.0 (2018), for programs that read only that; times in seconds."""
    controller, event = record.controller, record.asked
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": issuer.country,
        "consentTimestamp": event.at_ms // 1000,
        "collectionMethod": meanings.METHOD[event.how],
        "consentReceiptID": record.record_id,
        "language": event.language or "und",
        "piiPrincipalId": record.principal,
        "piiControllers": [
            {
                "piiController": controller.name,
                "contact": controller.contact,
                "address": {"streetAddress": controller.address},
                "email": controller.email,
                "phone": controller.phone,
            }
        ],
        "policyUrl": f"{issuer.url}/portal",
        "services": [
            {
                "service": record.benefit or record.purpose,
                "purposes": [
                    {
                        "purpose": record.purpose,
                        "purposeCategory": [meanings.PURPOSE[record.purpose]],
                        "consentType": "EXPLICIT" if record.basis == "consent" else "N/A",
                        "piiCategory": [meanings.DATA[each] for each in record.data],
                        "primaryPurpose": record.purpose == "saving",
                        "termination": rfc3339(event.until_ms)
                        if event.until_ms is not None
                        else "withdrawal",
                        "thirdPartyDisclosure": bool(record.recipients),
                        "thirdPartyName": ", ".join(each.name for each in record.recipients),
                    }
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }
