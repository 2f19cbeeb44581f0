"""The console script `welkom`: parses words, calls in, and turns every expected trouble into one sentence."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn

# Word -> what it does. Modules are loaded only when their word is used, so `--help` is quick.
COMMANDS: Final[dict[str, str]] = {
    "demo": "a whole shop that plays by itself: hub, appliance, readers",
    "edge": "run the appliance of a configuration",
    "hub": "run the central wallet of a configuration",
    "init": "write a configuration and its secrets, asking what cannot be known",
    "enrol": "make a box the voice of its shop, with a code from headquarters",
    "check": "validate a configuration and print it with secrets masked",
    "doctor": "try every part and say what to do",
    "customer": "find one customer at headquarters, block a card, forget somebody",
    "staff": "add someone who may sign in",
    "tablet": "pair, list and remove tablets",
    "import": "read products, stock, customers, balances or staff of a file, or take an import back",
    "backup": "copy the hub's database while the hub works on",
    "restore": "put a copy of the hub's database back, with the keys that lie apart",
    "export": "write facts, ledger, catalogue, stock, fleet, visitors or segments of the hub to a file",
    "verify": "check a customer's copy, or a receipt, by the hub's published key",
    "papers": "records of processing, DPIA, door sign and the rest, from the real settings",
    "merge": "list cards that became somebody's with what they had earned, and undo one",
    "page": "let somebody whom headquarters knows onto their own page, with a code for one phone",
    "token": "make, list and end the tokens of programs that ask the hub",
    "decode": "answer decoding requests, a line of JSON each",
    "presence": "say where customers' devices are, from what scanners heard",
    "advise": "learn from a history of baskets, then say what to suggest to whom, and why",
    "learn": "learn headquarters' ranking from whoever agreed, and send it to every shop",
    "watch": "run one reader alone and print what it sees",
    "record": "run one reader and write its day down, without anybody in it",
    "replay": "play a recorded day again",
    "gallery": "every page and state of the tablet with sample data",
    "bench": "measure, with the floor beside each figure",
    "simulate": "play many shops and one hub through every fault, seed by seed",
}

# These run until they are told to end, at whatever instant that is.
LASTING: Final = ("demo", "edge", "hub", "watch", "record", "gallery")

# These read until their input ends.
STREAMS: Final = ("decode", "presence")

WRONG_WORDS: Final = 2
EX_CONFIG: Final = 78


class Words(argparse.ArgumentParser):
    """argparse that says what is wrong as every other error of ours: one sentence, a code, a next step."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_WORDS, f"welkom: {message} [W01] see `{self.prog} --help`\n")


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """All words, with the options of the command `only` (or of all when it is None)."""
    from importlib.metadata import version

    top = Words(prog="welkom", description="Welkom, the connected-store appliance.")
    top.add_argument("--version", action="version", version=f"welkom {version('welkom')}")
    words = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, what in COMMANDS.items():
        each = words.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        if only in (None, name):
            import_module(f"edge.commands.{name}").add(each)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 success, 1 failure, 2 wrong words, 78 wrong configuration."""
    # numpy's own threads gain a small box nothing, and spin while other work waits for the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = list(sys.argv[1:] if arguments is None else arguments)
    only = given[0] if given and given[0] in COMMANDS else ""
    if only in LASTING:
        _end_when_told()
    try:
        words = parser(only).parse_args(given)
        return int(import_module(f"edge.commands.{words.command}").run(words))
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 0 if only in (*LASTING, *STREAMS) else 1  # what was to end by itself did not
    except Exception as error:
        return _say(error)


def _end_when_told() -> None:
    """SIGINT and SIGTERM end this process with 0, until the command's own loop listens to them (edge.kit.told).

    So this stands before every import that takes time. Nothing is being written yet that could be left half done.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: os._exit(0))


def _say(error: Exception) -> int:
    """One sentence on stderr for whatever ended the command, and its exit status."""
    from drivers.reader import ReaderError
    from edge.kit.errors import ConfigError, WelkomError, WordsError
    from edge.kit.log import died

    first = _first(error)
    if isinstance(first, WelkomError):
        sentence = first.sentence()
    elif isinstance(first, ReaderError):
        sentence = f"{first} [{first.code}] {first.hint}"
    else:
        # The text of a foreign exception may quote a card or a name; its place never does.
        place = died(first)
        sentence = f"stopped by {place['error']} at {place['died']} [X00] report this line; nothing was lost"
    print(f"welkom: {sentence}", file=sys.stderr)
    match first:
        case ConfigError():
            return EX_CONFIG
        case WordsError():
            return WRONG_WORDS
        case _:
            return 1


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
