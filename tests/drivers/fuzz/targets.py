"""Every codec and the decision tree over them: how it is fed, its own errors, real input, its share of inputs."""

from typing import Final

from drivers.codecs import gs1, p256, sightings
from drivers.codecs.dialogue import Damaged
from drivers.codecs.ntag424 import kdf, sun
from drivers.codecs.printed import barcode, fob, vivotech, vtap
from drivers.codecs.radio import advert, eid, gateways
from drivers.codecs.tags import atr, ndef, ndef_wire, refusal, type2, type4
from drivers.codecs.wallets import ose, smarttap_records, tlv, vas_cryptogram
from tests.drivers.fuzz import feeds, seeds
from tests.drivers.fuzz.feeds import as_text
from tests.drivers.fuzz.harness import Target
from tests.drivers.fuzz.seeds import KEY, PASS_TYPE, UID
from tests.drivers.fuzz.tapes import play, play_again, play_memory, replies

OURS: Final = (Damaged,)
SUN: Final = (sun.SunError,)
ATR: Final = (bytes.fromhex("3b8f8001804f0ca0000003060300010000000068"), bytes.fromhex("3b81800180"))
POINTS: Final = (b"\x33" * 32, p256.compressed(KEY) + p256.sign(KEY, b"said"))
MASTERS: Final = (b"\x10" + bytes(range(40)), b"\x20" + bytes(range(60)), b"\x18" + b"x" * 40)
PROOFS: Final = (bytes(13), b"\0\0\1\0\1" + bytes(24) + b"text", b"\0\0\1\xff\2" + bytes(60))
PICCS: Final = (b"\xc7" + UID + b"\1\0\0", b"\x47\1\0\0", b"\x87" + UID)
TEMPLATES: Final = tuple(f"{url}\n{start}".encode() for url, start, _ in seeds.SHAPES)
MESSAGES: Final = (b"\0\0\0\1LOYALTY-0001", b"\xff\xff\xff\xff" + "Müller €".encode())
KEYS: Final = (bytes.fromhex("2a01020104011c012a00380152015301380a1c01"),)
EIDS: Final = (bytes(16) + b"\x0a\0\0\0\0\0", bytes(range(64)))
FOBS: Final = (b"WELKOM-FOB:" + b"0A" * 16 + b":10:1700000000", b"WELKOM-FOB:" + b"FF" * 16 + b":8:0")
_RAW: Final = b"0201060303aafe0d16aafe30eea9b76a71c5f89290"
GATEWAYS: Final = (
    b'edge/s/gw/g/adv\n{"v":1,"gw":"g","boot":"b","seq":1,"t":9,"a":[["5A",1,-63,37,"' + _RAW + b'",3]]}',
    b'home/g/BTtoMQTT/5A\n{"id":"5A","rssi":-63,"servicedata":"30eea9b76a71c5f89290","servicedatauuid":"0xfeaa"}',
    b'ruuvi/g/5A\n{"gw_mac":"g","rssi":-63,"data":"' + _RAW + b'"}',
    b'/gw/g/status\n[{"type":"Gateway"},{"mac":"5A","rssi":-63,"rawData":"' + _RAW + b'"}]',
    b'ruuvi/g/gw_status\n{"state":"offline"}',
    b"home/g/LWT\nonline",
)
VTAP: Final = (b"A|LOYALTY-1", b"Q|]E04006381333931", b"0|04a1")

TARGETS: Final = (
    Target("advert", feeds.radio, (advert.AdvertError,), seeds.ADVERTS, 80),
    Target("atr", atr.card, (), ATR, 30),
    Target(
        "barcode", lambda d: barcode.decode(as_text(d), aim_required=True), (barcode.NotAim,), seeds.GS1, 60
    ),
    Target("decode", feeds.requests, (), seeds.REQUESTS, 60),
    Target("eid", feeds.identifier, (eid.EidError,), EIDS, 30),
    Target("ev2", feeds.chip, OURS, seeds.EV2, 20),
    Target("fob", lambda d: fob.read(as_text(d)), (fob.FobError,), FOBS, 10),
    Target("gateways", feeds.gateway, (gateways.GatewayError,), GATEWAYS, 40),
    Target("gs1", lambda d: gs1.read(as_text(d)), (gs1.Gs1Error,), seeds.GS1, 100),
    Target("hce", feeds.member, OURS, seeds.MEMBER, 15),
    Target("kdf", feeds.card_key, (kdf.KdfError,), MASTERS, 30),
    Target("lines", feeds.lines, (), (b"<card>\r\n<two\x03", b"\xff<caf\xe9>\r", b"x" * 5000 + b"\r"), 40),
    Target("lrp", feeds.blocks, (), (bytes(32), bytes(range(64))), 2),
    Target("ndef", lambda d: ndef.find(d, seeds.RULES), OURS, seeds.NDEF, 80),
    Target("ndef_wire", lambda d: list(ndef_wire.split(d)), OURS, seeds.NDEF + seeds.WIRE, 50),
    Target("ose", lambda d: play_again(ose.find(), replies(d)), OURS, seeds.APPLE + seeds.GOOGLE, 30),
    Target("p256", feeds.points, OURS, POINTS, 15),
    Target("refusal", lambda d: play(refusal.check(), replies(d)), OURS, seeds.REFUSAL, 20),
    Target(
        "sightings", lambda d: sightings.from_line(as_text(d)), (sightings.LineError,), seeds.SIGHTINGS, 50
    ),
    Target("smarttap", feeds.google, OURS, seeds.GOOGLE, 30),
    Target("smarttap_bundle", feeds.bundle, OURS, seeds.BUNDLES, 20),
    Target("smarttap_objects", feeds.objects, OURS, seeds.OBJECTS, 25),
    Target("smarttap_records", lambda d: smarttap_records.answer(d, b"srs", b"reb"), OURS, seeds.WIRE, 20),
    Target("sun", feeds.proof, SUN, PROOFS, 12),
    Target("sun_picc", feeds.picc, SUN, PICCS, 30),
    Target("sun_template", feeds.template, SUN, TEMPLATES, 10),
    Target("sun_url", feeds.proof_in_url, (), seeds.SUN, 40),
    Target("tap", feeds.tap, (), seeds.TAPS, 40),
    Target("tlv", tlv.split, OURS, seeds.TLV, 50),
    Target("type2", lambda d: play_memory(type2.read(), d), OURS, seeds.TYPE_2, 30),
    Target("type4", lambda d: play(type4.read(), replies(d)), OURS, seeds.TYPE_4, 30),
    Target("vas", feeds.apple, OURS, seeds.APPLE, 30),
    Target(
        "vas_cryptogram", lambda d: vas_cryptogram.decrypt(d, PASS_TYPE, KEY), OURS, seeds.CRYPTOGRAMS, 15
    ),
    Target("vas_message", feeds.vas_message, OURS, MESSAGES, 20),
    Target("vivotech", feeds.frame, (vivotech.VivotechError,), seeds.VIVOTECH, 27),
    Target("vtap", lambda d: vtap.decode(as_text(d)), (vtap.VtapError,), VTAP, 20),
    Target("wedge", feeds.keys, (), KEYS, 30),
)


def shares(whole: int) -> dict[str, int]:
    """How many of `whole` inputs each codec gets."""
    total = sum(target.share for target in TARGETS)
    return {target.name: -(-whole * target.share // total) for target in TARGETS}
