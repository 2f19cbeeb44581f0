"""`python -m tests.sync.sign_example`: sum up and sign the page of sync/README.md again after a row was added."""

import re
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sync
from sync import signet

README = Path(sync.__file__).parent / "README.md"
NOW, NEXT = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
_PAGE = re.compile(r"(```json page\n)(.*?)(```)", flags=re.DOTALL)


def signed(page: str) -> str:
    """The page with its last line made anew."""
    *rows, closing = page.strip().split("\n")
    checkpoint = msgspec.json.decode(closing)["checkpoint"]
    checkpoint |= {
        "cursor": msgspec.json.decode(rows[-1])["seq"],
        "rows": len(rows),
        "keys": [signet.public_of(NOW), signet.public_of(NEXT)],
        "digest": sha256("".join(f"{row}\n" for row in rows).encode()).hexdigest(),
    }
    content = msgspec.json.encode(checkpoint)
    by = signet.sign(NOW, "checkpoint", content)
    last = b'{"checkpoint":' + content + f',"key":"{by.key}","sig":"{by.sig}"}}'.encode()
    return "\n".join([*rows, last.decode()]) + "\n"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(_PAGE.sub(lambda found: found[1] + signed(found[2]) + found[3], text), encoding="utf-8")
