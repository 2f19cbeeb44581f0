"""What stands in a `repr` can stand in a traceback and in a log line: never whose it was."""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import drivers
from drivers.codecs.tags.ndef_wire import ABSOLUTE_URI, Raw
from drivers.codecs.wallets.smarttap_records import PassObject
from drivers.codecs.wallets.tlv import Tlv
from drivers.evdev import InputEvent
from drivers.presentation import Presentation
from drivers.reader import Sighting, Token
from drivers.talks import Seen

# Texts, bytes and objects that say nothing of a customer: settings of the shop, names of parts, kinds.
HARMLESS: Final = {
    *("_Unavailable.name", "_Unavailable.missing", "Plugged.*", "Folders.*", "Broker.*", "Node.*"),
    *("Sent.boot", "Batch.gateway", "Status.gateway", "Sighting.reader", "Idle.reader", "Idle.scanners"),
    *("Layout.*", "Form.*", "NdefRule.match", "Template.*", "ReaderSettings.*", "Record.type"),
    *("Issuer.aid", "Keys.app_id", "Keys.system_id", "Merchant.pass_type_id", "PassObject.kind"),
    "Gs1.gtin",  # a product's
    *("Session.ti", "Session.id"),  # random, of one talk
}
CAN_HOLD_A_SECRET: Final = re.compile(r"\b(str|bytes|bytearray|object|Any|Mapping|dict|list|Pattern)\b")


def dataclasses_of_drivers() -> Iterator[Any]:
    for module in pkgutil.walk_packages(drivers.__path__, "drivers."):
        found = importlib.import_module(module.name)
        for each in vars(found).values():
            if isinstance(each, type) and dataclasses.is_dataclass(each) and each.__module__ == module.name:
                yield each


def test_no_field_that_can_hold_somebodys_number_is_shown_unless_it_was_judged_harmless() -> None:
    shown = [
        f"{each.__name__}.{one.name}"
        for each in dataclasses_of_drivers()
        for one in dataclasses.fields(each)
        if one.repr and CAN_HOLD_A_SECRET.search(re.sub(r"Literal\[[^]]*\]", "", str(one.type)))
    ]
    assert [
        name for name in shown if name not in HARMLESS and f"{name.partition('.')[0]}.*" not in HARMLESS
    ] == []
    assert len(shown) > 20  # the walk found them


def test_what_a_card_said_stands_in_no_repr() -> None:
    token = Token("vas", "LOYALTY-0001", "strong", {"oid": "LOYALTY-0001"})
    secret = b"LOYALTY-0001"
    for each in (
        Seen((token,)),
        Sighting("counter-1", datetime.now(UTC), "tap", token),
        Presentation(secret, 0.0),
        PassObject("ly", "LOYALTY-0001", "LOYALTY-0001"),
        Tlv(0x50, secret),
        Raw(ABSOLUTE_URI, secret, secret, secret),
    ):
        assert "LOYALTY" not in repr(each)
    assert "30" not in repr(InputEvent(0.5, 1, 30, 30))
