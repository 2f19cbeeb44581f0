"""A box becomes the voice of its shop with a code from headquarters, and a copied one loses its voice by the same."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import hub_health
from edge.cli import main
from edge.commands.doctor import examine
from edge.config import load
from edge.facts import Fact
from edge.files import prepare
from edge.hub_file import HubFile
from edge.keys import read_keys, replace_key
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.serve import listen, serve
from edge.kit.sqlite import Database
from edge.record import record
from edge.uplink import Uplink
from sync import enrolment, wire
from sync.agent import Agent
from sync.enrolment import CODE_MS, ENROL_PATH, Given, code_of, exchange, new_code
from sync.hub import enrolling
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.signing import DeviceAuth
from sync.standing import DEVICE_PATH
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, KEYS, Said, customer, now_ms
from tests.sync.real_hub import RealHub
from tests.sync.wallets import _applied

pytestmark = pytest.mark.anyio


@dataclass
class Town:
    """A hub that serves, its file for `welkom`, and a folder for a box."""

    hub: Hub
    said: Said
    hub_toml: Path
    folder: Path
    url: str

    async def welkom(self, *words: str) -> int:
        return await asyncio.to_thread(main, list(words))

    async def moved_in(self) -> None:
        words = ("--shop", "assen", "--name", "Assen", "--recipient", "van-dam", "--tls", "off")
        config = str(self.folder / "welkom.toml")
        assert await self.welkom("init", "--config", config, "--hub", self.url, *words) == 0

    async def code(self, **changed: str) -> str:
        slot = {"shop_id": "assen", "device_id": "assen-1", **changed}
        return await self.hub.db.apply(enrolling.make_code, KEYS, **slot, now_ms=self.hub.now_ms())

    async def enrol(self, code: str) -> int:
        return await self.welkom("enrol", "--config", str(self.folder / "welkom.toml"), "--code", code)

    @asynccontextmanager
    async def agent(self) -> AsyncGenerator[tuple[Database[Fact], Agent], None]:
        files, keys = prepare(self.folder / "state", log=Said()), read_keys(self.folder / "credentials")
        db: Database[Fact] = await Database.open(
            files.journal, attach={"replica": files.replica}, record=record
        )
        async with httpx.AsyncClient(timeout=PATIENT_S, base_url=self.url) as client:
            box = Uplink(db, keys, ShopTime(SystemClock()), on_applied=_applied)
            key = Ed25519PrivateKey.from_private_bytes(keys.device_key)
            yield (
                db,
                Agent(box, client, device="assen-1", shop="assen", key=key, wall_ms=now_ms, log=Said()),
            )
        await db.close()


@asynccontextmanager
async def open_town(tmp_path: Path) -> AsyncGenerator[Town, None]:
    files = RealHub(tmp_path / "centre")
    said = Said()
    async with open_hub(files.config, log=said) as hub:
        with listen("127.0.0.1", 0) as sock:
            serving = asyncio.create_task(serve(hub.app, sock, goodbye=hub.bell.close))
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            town = Town(hub, said, files.folder / "hub.toml", tmp_path / "box", url)
            await town.moved_in()
            yield town
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


async def test_headquarters_makes_a_code_and_the_box_that_uses_it_is_the_voice_of_the_shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_town(tmp_path) as town:
        assert await town.welkom("enrol", "--config", str(town.hub_toml), "--shop", "assen") == 0
        out = capsys.readouterr().out
        code = re.search(r"\n  ((?:[A-Z2-7]{4}-){6}[A-Z2-7]{2})\n", out)
        assert code
        assert "█" in out
        assert await town.enrol(code[1].lower().replace("-", " ")) == 0
        assert (
            "Enrolled as assen-1 of assen.\nNow start (or restart) Welkom: welkom edge --config"
            in capsys.readouterr().out
        )
        await town.hub.add_customers(["assen"], [customer()])
        async with town.agent() as (db, agent):
            await agent.once()
            assert db.reader.execute("SELECT id FROM replica.customer").fetchall() == [(ANNA,)]
            assert tuple(agent._box.pins()) == town.hub.signer.keys
        assert read_keys(town.folder / "credentials").chain_key == KEYS.chain_key


async def test_a_code_works_once_and_a_second_one_silences_a_copy_and_gives_a_new_epoch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_town(tmp_path) as town:
        first = await town.code()
        assert await town.enrol(first) == 0
        assert await town.enrol(first) == 1  # by another key: a box that was enrolled makes a new one
        assert "[CODE_SPENT] by this box, and the hub knows it" in capsys.readouterr().err
        assert not list((town.folder / "credentials").glob("*.next"))
        copied = read_keys(town.folder / "credentials").device_key
        assert await asked(town, copied) == (200, "")
        assert await town.enrol(await town.code()) == 0
        assert await asked(town, copied) == (401, "BAD_SIGNATURE")
        row = town.hub.db.reader.execute("SELECT epoch FROM device WHERE id='assen-1'").fetchone()
        assert row == (2,)


async def test_doctor_says_whether_the_hub_knows_this_box(tmp_path: Path) -> None:
    async with open_town(tmp_path) as town:
        file = town.folder / "welkom.toml"

        async def hub() -> tuple[str, str]:
            found = await asyncio.to_thread(list, examine(load(file), file=file))
            return next((each.state, each.words) for each in found if each.part == "hub")

        state, words = await hub()
        assert (state, "--shop assen" in words, f"welkom enrol --config {file}" in words) == (
            "ill",
            True,
            True,
        )
        assert await town.enrol(await town.code()) == 0
        assert await hub() == ("well", "answers, and knows this box")
        replace_key(town.folder / "credentials", "device_key", b"\x07" * 32)
        assert (await hub())[0] == "ill"


async def test_doctor_knows_its_own_hub_and_says_what_else_answers_at_its_port(tmp_path: Path) -> None:
    async def found(hub: Config, port: int) -> tuple[str, str]:
        parts = hub_health.examine(HubFile(replace(hub, port=port), ()), file=Path("hub.toml"))
        return next(
            (each.state, each.words) for each in await asyncio.to_thread(list, parts) if each.part == "hub"
        )

    async with open_town(tmp_path) as town:
        own, port = town.hub.config, int(town.url.rsplit(":", 1)[1])
        assert await found(own, port) == ("well", f"answers at port {port}")
        state, words = await found(replace(own, state=tmp_path / "another"), port)
        assert (state, "a hub, and of another database" in words) == ("ill", True)
        for says, heard in (
            (
                b"HTTP/1.1 404 Not Found\r\nserver: nginx\r\ncontent-length: 0\r\n\r\n",
                "web server, 'nginx', which says 404",
            ),
            (b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"readers": {}}', "the appliance of a shop"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"),
            (b"", "does not speak HTTP"),
        ):

            async def answer(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter, says: bytes = says
            ) -> None:
                await reader.read(100)
                writer.write(says)
                writer.close()

            async with await asyncio.start_server(answer, "127.0.0.1", 0) as other:
                taken = other.sockets[0].getsockname()[1]
                state, words = await found(own, taken)
            assert (state, heard in words, "give hub.port of hub.toml another number" in words) == (
                "ill",
                True,
                True,
            ), words


async def asked(town: Town, secret: bytes) -> tuple[int, str]:
    """What a box with this key gets from the hub."""
    auth = DeviceAuth("assen-1", Ed25519PrivateKey.from_private_bytes(secret), wall_ms=now_ms)
    async with httpx.AsyncClient(timeout=PATIENT_S, base_url=town.url, auth=auth) as client:
        response = await client.get(f"{DEVICE_PATH}?epoch=1&seq=0")
    return response.status_code, response.json().get("code", "")


async def test_who_has_no_code_gets_nothing_and_whoever_listens_learns_nothing(tmp_path: Path) -> None:
    async with open_town(tmp_path) as town, httpx.AsyncClient(timeout=PATIENT_S, base_url=town.url) as client:
        text = await town.code()
        code = code_of(text)
        assert code

        async def ask(asked: enrolment.Asked) -> tuple[int, str, bytes]:
            response = await client.post(ENROL_PATH, content=enrolment.encode(asked))
            return response.status_code, response.json().get("code", ""), response.content

        ours = exchange(code)
        asked = ours.ask(device="assen-1", shop="assen", public_key=b"\x07" * 32, epoch=1)
        forged = msgspec.structs.replace(asked, public_key="09" * 32)
        assert (await ask(forged))[:2] == (403, "CODE_UNKNOWN")
        other = exchange(code_of(new_code()) or b"").ask(
            device="assen-1", shop="assen", public_key=b"\x07" * 32, epoch=1
        )
        assert (await ask(other))[:2] == (403, "CODE_UNKNOWN")
        elsewhere = ours.ask(device="assen-1", shop="zwolle", public_key=b"\x07" * 32, epoch=1)
        assert (await ask(elsewhere))[:2] == (403, "CODE_ELSEWHERE")

        status, _, content = await ask(asked)
        given = wire.decode_as(content, Given)
        membership = ours.open(given)
        assert (status, membership.epoch, membership.device) == (200, 1, "assen-1")
        for secret in (membership.shop_key, membership.chain_key, code.hex()):
            assert secret.encode() not in content + enrolment.encode(asked)
        with pytest.raises(wire.Malformed):
            exchange(code).open(given)
        again = wire.decode_as((await ask(asked))[2], Given)  # the answer was lost on its way
        assert ours.open(again) == membership
        stolen = exchange(code).ask(device="assen-1", shop="assen", public_key=b"\x08" * 32, epoch=1)
        status, why, content = await ask(stolen)
        assert (status, why) == (403, "CODE_SPENT")
        assert re.search(rb"used this code at 20\d\d-", content)
        assert "device_enrolled" in [event for event, _ in town.said.lines]


async def test_a_code_is_good_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with open_town(tmp_path) as town:
        now = now_ms()
        slot = {"shop_id": "assen", "device_id": "assen-1"}
        old = await town.hub.db.apply(enrolling.make_code, KEYS, **slot, now_ms=now - CODE_MS)
        assert await town.enrol(old) == 1
        assert await town.enrol("no code at all") == 2
        assert not list((town.folder / "credentials").glob("*.next"))


def test_a_code_is_read_however_it_is_typed() -> None:
    text = new_code()
    code = code_of(text)
    assert code
    assert len(code) == 16
    assert code_of(text.lower().replace("-", "")) == code_of(f"  {text} \n") == code
    assert code_of(text[:-1]) is code_of("") is None
