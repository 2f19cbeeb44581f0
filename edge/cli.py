"""The console script `welkom`: parses words, calls in, and turns every expected trouble into one sentence."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from drivers.reader import ReaderError
from edge.kit.errors import ConfigError, WelkomError

# Word -> what it does. Modules are loaded only when their word is used, so `--help` is quick.
COMMANDS: Final[dict[str, str]] = {
    "demo": "a whole shop that plays by itself: hub, appliance, readers",
    "edge": "run the appliance of a configuration",
    "hub": "run the central wallet of a configuration",
    "init": "write a configuration and its secrets, asking what cannot be known",
    "check": "validate a configuration and print it with secrets masked",
    "doctor": "try every part and say what to do",
    "staff": "add a staff member, or pair a tablet",
    "watch": "run one reader alone and print what it sees",
    "bench": "measure, with the floor beside each figure",
}

EX_USAGE: Final = 2
EX_CONFIG: Final = 78


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """All words, with the options of the command `only` (or of all when it is None)."""
    top = argparse.ArgumentParser(prog="welkom", description="Welkom, the connected-store appliance.")
    words = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, what in COMMANDS.items():
        each = words.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
        if only in (None, name):
            import_module(f"edge.commands.{name}").add(each)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 success, 1 failure, 2 wrong words, 78 wrong configuration."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    only = given[0] if given and given[0] in COMMANDS else ""
    words = parser(only).parse_args(given)
    try:
        return int(import_module(f"edge.commands.{words.command}").run(words))
    except ConfigError as error:
        return _say(error.sentence(), EX_CONFIG)
    except WelkomError as error:
        return _say(error.sentence(), 1)
    except ReaderError as error:
        return _say(f"{error} [{error.code}] {error.hint}", 1)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 0
    except ExceptionGroup as group:
        return _say_group(group)


def _say_group(group: ExceptionGroup) -> int:
    expected, rest = group.split((WelkomError, ReaderError))
    if rest is not None:
        from edge.kit.log import died

        first = _first(rest)
        place = died(first)
        return _say(f"stopped by {place['error']} at {place['died']} [X00] please report this line", 1)
    first = _first(expected) if expected is not None else group
    if isinstance(first, WelkomError):
        return _say(first.sentence(), EX_CONFIG if isinstance(first, ConfigError) else 1)
    return _say(str(first), 1)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _say(sentence: str, status: int) -> int:
    print(f"welkom: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
