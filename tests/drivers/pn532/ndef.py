"""NDEF messages as a phone or a tool would write them (NFC Forum NDEF 1.0 and its record types)."""


def record(tnf: int, kind: bytes, payload: bytes, *, first: bool = True, last: bool = True) -> bytes:
    short = len(payload) < 256
    head = tnf | (0x80 if first else 0) | (0x40 if last else 0) | (0x10 if short else 0)
    length = bytes([len(payload)]) if short else len(payload).to_bytes(4, "big")
    return bytes([head, len(kind)]) + length + kind + payload


def message(*records: tuple[int, bytes, bytes]) -> bytes:
    end = len(records) - 1
    return b"".join(
        record(tnf, kind, payload, first=at == 0, last=at == end)
        for at, (tnf, kind, payload) in enumerate(records)
    )


def uri(value: str) -> bytes:
    for code, prefix in ((2, "https://www."), (4, "https://"), (3, "http://"), (5, "tel:")):
        if value.startswith(prefix):
            return message((1, b"U", bytes([code]) + value.removeprefix(prefix).encode()))
    return message((1, b"U", b"\0" + value.encode()))


def text(value: str, language: str = "nl") -> bytes:
    return message((1, b"T", bytes([len(language)]) + language.encode() + value.encode()))


def mime(kind: str, payload: bytes) -> bytes:
    return message((2, kind.encode(), payload))


def external(kind: str, payload: bytes) -> bytes:
    return message((4, kind.encode(), payload))


def smart_poster(inner: bytes) -> bytes:
    return message((1, b"Sp", inner))
