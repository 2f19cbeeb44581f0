"""What our purposes, bases and data are called in the W3C Data Privacy Vocabulary (DPV 2.1). Pure data.

Names: `dpv:` core, `pd:` personal data, `eu-gdpr:` the articles of the GDPR, `loc:` places.
"""

from typing import Final

from edge.consent.records import By, EventState, How
from edge.consent.rules import Basis

PREFIXES: Final = {
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
RECORD_SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
RECEIPT_SCHEMA: Final = "https://w3id.org/dpv/schema/dpv-27560#receipt"

PURPOSE: Final[dict[str, str]] = {
    "saving": "dpv:FulfilmentOfContractualObligation",
    "receipts": "dpv:LegalCompliance",
    "recognition": "dpv:ServicePersonalisation",
    "location": "dpv:RequestedServiceProvision",
    "finding": "dpv:CustomerCare",
    "profiling": "dpv:ProvidePersonalisedRecommendations",
    "partners": "dpv:PersonalisedBenefits",
    "contact": "dpv:DirectMarketing",
}
BASIS: Final[dict[Basis, str]] = {
    "consent": "eu-gdpr:A6-1-a",
    "agreement": "eu-gdpr:A6-1-b",
    "law": "eu-gdpr:A6-1-c",
}
# Trait, or what is seen and not kept as one -> its category. The name of the field stands beside it.
DATA: Final[dict[str, str]] = {
    "name": "pd:Name",
    "since": "pd:LifeHistory",
    "birthday": "pd:BirthDate",
    "points": "pd:Transactional",
    "stamps": "pd:Transactional",
    "vouchers": "pd:Transactional",
    "giftcards": "pd:Transactional",
    "pickup": "pd:Transactional",
    "last": "pd:Transactional",
    "baskets": "pd:Transactional",
    "wishlist": "pd:Preference",
    "guarded": "dpv:PersonalData",
    "age_band": "pd:AgeRange",
    "guardian": "pd:Family",
    "zone": "pd:Location",
    "address": "pd:Contact",
    "ledger": "pd:Transactional",
}
STATE: Final[dict[EventState, str]] = {
    "requested": "dpv:ConsentRequested",
    "given": "dpv:ConsentGiven",
    "renewed": "dpv:RenewedConsentGiven",
    "refused": "dpv:ConsentRefused",
    "withdrawn": "dpv:ConsentWithdrawn",
    "expired": "dpv:ConsentExpired",
}
METHOD: Final[dict[How, str]] = {
    "tablet": "pressed on the shop's tablet, in the customer's own hands",
    "phone": "pressed on the customer's own phone",
    "portal": "pressed on the customer's own page",
    "desk": "said to staff, who wrote it down before them",
    "import": "brought in by headquarters",
}
INDICATED_BY: Final[dict[By, str]] = {"customer": "dpv:DataSubject", "parent": "dpv:ParentOfDataSubject"}
# GDPR article -> the right, as people may use it on their own page.
RIGHTS: Final[dict[str, str]] = {
    "eu-gdpr:A7-3": "Right to withdraw consent",
    "eu-gdpr:A15": "Right of access",
    "eu-gdpr:A16": "Right to rectification",
    "eu-gdpr:A17": "Right to erasure",
    "eu-gdpr:A20": "Right to data portability",
}
# A basis that is no consent has no right to withdraw it, and portability goes on with the agreement alone.
NO_RIGHT: Final[dict[Basis, frozenset[str]]] = {
    "consent": frozenset(),
    "agreement": frozenset({"eu-gdpr:A7-3"}),
    "law": frozenset({"eu-gdpr:A7-3", "eu-gdpr:A17", "eu-gdpr:A20"}),
}
AUTHORITIES: Final[dict[str, tuple[str, str]]] = {
    "NL": ("Autoriteit Persoonsgegevens", "https://autoriteitpersoonsgegevens.nl"),
    "BE": ("Gegevensbeschermingsautoriteit", "https://www.gegevensbeschermingsautoriteit.be"),
}
