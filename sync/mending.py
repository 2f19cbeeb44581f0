"""How a box and its hub come together again after one of them was put back from a backup.

Both keep one chained history, so they agree up to some number and nowhere after it. That number is looked for by
halves; what the box holds beyond it is said again, and nothing that the hub holds is said twice. A backup does not
know the epochs that came after it: what it had still to say may stand at the head of one, and is looked for there.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Final

from sync.box import Box, Place, Told, Unsaid
from sync.standing import Standing
from sync.wire import Answer, Malformed

# What the hub holds of one epoch of this box: up to where, and its hash at the number that was asked.
Ask = Callable[[int, int], Awaitable[Standing]]

_AT_ONCE: Final = 2_000  # facts read and summed up between two questions: some 10 ms
_MOST_EPOCHS: Final = 100  # since the backup; a person gives each of them


def believed(box: Box, answer: Answer) -> Answer:
    """An answer to facts, if it speaks of the history of this box; raises Malformed.

    One that the hub gave to an upload of before counts facts as held that it never had. An older hub says no hash.
    """
    ours = box.chain(answer.ack.epoch, answer.ack.seq)
    if answer.hash and ours and answer.hash != ours:
        raise Malformed(
            "the answer acknowledges another history",
            code="OTHER_ANSWER",
            hint="something on the line mixes answers up: look at the proxies between the shop and the hub",
        )
    return answer


async def shared(box: Box, ask: Ask, epoch: int, span: tuple[int, int]) -> int:
    """Up to which number of an epoch the hub holds this very history; 0 for nothing, or nothing that can be shown.

    `span` is what the box retains of it, as it was when the comparison began.
    """
    first, last = span
    standing = await ask(epoch, last)
    low, high = first - 1, min(last, standing.held)
    if high <= low:
        return high
    if standing.held >= last and standing.hash == box.chain(epoch, last):
        return last
    return await _agreed(low, high, ask, epoch, lambda seq: box.chain(epoch, seq))


async def _agreed(low: int, high: int, ask: Ask, epoch: int, chain: Callable[[int], str]) -> int:
    """The last number up to `high` at which the hub has the same chain (hex); it has at `low`."""
    while low < high:
        middle = (low + high + 1) // 2
        standing = await ask(epoch, middle)
        if standing.held >= middle and standing.hash == chain(middle):
            low = middle
        else:
            high = middle - 1
    return low


async def renew(box: Box, ask: Ask) -> bool:
    """Take the epoch that a person gave this box at the hub; False when there is none newer than its own.

    One under which it has said nothing is as good as new: the hub that gave it may have been put back since.
    """
    standing = await ask(box.epoch(), 0)
    newer = standing.epoch > box.epoch()
    if not newer and (standing.epoch < box.epoch() or standing.held or not box.silent()):
        return False
    retained = box.retained()  # as it is now: the box may speak while the hub is asked
    held = {epoch: await shared(box, ask, epoch, span) for epoch, span in retained.items()}
    if not newer and all(held[epoch] == last for epoch, (_, last) in retained.items()):
        return False  # nothing is left to say again: a box with nothing to say writes nothing either
    since = range(max(box.epoch(), standing.epoch + 1 - _MOST_EPOCHS), standing.epoch + 1)
    await box.renew(standing.epoch, held, await _told_since(box, ask, held, since))
    return newer or not box.silent()


async def _told_since(box: Box, ask: Ask, held: Mapping[int, int], since: Iterable[int]) -> dict[Place, Told]:
    """Where the hub holds facts of this box in epochs that it does not know, each by the place it has here.

    Whoever took such an epoch before said there first, in order, what was unsaid until then. So of what is unsaid
    here too it is the first facts that stand at its beginning, and the next of them in the epoch after it. In the
    epoch of now they stand behind what both have, where a hub that was put back was told them under it.
    """
    found: dict[Place, Told] = {}
    after: Place = (0, 0)
    for epoch in since:
        both = held.get(epoch, 0)
        last = Told(epoch, both, bytes.fromhex(box.chain(epoch, both)))
        at_hub = (await ask(epoch, 0)).held
        while last.seq < at_hub:
            facts = box.unsaid(held, after=after, most=min(_AT_ONCE, at_hub - last.seq))
            same = await _begins(box, ask, facts, last)
            found |= zip((fact.place for fact in facts), same, strict=False)
            if same:
                after, last = facts[len(same) - 1].place, same[-1]
            if len(same) < len(facts) or not facts:
                break
    return found


async def _begins(box: Box, ask: Ask, facts: Sequence[Unsaid], last: Told) -> list[Told]:
    """Where the hub holds the first of these facts, as many as it does directly after `last`."""
    found: list[Told] = []
    while len(found) < len(facts):
        whole = list(takewhile(lambda fact: not fact.blank, facts[len(found) :]))
        same = await _agree(ask, last, box.chained(last, whole))
        found += same
        if len(same) < len(whole) or len(found) == len(facts):
            break
        last = found[-1] if found else last
        # Of what an erasure blanked here after it was said there, the chain cannot be worked out any more.
        blank, standing = facts[len(found)], await ask(last.epoch, last.seq + 1)
        if (standing.at_ms, standing.kind) != (blank.at_ms, blank.kind):
            break
        last = Told(last.epoch, last.seq + 1, bytes.fromhex(standing.hash))
        found.append(last)
    return found


async def _agree(ask: Ask, before: Told, chain: list[Told]) -> list[Told]:
    """As much of `chain`, which follows `before`, as the hub has in the same place."""
    if not chain or (await ask(before.epoch, chain[-1].seq)).hash == chain[-1].hash.hex():
        return chain
    first = chain[0].seq

    def ours(seq: int) -> str:
        return chain[seq - first].hash.hex()

    return chain[: await _agreed(before.seq, chain[-1].seq - 1, ask, before.epoch, ours) - before.seq]


async def send_again(box: Box, ask: Ask) -> bool:
    """Let what the hub lost wait again; False when this box does not hold all of that any more.

    Of earlier epochs too where both have the same one: a hub that was put back may have given out a number again
    that this box had from it before. Where they differ a person gives another, and then all is compared (`renew`).
    """
    retained, now = box.retained(), box.epoch()
    standing = await ask(now, 0)
    if now in retained:
        if standing.held < retained[now][0] - 1:
            return False
        await box.reopen(await shared(box, ask, now, retained[now]))
    if standing.epoch != now:
        return True
    held = {each: await shared(box, ask, each, span) for each, span in retained.items() if each != now}
    if any(held[each] < retained[each][1] for each in held):
        await box.renew(now, held, {})
    return True
