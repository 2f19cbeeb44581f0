"""Readings into moments: several scanners receive one advert, and each brings it in its own time. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from edge.presence.tracker import Reading


def moments(
    readings: Iterable[Reading], *, within_s: float, last_s: Callable[[str], float]
) -> list[tuple[float, list[Reading]]]:
    """What was heard, in order of time, receptions of one advert together; `last_s` is when a device was heard last.

    A reading that was slower than a later one of its device counts with that.
    """
    found: list[tuple[float, list[Reading]]] = []
    dated = [replace(each, at_s=max(each.at_s, last_s(each.device))) for each in readings]
    began_s = float("-inf")
    for each in sorted(dated, key=lambda reading: reading.at_s):
        if each.at_s - began_s > within_s:
            began_s = each.at_s
            found.append((began_s, []))
        moment = found[-1][1]
        moment.append(each)
        found[-1] = (each.at_s, moment)
    return [(at_s, [replace(each, at_s=at_s) for each in moment]) for at_s, moment in found]
