"""Styles, scripts and their neighbours, read once into memory; every address carries the hash of its content."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
KINDS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class Asset:
    path: str
    body: bytes = field(repr=False)
    kind: str
    version: str

    @property
    def address(self) -> str:
        return f"/static/{self.path}?v={self.version}"


def read_assets(folder: Path = FOLDER) -> dict[str, Asset]:
    """Everything of a known kind under `folder`, by its path in it."""
    found: dict[str, Asset] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix in KINDS:
            path, body = file.relative_to(folder).as_posix(), file.read_bytes()
            found[path] = Asset(path, body, KINDS[file.suffix], sha256(body).hexdigest()[:16])
    return found
