"""Files sent smaller to whoever takes that: gzip (RFC 1952), chosen by Accept-Encoding (RFC 9110, section 12.5.3).

For files that are the same for everybody, and for nothing else. A page holds its tablet's form token beside words
that somebody typed, and its compressed length would tell one by the other (BREACH); so pages stay as they are.
"""

import gzip
from functools import lru_cache
from typing import Final

# Of what is packed already nothing is gained, and below one packet nothing either.
PACKED_ALREADY: Final = ("image/png",)
LEAST_BYTES: Final = 1_000
MOST_FILES: Final = 64


def takes_gzip(accepted: str) -> bool:
    """Whether a request with this Accept-Encoding takes gzip; one without the header is sent what there is."""
    weights: dict[str, float] = {}
    for each in accepted.lower().split(","):
        name, _, parameter = (part.strip() for part in each.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weights[name] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def packed(body: bytes, kind: str, *, accepted: str) -> tuple[bytes, dict[str, str]]:
    """A file as this client wants it, and the headers that say so."""
    if kind in PACKED_ALREADY or len(body) < LEAST_BYTES:
        return body, {}
    if not takes_gzip(accepted):
        return body, {"vary": "accept-encoding"}
    return _gzipped(body), {"vary": "accept-encoding", "content-encoding": "gzip"}


@lru_cache(maxsize=MOST_FILES)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)
