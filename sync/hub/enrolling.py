"""A box becomes the voice of its shop: a code is made at headquarters, and used once."""

import os
from typing import Final

from edge.kit.clock import rfc3339
from edge.kit.seal import KEY_BYTES, seal, unseal
from edge.kit.sql import Connection
from sync import enrolment
from sync.enrolment import Asked, Given, Membership, ShopKeys
from sync.hub import devices, rekeying
from sync.hub.config import Keys
from sync.hub.problem import Refusal
from sync.hub.signer import Signer
from sync.hub.tables import devices as tables
from sync.hub.tables import enrolment as codes
from sync.hub.tables.devices import Device

_PLACE: Final = b"enrolment|"


def make_code(conn: Connection, keys: Keys, *, shop_id: str, device_id: str, now_ms: int) -> str:
    """A code with which one box may become `device_id` of this shop within 15 minutes; a new shop gets its key here.

    A code made before for the same device is good no more. Raises Refused for an id that is none or another shop's.
    """
    devices.name_slot(conn, keys, device_id=device_id, shop_id=shop_id, new_key=os.urandom(KEY_BYTES))
    text = enrolment.new_code()
    code = enrolment.code_of(text)
    assert code is not None
    id_ = enrolment.code_id(code)
    sealed = seal(keys.hub_kek, code, _PLACE + id_.encode())
    slot = codes.Slot(id_, sealed, shop_id, device_id, now_ms + enrolment.CODE_MS, b"")
    codes.put(conn, slot, now_ms=now_ms)
    return text


def enrol(conn: Connection, keys: Keys, asked: Asked, *, signer: Signer, now_ms: int) -> Given:
    """Pin the box's key and give it what it needs; raises Refusal. The same box may ask again."""
    slot = codes.slot(conn, asked.code)
    if slot is None or slot.until_ms <= now_ms:
        raise _no("no such code, or it is older than 15 minutes", code="CODE_UNKNOWN")
    code = unseal(keys.hub_kek, slot.sealed, _PLACE + slot.id.encode())
    if not enrolment.proves(asked, code):
        raise _no("whoever asks does not have the code", code="CODE_UNKNOWN")
    if (slot.device_id, slot.shop_id) != (asked.device, asked.shop):
        raise _no("the code is for another shop or device", code="CODE_ELSEWHERE")
    public_key = bytes.fromhex(asked.public_key)
    if slot.used_by not in (b"", public_key):
        when = "" if slot.used_ms is None else f" at {rfc3339(slot.used_ms)}"
        raise _no(f"another box used this code{when}", code="CODE_SPENT")
    shop_key = devices.shop_key_of(conn, keys, slot.shop_id)
    held = ShopKeys(shop_key=shop_key.hex(), chain_key=keys.chain_key.hex())
    if not enrolment.keeps(asked, code, held):
        if not devices.is_new(conn, slot.shop_id, device_id=slot.device_id):
            raise _other("this shop has worked with other keys than this box has")
        ours = enrolment.asking(keys.hub_kek, code)
        if not asked.kept:
            return enrolment.want(code, asked, ours, now_ms=now_ms)
        shop_key = _its_own(conn, keys, enrolment.kept(code, asked, ours), shop_id=slot.shop_id)
        rekeying.take(conn, keys, shop_id=slot.shop_id, shop_key=shop_key)
    known = tables.device(conn, slot.device_id)
    epoch = known.epoch if known and slot.used_by else asked.epoch
    if (known or asked.keeps) and not slot.used_by:
        highest = tables.highest_epoch(conn, slot.device_id)
        epoch = max(highest, asked.epoch) + 1  # whatever was written under an older one has a fixed end
    if not slot.used_by:
        device = Device(slot.device_id, slot.shop_id, epoch, public_key)
        devices.register(conn, keys, device=device, shop_key=shop_key)
        codes.spend(conn, slot.id, public_key, now_ms=now_ms)
    membership = Membership(
        device=slot.device_id,
        shop=slot.shop_id,
        epoch=epoch,
        shop_key=shop_key.hex(),
        chain_key=keys.chain_key.hex(),
        hub_keys=list(signer.keys),
        hub_epoch=tables.hub_epoch(conn),
    )
    return enrolment.give(code, asked, membership, now_ms=now_ms)


def _its_own(conn: Connection, keys: Keys, kept: ShopKeys, *, shop_id: str) -> bytes:
    """The shop_key of a box that was this shop's under the hub that was put back; raises Refusal."""
    if kept.chain_key != keys.chain_key.hex():
        raise _other("this box has worked with another chain_key than this hub has")
    shop_key = bytes.fromhex(kept.shop_key)
    if any(
        shop_key == devices.shop_key_of(conn, keys, each) for each in tables.shops(conn) if each != shop_id
    ):
        raise _other("this box has worked with the keys of another shop")
    return shop_key


def _other(message: str) -> Refusal:
    hint = (
        "the code is not used up: use it where this shop's own state and credentials are, or in an empty box; "
        "what this box holds stays in it"
    )
    return Refusal(message, code="OTHER_KEYS", hint=hint, status=403)


def _no(message: str, *, code: str) -> Refusal:
    hint = "nothing was changed; headquarters makes a code with `welkom enrol --config hub.toml --shop ID`"
    return Refusal(message, code=code, hint=hint, status=403)
