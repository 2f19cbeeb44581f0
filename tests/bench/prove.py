"""`make prove`: every figure of the issue's "must show", at full size, with its floor or limit beside it.

Resumable: what was measured stands in `results.json`; `--again NAME …` measures anew. Writes RESULTS.md.
"""

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench import (
    choices,
    codecs,
    consents,
    day,
    documents,
    fair,
    forgetting,
    hostile,
    pcsc,
    presence,
    proofs,
    radio,
    ranking,
    reasons,
    scanner,
    stage,
    stopping,
    wallets,
)

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"


@dataclass(frozen=True, slots=True)
class Proof:
    """One line of the "must show": `measure` gives the figures and whether they hold."""

    name: str
    asks: str
    measure: Callable[[], tuple[bool, dict[str, Any]]]


PROOFS: Final = (
    Proof("tap_1000000", "bench tap, 1,000,000 customers: p50 ≤ 2.0x at 10 and 50 tablets, ≤ 3.0x at 1; ≤ 250 MB; ready ≤ 1.5 s", proofs.tap_1000000),
    Proof("tap_30000", "bench tap, 30,000 customers: ≤ 120 MB", proofs.tap_30000),
    Proof("bootstrap_1000000", "bench bootstrap, 1,000,000 customers with credentials and consents, hub to serving appliance: ≤ 2.5x a bare bulk load of the same rows and indexes, ≤ 300 MB, ≥ 100 taps answered meanwhile, each ≤ 1 s", proofs.bootstrap_1000000),
    Proof("catalogue_100000", "bench catalogue, 100,000 products: a search with slips < 50 ms (p99), beside a LIKE scan", proofs.catalogue_100000),
    Proof("card_in_1_s", "hub stopped: Type 2, Type 4, barcode line, vtap line, each a glance card in Chromium ≤ 1 s", proofs.card_in_1_s),
    Proof("cable_in_5_s", "cable pulled in mid-read and put back: recognised ≤ 5 s, one line down, one up", proofs.cable_in_5_s),
    Proof("tap_dialogues", "phones and cards through nfcpy: our own time in a whole dialogue ≤ 5 ms beyond the emulator's (with its waits p95, its work at most)", wallets.own_time),
    Proof("loop_10_ms", "a reader at work, phone after phone: the event loop's longest stall < 10 ms, waits for a core that others had left out, beside one without a reader", wallets.stall),
    Proof("pulled_everywhere", "phone and cable pulled away at every frame and command of every dialogue: an outcome, and the next card is read", wallets.pulled),
    Proof("pulled_pcsc", "the same over a real pcscd: phone pulled away and daemon killed at every command of every dialogue", pcsc.pulled),
    Proof("scanner", "a keyboard-wedge scanner on a real kernel: read, grabbed (a second reader is refused, nobody overhears), unplugged, and back under its name", scanner.on_a_real_kernel),
    Proof("kill_9", "kill -9 at 200 random moments: every acknowledged fact there, exactly once at the hub", proofs.kill_9),
    Proof("power_cuts", "2,000 disks that a power cut may leave: nothing acknowledged lost, nothing damaged, a form sent again is one line", proofs.power_cuts),
    Proof("simulate", "2,000 seeds of shops and hub through every fault ≤ 5 min, none failing; each planted bug found within 200", proofs.simulated),
    Proof("strangers", "10,000 unknown cards: no byte of them or of any hash in any file; no core dump", proofs.strangers),
    Proof("run_in_10_s", "fresh state: `welkom demo` answers ≤ 10 s", proofs.run_in_10_s),
    Proof("wallet_10000", "10,000 random acts with points and stamps in two shops, cuts and restarts: every local total is the central one, to the point", proofs.wallet_10000),
    Proof("forgotten", "40 random stories: customers with a history in three shops are forgotten, one shop offline, one put back from an old copy, the hub too: no word, key, sealed value, card hash or visit of theirs in any byte of any file, and the totals add up", forgetting.forgotten),
    Proof("anonymous", "4,000 worlds: who knows when somebody was in a shop tells them from visitors and segments no better than by chance, by neighbouring reports, before and after an erasure, by small cells; a planted report that leaks is found", forgetting.anonymous),
    Proof("documents_without_5xx", "schemathesis over both OpenAPI documents, hub and appliance: not one 5xx", documents.no_5xx),
    Proof("hostile_peer", "a peer with a box's key and 32 lines, as fast as it can, every attack: nothing stored, each refusal said once, six honest shops beside it ≤ 1.5x (p50) and ≤ 2x (p99) of what they take without it", hostile.not_slowed),
    Proof("known_30_s", "a stranger becomes known in Chromium at the pace of a person, on the tablet with the hub off and on their own phone: each < 30 s, axe clean", proofs.known_30_s),
    Proof("guest_600_ms", "a member of another shop, online: from the tap to the visit, p95 ≤ 600 ms, 200 of them", proofs.guest_600_ms),
    Proof("sync_1_s", "bench sync, 50 connected appliances that have told everything: a withdrawal or erasure at the hub is hidden on every tablet, p99 ≤ 1 s; a shop that was offline asks for it first, and hides it ≤ 10 s after its line is back", proofs.sync_1_s),
    Proof("hub_500", "bench hub, 500 shops, two hubs, PostgreSQL, two cores: ≥ 5,000 facts/s on disk and ≥ 0.2x of bare batched inserts; feeds complete and in order by digest", proofs.hub_500),
    Proof("advice_100_ms", "advice: top 3 with reasons in shops of 2,000 and of 30,000 customers of a year, p95 ≤ 100 ms, while the ranking is learnt and after it, in ≤ 400 MB", proofs.advice_100_ms),
    Proof("advice_cj", "bench advise on Complete Journey (beside the project): ahead of every tuned peer in Recall@10 and NDCG@10, t ≥ 2; the half basket ahead of each", ranking.complete_journey),
    Proof("advice_worlds", "bench advise on three invented shops, dated and order-only, sparse and dense: Recall@10 ≥ 1.05x the tuned TIFU-KNN on each", ranking.worlds),
    Proof("advice_reasons", "2,000 random answers each of two invented shops and Complete Journey (beside the project): every reason true, counted again by code of its own; without the named evidence ≥ 95% of items fall, without as much of something else ≤ 20%", reasons.true),
    Proof("advice_limits", "the ranking learnt from 116,000 baskets ≤ 60 s and ≤ 600 MB, a query (the whole answer with its reasons, without and with a basket in hand) p99 ≤ 10 ms, on one core, without LightGBM or scikit-learn", ranking.limits),
    Proof("advice_fair", "advise --fairness on Complete Journey (beside the project), age, income, household, children: no group served otherwise than its shopping explains, no answer changed by a group; planted models, less apt, dearer and reading the group, fail; of invented households a fair model is called unfair in at most 5%, one that loses a fifth in at least 90%", fair.gate),
    Proof("choice_trees", "2,000 generated choice helpers, every way played: it ends in six questions, what is named fits and is there, each reason is of an answer and true", choices.trees),
    Proof("presence_folds", "the measured flat in four folds: more often right than strongest + EMA + 3-vote, kNN11 on EMA and kNN25 + HMM; changes and lag no worse than the last (aim: 92%, ≤ 1.2x the true changes, lag ≤ 4 s)", presence.folds),
    Proof("presence_dead_scanner", "the same with each of six scanners dead in turn: mean ≤ 5 points, none > 8 points, below all alive", presence.dead_scanner),
    Proof("presence_floors", "six invented floors, 3 to 20 scanners, 0.3 to 5 Hz, the same code: more often right than each of the three", presence.floors),
    Proof("presence_day", "200 noisy, flapping, rotating visits, 40 strangers each: one greeting a visit, presence expires, no stranger's bytes in any file or log", presence.day),
    Proof("presence_walk_in", "walk-in to card, 250 ms adverts, three door scanners, losses: p95 ≤ 3 s of simulated time", presence.walk_in),
    Proof("stage_2_min", "the stage in Chromium, Dutch and English, both orientations: tap, cut, redeem, reconnect, stop; all four panes right, no sign-in, ≤ 2 min; the card closes ≤ 1 s after stop", stage.two_minutes),
    Proof("stop_phone_1_s", "a hub and an appliance by themselves, Chromium: stop pressed on a phone, 120 customers, and on a tablet in the customer's hands with the hub stopped, 40: gone from another connected tablet, p99 ≤ 1 s", stopping.stop_phone_1_s),
    Proof("consent_matrix", "every personal field x purpose x state (none, given, expired, withdrawn, lease over, clock back) through every page and API, both roles: shown exactly when a basis holds; each planted leak found", consents.matrix),
    Proof("tablets_50", "50 tablets open for 10 minutes of a busy shop: memory grows < 5%", day.fifty_tablets),
    Proof("first_load", "first load of the tablet ≤ 150 kB compressed", stage.first_load),
    Proof("vectors", "every NFC and EID vector, and every worked answer of the contract through `welkom decode`", codecs.vectors),
    Proof("inputs_1000000", "every codec on 1,000,000 inputs that nobody would send: its own error only, ≤ 50 ms, ≤ 16 MiB", codecs.inputs_1000000),
    Proof("ble_1000000", "bench ble, 1,000,000 devices: ≥ 100,000 adverts/s on one core; a new window ≤ 1.5x bare AES; longest stall < 10 ms; 1,000 adverts/s ≤ 5% of a core", radio.ble_1000000),
    Proof("ble_crowd", "real bleak on a real message bus: 1,000 adverts/s of strangers ≤ 5% of a core, none resolved", radio.ble_crowd),
    Proof("radio_recovers", "bluetoothd, the bus and the broker killed and back, five times each: presence recovers ≤ 15 s", radio.radio_recovers),
    Proof("units", "systemd-analyze verify silent; exposure ≤ 1.2 for web and hub, ≤ 2.0 for the reader", proofs.units),
    Proof("house", "import contracts hold and a planted violation fails; mypy strict; no file over 500 lines; tables true", proofs.house),
)  # fmt: skip


def main() -> int:
    words = argparse.ArgumentParser(prog="prove")
    words.add_argument(
        "--again", nargs="*", default=[], metavar="NAME", help="measure these anew (all: every one)"
    )
    again = words.parse_args().again
    held: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for proof in PROOFS:
        if proof.name in held and proof.name not in again and "all" not in again:
            continue
        sys.stderr.write(f"… {proof.name}: {proof.asks}\n")
        began_s = time.monotonic()
        try:
            holds, figures = proof.measure()
        except Exception as error:
            holds, figures = False, {"failed": "".join(traceback.format_exception_only(error)).strip()}
        took_s = round(time.monotonic() - began_s, 1)
        held[proof.name] = {"holds": holds, "figures": figures, "took_s": took_s}
        RESULTS.write_text(json.dumps(held, indent=1) + "\n")
        sys.stderr.write(f"  {'holds' if holds else 'NOT REACHED'} in {took_s} s: {json.dumps(figures)}\n")
    (HERE / "RESULTS.md").write_text(report(held))
    return 0 if all(held[proof.name]["holds"] for proof in PROOFS) else 1


def report(held: dict[str, Any]) -> str:
    """RESULTS.md: a row a proof, then the figures of each."""
    lines = [
        "# Results of `make prove`",
        "",
        "Written by the command; each figure stands beside its floor or limit. Two shared cores: compare ratios.",
        "",
        "| proof | asks | holds |",
        "| --- | --- | --- |",
    ]
    for proof in PROOFS:
        verdict = held[proof.name]["holds"] if proof.name in held else None
        said = {None: "not measured", True: "yes", False: "not reached"}[verdict]
        lines.append(f"| `{proof.name}` | {proof.asks} | {said} |")
    for proof in PROOFS:
        if proof.name in held:
            figures = json.dumps(held[proof.name]["figures"], indent=1)
            again = f"`make prove AGAIN={proof.name}`"
            lines += ["", f"## {proof.name}", "", f"Again with {again}.", "", "```json", figures, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
