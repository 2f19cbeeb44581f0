"""The demo's post: letters that the hub put into a folder, read by whoever plays."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Final

from staff_ui.desk import StageLetter

MOST: Final = 20


def letters(folder: Path) -> list[StageLetter]:
    """The letters of `folder`, newest first and not more than fit on a page; none where there is no folder yet."""
    files = sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns, reverse=True)
    return [_letter(each.read_bytes()) for each in files[:MOST]]


def _letter(file: bytes) -> StageLetter:
    mail = message_from_bytes(file, policy=policy.default)
    return StageLetter(str(mail["To"]), str(mail["Subject"]), mail.get_content())
