"""What protects the data (GDPR article 32), each with the number that is in force here."""

from edge.consent.retention import BACKUP_NIGHTS, KEY_NIGHTS
from edge.papers.installation import Installation
from edge.papers.words import Words
from edge.staff.rules import FREE_TRIES, IDLE_MS, SESSION_MS

_MINUTE_MS = 60_000


def measures(here: Installation, words: Words) -> list[str]:
    """One sentence each."""
    say = words.say
    found = [
        say("measure.sealed"),
        say("measure.hashed"),
        say("measure.gate"),
        say("measure.nobody"),
        say("measure.erased"),
        say("measure.looks"),
        say("measure.logs"),
    ]
    if here.shop is not None:
        found += [
            say("measure.tls") if here.shop.server.tls == "own" else say("measure.no_tls"),
            say(
                "measure.signin",
                tries=FREE_TRIES,
                minutes=IDLE_MS // _MINUTE_MS,
                hours=SESSION_MS // (60 * _MINUTE_MS),
            ),
            say("measure.reader"),
            say("measure.offline"),
        ]
        if here.with_hub:
            found.append(say("measure.lease", days=here.shop.hub.lease_days))
    if here.with_hub:
        found += [say("measure.signed"), say("measure.backup", nights=BACKUP_NIGHTS, keys=KEY_NIGHTS)]
    return found
