"""How a box and its hub come together again after one of them was put back from a backup.

Both keep one chained history, so they agree up to some number and nowhere after it. That number is looked for by
halves; what the box holds beyond it is said again, and nothing that the hub holds is said twice.
"""

from collections.abc import Awaitable, Callable

from sync.box import Box
from sync.standing import Standing
from sync.wire import Answer, Malformed

# What the hub holds of one epoch of this box: up to where, and its hash at the number that was asked.
Ask = Callable[[int, int], Awaitable[Standing]]


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


async def shared(box: Box, ask: Ask, epoch: int) -> int:
    """Up to which number of an epoch the hub holds this very history; 0 for nothing, or nothing that can be shown."""
    first, last = box.retained()[epoch]
    standing = await ask(epoch, last)
    low, high = first - 1, min(last, standing.held)
    if high <= low:
        return high
    if standing.held >= last and standing.hash == box.chain(epoch, last):
        return last
    while low < high:
        middle = (low + high + 1) // 2
        standing = await ask(epoch, middle)
        if standing.held >= middle and standing.hash == box.chain(epoch, middle):
            low = middle
        else:
            high = middle - 1
    return low


async def renew(box: Box, ask: Ask) -> bool:
    """Take the epoch that a person gave this box at the hub; False when there is none newer than its own."""
    standing = await ask(box.epoch(), 0)
    if standing.epoch <= box.epoch():
        return False
    held = {epoch: await shared(box, ask, epoch) for epoch in box.retained()}
    await box.renew(standing.epoch, held)
    return True


async def send_again(box: Box, ask: Ask) -> bool:
    """Let what the hub lost wait again; False when this box does not hold all of that any more."""
    retained = box.retained().get(box.epoch())
    if retained is None:
        return True
    first, _ = retained
    standing = await ask(box.epoch(), 0)
    if standing.held < first - 1:
        return False
    await box.reopen(await shared(box, ask, box.epoch()))
    return True
