"""`welkom enrol`: at headquarters a code for one box, in the shop the box that uses it."""

import argparse
import asyncio
import os
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import centre, histories, known, outbox
from edge.at_hub import knowing_shops, tried
from edge.commands import UNCHANGED
from edge.commands.tablet import blocks
from edge.config import Config, credentials_folder, load
from edge.files import alone, prepare
from edge.hub_file import is_hub, load_hub
from edge.keys import read_key, replace_key
from edge.kit.clock import SystemClock
from edge.kit.errors import ConfigError, Refused, Unreachable, WordsError
from edge.kit.log import log_beside_words
from edge.kit.sqlite import open_writer
from sync import enrolment, wire
from sync.enrolment import CODE_MS, Asked, Exchange, Given, Membership, ShopKeys, Wanted
from sync.hub import devices, enrolling
from sync.hub.tables import fleet

NEXT = "device_key.next"  # a key that the hub may know already, should the answer be lost


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="hub.toml, or the welkom.toml of a shop")
    parser.add_argument("--shop", help="at headquarters: the shop whose box is to be enrolled")
    parser.add_argument("--device", help="at headquarters: its device id (the shop's id and -1)")
    parser.add_argument("--renew", metavar="DEVICE", help="at headquarters: a new epoch for a restored box")
    parser.add_argument("--code", help="in the shop: the code; asked for when it is not given")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="check everything here and change nothing; no code is made or used",
    )


def run(words: argparse.Namespace) -> int:
    if is_hub(words.config):
        return asyncio.run(_at_hub(words))
    config = load(words.config)
    if not config.hub.url or not config.hub.device:
        raise ConfigError(
            "this shop has no hub", code="C12", hint="set hub.url and hub.device, then `welkom check`"
        )
    if words.shop or words.device or words.renew:
        raise WordsError(
            f"{words.config} is a shop's; --shop, --device and --renew are for headquarters",
            code="W03",
            hint="there with --config hub.toml, here with --code",
        )
    said = words.code or _ask()
    if not said.strip():
        raise WordsError(
            "no code was given",
            code="W03",
            hint="--code …, as headquarters made it with `welkom enrol --config hub.toml --shop "
            f"{config.shop.id}`",
        )
    code = enrolment.code_of(said)
    if code is None:
        raise WordsError("that is no code", code="W03", hint="type all seven groups of letters and digits")
    if words.dry_run:
        for name in ("shop_key", "chain_key"):
            read_key(credentials_folder(config), name)
        box = f"{config.hub.device} of {config.shop.id}"
        sys.stdout.write(f"{box} would be enrolled at {config.hub.url}. {UNCHANGED}\n")
        return 0
    with alone(config.store.state):
        given = _enrol(config, code, file=words.config)
    sys.stdout.write(
        f"Enrolled as {given.device} of {given.shop}.\n"
        f"Now start (or restart) Welkom: welkom edge --config {words.config}\n"
    )
    return 0


async def _at_hub(words: argparse.Namespace) -> int:
    settings = load_hub(words.config, environment=os.environ)
    async with knowing_shops(settings) as hub:
        if words.renew:
            renew = partial(devices.renew, device_id=words.renew)
            if words.renew in await hub.db.read(fleet.forked):
                sys.stdout.write(
                    f"Two histories came of {words.renew}. Where a copy of it is about, that may take the number: "
                    f"then enrol the real one with a code (welkom enrol --config {words.config} --shop …), which "
                    "only that one is given.\n"
                )
            epoch = await (tried(hub, renew) if words.dry_run else hub.db.apply(renew))
            if words.dry_run:
                sys.stdout.write(f"{words.renew} would go on in epoch {epoch}. {UNCHANGED}\n")
                return 0
            sys.stdout.write(
                f"{words.renew} goes on in epoch {epoch}, by itself. If it had that number already, under a hub that "
                "was put back since, the fleet page goes on saying that it is refused: then renew it once more.\n"
            )
            return 0
        if not words.shop:
            raise WordsError("no shop is named", code="W03", hint="add --shop ID, or --renew DEVICE")
        device = words.device or f"{words.shop}-1"
        slot = {"shop_id": words.shop, "device_id": device}
        make = partial(enrolling.make_code, keys=hub.keys, now_ms=hub.now_ms(), **slot)
        code = await (tried(hub, make) if words.dry_run else hub.db.apply(make))
    if words.dry_run:
        sys.stdout.write(f"A code for {device} of {words.shop} would be made. {UNCHANGED}\n")
        return 0
    sys.stdout.write(
        f"For {device} of {words.shop}, once, within {CODE_MS // 60_000} minutes:\n\n  {code}\n\n{blocks(code)}\n\n"
        f"There: welkom enrol --config welkom.toml --code {code}\n"
    )
    return 0


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline()
    return input("Code from headquarters: ")


def _enrol(config: Config, code: bytes, *, file: Path) -> Membership:
    """Ask the hub with a new key of this box; nothing here changes before it has answered."""
    folder = credentials_folder(config)
    files = prepare(config.store.state, log=log_beside_words(now_ms=SystemClock().wall_ms))
    waiting = (folder / NEXT).exists()
    if not waiting:
        replace_key(folder, NEXT, Ed25519PrivateKey.generate().private_bytes_raw())
    secret = read_key(folder, NEXT)
    public_key = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    with closing(open_writer(files.journal)) as conn:
        ours = ShopKeys(
            shop_key=read_key(folder, "shop_key").hex(), chain_key=read_key(folder, "chain_key").hex()
        )
        has_worked = outbox.anything(conn) or histories.silent(conn)
        exchange = enrolment.exchange(code)
        asked = exchange.ask(
            device=config.hub.device,
            shop=config.shop.id,
            public_key=public_key,
            epoch=histories.epoch(conn),
            keeps=ours if has_worked else None,
        )
        try:
            given = _given(config.hub.url, exchange, asked, ours)
        except Refused as error:
            if not waiting:
                (folder / NEXT).unlink()  # the hub did not take it
            if error.code == "CODE_SPENT":
                raise _spent(error, config, file=file) from None
            raise
        if has_worked and (ours.shop_key, ours.chain_key) != (given.shop_key, given.chain_key):
            raise ConfigError(
                "this box has worked with other keys than the shop has",
                code="C13",
                hint="put this shop's own state and credentials back, or enrol an empty box",
            )
        conn.execute("BEGIN")
        centre.pin(conn, given.hub_keys)
        conn.execute("COMMIT")
    replace_key(folder, "shop_key", bytes.fromhex(given.shop_key))
    replace_key(folder, "chain_key", bytes.fromhex(given.chain_key))
    replace_key(folder, "device_key", secret)
    (folder / NEXT).unlink()
    return given


def _given(url: str, exchange: Exchange, asked: Asked, ours: ShopKeys) -> Membership:
    """What the hub gives; one that has nothing of this shop gets the keys first with which it has worked."""
    answer = _answer(url, enrolment.encode(asked))
    opened = exchange.open(answer)
    if asked.keeps and isinstance(opened, Wanted):
        opened = exchange.open(_answer(url, enrolment.encode(exchange.keep(asked, answer, ours))))
    if isinstance(opened, Wanted):
        raise Refused(
            "the hub asks for keys that this box has none of",
            code="NOT_THE_HUB",
            hint="ask for another code; if it happens again, update Welkom there and here",
        )
    return opened


def _spent(no: Refused, config: Config, *, file: Path) -> Refused:
    """What it means that a code was used: whether that was by this box is asked with the key that it has."""
    message = f"this code was used already, for {config.hub.device}"
    try:
        ours = not known.refusal(config.hub, read_key(credentials_folder(config), "device_key"))
    except Unreachable:
        ours = False
    if ours:
        hint = f"by this box, and the hub knows it: all is done; start Welkom: welkom edge --config {file}"
        return Refused(message, code=no.code, hint=hint)
    hint = (
        "by another box than this one; tell headquarters, and ask for a new code: that one silences the other"
    )
    return Refused(message, code=no.code, hint=hint)


def _answer(url: str, body: bytes) -> Given:
    try:
        response = httpx.post(f"{url.rstrip('/')}{enrolment.ENROL_PATH}", content=body, timeout=30)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unreachable(
            f"the hub cannot be reached ({type(error).__name__})",
            code="NO_LINE",
            hint="check the internet line and hub.url, then use the same code again",
        ) from None
    if response.status_code != 200:
        problem = wire.decode_problem(response.content, status=response.status_code)
        raise Refused(problem.title or "the hub says no", code=problem.code, hint=problem.hint)
    try:
        return wire.decode_as(response.content, Given)
    except wire.Malformed as error:
        raise Refused(str(error), code=error.code, hint=error.hint) from None
