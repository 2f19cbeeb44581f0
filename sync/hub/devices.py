"""Which box speaks for which shop, and with which keys."""

import re
from typing import Final

from edge.kit.errors import Corrupt, Refused, StoreError
from edge.kit.seal import KEY_BYTES, seal, unseal
from edge.kit.sql import Connection
from sync.hub import catalogue, models
from sync.hub.config import Keys
from sync.hub.tables import catalogue as goods
from sync.hub.tables import devices as tables
from sync.hub.tables import events
from sync.hub.tables.devices import Device
from sync.standing import Standing

_MOST_FORGOTTEN: Final = 100  # epochs since a backup; a person gives each of them
_ENOUGH: Final = 8  # shops whose keys are tried: one that is damaged is not all
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,48}")  # with `shop:` and `:urgent` it stays a wire.Name


def name_slot(conn: Connection, keys: Keys, *, device_id: str, shop_id: str, new_key: bytes) -> None:
    """Make sure that a shop is there for a device to come, with `new_key` where it is new; raises Refused."""
    if not _ID.fullmatch(device_id) or not _ID.fullmatch(shop_id):
        raise _refused(
            "an id of a shop or device has other signs than letters, digits and ._-", code="BAD_ID"
        )
    known = tables.device(conn, device_id)
    if known is not None and known.shop_id != shop_id:
        hint = "nothing was changed; name another one with --device"
        raise Refused(f"the device {device_id} is of shop {known.shop_id}", code="BAD_ID", hint=hint)
    if tables.wrapped_shop_key(conn, shop_id) is None:
        _add_shop(conn, keys, shop_id, new_key)


def _add_shop(conn: Connection, keys: Keys, shop_id: str, shop_key: bytes) -> None:
    tables.add_shop(conn, shop_id, wrapped=seal(keys.hub_kek, shop_key, _place(shop_id)))
    catalogue.greet(conn, shop_id)
    models.greet(conn, shop_id)


def register(conn: Connection, keys: Keys, *, device: Device, shop_key: bytes) -> None:
    """Make `device` the voice of its shop, or give it a new epoch and key after a restore.

    `shop_key` (32 bytes) is the shop's own and never changes once anything is held of the shop. Raises Refused.
    """
    if not _ID.fullmatch(device.id) or not _ID.fullmatch(device.shop_id):
        raise _refused(
            "an id of a shop or device has other signs than letters, digits and ._-", code="BAD_ID"
        )
    if len(shop_key) != KEY_BYTES or len(device.public_key) != KEY_BYTES or device.epoch < 1:
        raise _refused("a key is not 32 bytes, or the epoch is below 1", code="BAD_KEY")
    if tables.wrapped_shop_key(conn, device.shop_id) is None:
        goods.hold(conn)  # before the shop is there: two processes may start with the same settings
    if tables.wrapped_shop_key(conn, device.shop_id) is None:
        _add_shop(conn, keys, device.shop_id, shop_key)
    elif shop_key_of(conn, keys, device.shop_id) != shop_key:
        is_used = not is_new(conn, device.shop_id, device_id=device.id)
        if is_used or tables.has_residents(conn, device.shop_id):
            raise _refused(f"the shop {device.shop_id} has another key", code="BAD_KEY")
        put_shop_key(conn, keys, device.shop_id, shop_key)
    known = tables.hold(conn, device.id)
    if known and (known.shop_id != device.shop_id or known.epoch > device.epoch):
        raise _refused("the device is another shop's, or its epoch would go back", code="WRONG_EPOCH")
    if known != device:
        tables.put_device(conn, device)


def is_new(conn: Connection, shop_id: str, *, device_id: str) -> bool:
    """Whether no box was ever the voice of a shop but this device, which has said nothing: none needs its key."""
    return not tables.has_spoken(conn, shop_id, device_id=device_id)


def put_shop_key(conn: Connection, keys: Keys, shop_id: str, shop_key: bytes) -> None:
    """Give a shop another key (32 bytes); what hangs on the one before is whoever asks to see to."""
    tables.put_shop_key(conn, shop_id, wrapped=seal(keys.hub_kek, shop_key, _place(shop_id)))


def introduce(conn: Connection, keys: Keys, *, device: Device, shop_key: bytes) -> None:
    """Register what hub.toml says; a device that got a newer epoch since, by a person's act, keeps that."""
    known = tables.device(conn, device.id)
    if known is None or known.shop_id != device.shop_id or known.epoch <= device.epoch:
        register(conn, keys, device=device, shop_key=shop_key)


def retire(conn: Connection, device_id: str, *, retired: bool, now_ms: int) -> None:
    """A person says that this box never comes back, or takes that back: whether anything waits for it."""
    tables.retire(conn, device_id, since_ms=now_ms if retired else None)


def renew(conn: Connection, device_id: str) -> int:
    """Give a device its next epoch, because its box was put back from a backup; raises Refused for an unknown one.

    It is above the one that the box has said it has, if the hub was put back too and does not know that one.
    """
    epoch = tables.raise_epoch(conn, device_id)
    if epoch is None:
        raise _refused("no such device", code="UNKNOWN_DEVICE")
    return epoch


def tell_epoch(conn: Connection, device: Device, *, epoch: int) -> None:
    """A device asks about an epoch that it must have had from a hub whose backup this one is.

    One far above is not believed: whoever holds its key could use the numbers up.
    """
    tables.tell_epoch(conn, device.id, epoch=epoch, most=_MOST_FORGOTTEN)


def standing(
    conn: Connection, device: Device, *, epoch: int, seq: int, now_ms: int, once: str = ""
) -> Standing:
    """Where a device stands, and the history held of one of its epochs. `once` is said again."""
    found = events.hash_at(conn, device.id, epoch, seq=seq)
    at_ms, kind = events.what_at(conn, device.id, epoch, seq=seq) or (None, None)
    return Standing(
        of_epoch=epoch,
        at_seq=seq,
        once=once,
        epoch=device.epoch,
        held=events.held(conn, device.id, epoch),
        hash="" if found is None else found.hex(),
        at_ms=at_ms,
        kind=kind,
        hub_epoch=tables.hub_epoch(conn),
        hub_time_ms=now_ms,
    )


def shop_key_of(conn: Connection, keys: Keys, shop_id: str) -> bytes:
    """The shop's key; raises Refused for an unknown shop."""
    wrapped = tables.wrapped_shop_key(conn, shop_id)
    if wrapped is None:
        raise _refused("no such shop", code="UNKNOWN_SHOP")
    return unseal(keys.hub_kek, wrapped, _place(shop_id))


def refuse_other_kek(conn: Connection, keys: Keys) -> None:
    """Raise StoreError (OTHER_KEK) where no shop's key opens with this hub's `hub_kek`: what it would seal from now
    on, no other hub on that database could open."""
    some = tables.some_shop_keys(conn, most=_ENOUGH)
    if some and not any(_opens(keys, wrapped, shop_id) for shop_id, wrapped in some):
        raise StoreError(
            "the hub's database was made with another hub_kek than this hub's",
            code="OTHER_KEK",
            hint="give it the hub_kek and chain_key of the hub that made it; several hubs have the same two",
        )


def _opens(keys: Keys, wrapped: bytes, shop_id: str) -> bool:
    try:
        unseal(keys.hub_kek, wrapped, _place(shop_id))
    except Corrupt:
        return False
    return True


def _place(shop_id: str) -> bytes:
    return b"shop_key|" + shop_id.encode()


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; check what was given")
