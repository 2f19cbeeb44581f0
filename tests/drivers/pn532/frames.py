"""The host link of the PN532: frames on the high-speed UART (UM0701-02, 6.2.1)."""

ACK = bytes.fromhex("0000ff00ff00")
HOST, CHIP = 0xD4, 0xD5


def frame(payload: bytes) -> bytes:
    """A normal frame, or an extended one above 255 bytes."""
    if len(payload) < 256:
        head = bytes([0x00, 0x00, 0xFF, len(payload), -len(payload) & 0xFF])
    else:
        length = len(payload).to_bytes(2, "big")
        head = bytes.fromhex("0000ffffff") + length + bytes([-sum(length) & 0xFF])
    return head + payload + bytes([-sum(payload) & 0xFF, 0])


def take(buffer: bytearray) -> bytes | None:
    """The next payload (b"" for an ACK) cut off the front of the buffer; None while none is complete."""
    while (start := buffer.find(b"\x00\xff")) >= 0:
        body = start + 2
        if len(buffer) < body + 2:
            return None
        if buffer[body : body + 2] == b"\x00\xff":
            del buffer[: body + 2]
            return b""
        if buffer[body : body + 2] == b"\xff\xff":
            if len(buffer) < body + 5:
                return None
            length, at = int.from_bytes(buffer[body + 2 : body + 4], "big"), body + 5
            good = not sum(buffer[body + 2 : body + 5]) & 0xFF
        else:
            length, at = buffer[body], body + 2
            good = not (buffer[body] + buffer[body + 1]) & 0xFF
        if not good:
            del buffer[:body]
            continue
        if len(buffer) < at + length + 1:
            return None
        payload, check = bytes(buffer[at : at + length]), buffer[at + length]
        del buffer[: at + length + 1]
        if not (sum(payload) + check) & 0xFF:
            return payload
    return None
