"""How a letter leaves the hub: by SMTP, or as a file in a folder for another program to send (and for the demo).

The seam is the network: `Send` takes a letter and returns once it is handed over, or raises Unsent. Nothing of a
letter is logged: not the address, not the subject, not the text.
"""

import asyncio
import os
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from edge.kit.errors import WelkomError

TIMEOUT_S: Final = 20
PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Letter:
    """A short text to one address."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """Where letters go: `url` is `file:FOLDER`, `smtp://USER@HOST:587` (STARTTLS), `smtps://…`; empty: nowhere."""

    url: str = ""
    sender: str = ""
    password: str = field(default="", repr=False)
    phones_at: str = ""  # host of a gateway that turns NUMBER@host into a text message; empty: no phones


class Unsent(WelkomError):
    """A letter was not taken."""

    retry = True


Send = Callable[[Letter], Awaitable[None]]


def sender(post: Post, *, folder: Path) -> Send | None:
    """What sends letters, None where the configuration names no way. A relative `file:` is below `folder`."""
    parts = urlsplit(post.url)
    if not post.url:
        return None
    if parts.scheme == "file":
        return _into(folder / parts.path, post)
    return _by_smtp(post)


def _letter(letter: Letter, post: Post) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = post.sender, letter.to, letter.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=post.sender.rpartition("@")[2] or "welkom.invalid")
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers it
    mail.set_content(letter.text)
    return mail


def _into(folder: Path, post: Post) -> Send:
    def put(letter: Letter) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            target = folder / f"{os.urandom(8).hex()}.eml"
            part = target.with_suffix(".part")
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(_letter(letter, post).as_bytes())
            part.rename(target)  # whoever watches the folder never reads half a letter
        except OSError as error:
            raise _unsent(type(error).__name__) from None

    async def send(letter: Letter) -> None:
        await asyncio.to_thread(put, letter)

    return send


def _by_smtp(post: Post) -> Send:
    parts = urlsplit(post.url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)

    def put(letter: Letter) -> None:
        try:
            open_: smtplib.SMTP
            if parts.scheme == "smtps":
                open_ = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
            else:
                open_ = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
            with open_ as line:
                # Without TLS only to this very machine, where a mail server listens on the loopback.
                if parts.scheme == "smtp" and host not in ("127.0.0.1", "localhost", "::1"):
                    line.starttls(context=ssl.create_default_context())
                if parts.username:
                    line.login(parts.username, post.password)
                line.send_message(_letter(letter, post))
        except (OSError, smtplib.SMTPException) as error:
            raise _unsent(type(error).__name__) from None

    async def send(letter: Letter) -> None:
        await asyncio.to_thread(put, letter)

    return send


def _unsent(why: str) -> Unsent:
    hint = "look at `mail` in hub.toml and at the mail server; the customer asks again"
    return Unsent(f"a letter was not taken ({why})", code="LETTER_UNSENT", hint=hint)
