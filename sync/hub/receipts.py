"""Which shops have shown that what was taken away is gone there, and for which that is still open."""

from dataclasses import dataclass

from edge.kit.sql import Connection
from sync import receipt as receipts
from sync import wire
from sync.hub.problem import Refusal
from sync.hub.tables import receipts as tables
from sync.hub.tables.devices import Device
from sync.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Open:
    """What a device has not shown to have done: erasures (departures among them), withdrawals and blocks."""

    device_id: str
    shop_id: str
    erasures: int
    stops: int
    shown: int  # the cursor of its last receipt, 0 for none


def take(conn: Connection, device: Device, receipt: Receipt, *, now_ms: int) -> None:
    """Keep a receipt; an older one than is held changes nothing. Raises Refusal for what the device cannot say."""
    part = wire.urgent_part(device.shop_id)
    if receipt.device != device.id or receipt.part != part or receipt.epoch != device.epoch:
        raise _no("the receipt is not of this device, or of an older epoch")
    if not receipts.holds(receipt, device.public_key):
        raise _no("the receipt is not signed by this device")
    if receipt.cursor > tables.newest(conn, part):
        raise _no("the receipt is for rows that were never sent")
    tables.put(conn, receipt, now_ms=now_ms)


def still_open(conn: Connection) -> list[Open]:
    """Devices, by id, with what they have not shown to have done; those that were retired are not asked."""
    return [Open(*row) for row in tables.still_open(conn)]


def _no(message: str) -> Refusal:
    return Refusal(
        message, code="BAD_RECEIPT", hint="nothing was kept; between our own sides it is a bug", status=403
    )
