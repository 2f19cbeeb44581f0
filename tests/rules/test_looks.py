"""The chain of looks holds, and whatever is done to it is found at its first line."""

from hypothesis import given
from hypothesis import strategies as st

from edge.looks.rules import GENESIS, Broken, Line, fields_of, link, reference, verify

WHOM, VISIT = b"\x01" * 16, b"\x02" * 16


def chain(count: int) -> list[tuple[Line, bytes, bytes]]:
    """Lines of two roles, each with what it chains to and its hash."""
    previous, lines = GENESIS, []
    for n in range(1, count + 1):
        role = "manager" if n % 3 == 0 else "staff"
        ref = reference(WHOM, VISIT, role=role, purpose="saving", reason="help", staff=str(n))
        line = Line(n, 1000 * n, role, str(n), "tablet", ref, "saving", "points stamps", "help")
        hash_ = link(previous, line)
        lines.append((line, previous, hash_))
        previous = hash_
    return lines


def found(lines: list[tuple[Line, bytes, bytes]], whole: list[tuple[Line, bytes, bytes]]) -> Broken | None:
    last, _, head = whole[-1]
    return verify(lines, before=0, start=GENESIS, last=last.n, head=head)


def test_a_chain_that_nobody_touched_holds() -> None:
    assert found(chain(9), chain(9)) is None


@given(st.integers(0, 8), st.sampled_from(Line._fields), st.booleans())
def test_a_line_that_was_changed_is_found_also_with_its_hash_made_anew(
    at: int, name: str, hashed: bool
) -> None:
    whole = chain(9)
    line, prev, hash_ = whole[at]
    other = line._replace(**{name: 7777 if name in ("n", "at_ms") else "something else"})
    lines = [*whole[:at], (other, prev, link(prev, other) if hashed else hash_), *whole[at + 1 :]]
    broken = found(lines, whole)
    assert broken is not None
    # With a hash that fits, the line after it is the first that does not chain; of the last only the head can tell.
    assert broken.n == at + 1 + (hashed and name != "n" and at < 8)


@given(st.integers(0, 8))
def test_a_line_that_was_taken_out_is_found(at: int) -> None:
    whole = chain(9)
    assert found(whole[:at] + whole[at + 1 :], whole) == Broken(at + 1, "cut" if at == 8 else "missing")


@given(st.integers(0, 7))
def test_two_lines_that_changed_places_are_found(at: int) -> None:
    whole = chain(9)
    lines = [*whole[:at], whole[at + 1], whole[at], *whole[at + 2 :]]
    assert found(lines, whole) == Broken(at + 1, "missing")


@given(st.integers(0, 8))
def test_a_tail_that_was_cut_is_found(kept: int) -> None:
    assert found(chain(9)[:kept], chain(9)) == Broken(kept + 1, "cut")


def test_a_line_refers_to_a_customer_for_who_has_both_ids_and_no_two_lines_refer_alike() -> None:
    refs = {line.customer_ref for line, _, _ in chain(9)}
    assert len(refs) == 9
    about = {"role": "staff", "purpose": "saving", "reason": "help", "staff": "1"}
    assert reference(WHOM, VISIT, **about) in refs
    assert reference(b"\x03" * 16, VISIT, **about) not in refs
    assert reference(WHOM, b"\x03" * 16, **about) not in refs


def test_a_line_names_the_fields_that_its_purpose_allows_and_a_glance_the_card() -> None:
    assert fields_of("staff", "saving", "help") == "points stamps vouchers giftcards pickup"
    assert fields_of("staff", "profiling", "") == "last wishlist baskets"
    assert fields_of("staff", "finding", "") == "zone"
    assert "guarded" not in fields_of("manager", "recognition", "") + fields_of("manager", "saving", "")
    assert "baskets" not in fields_of("staff", "recognition", "").split()
