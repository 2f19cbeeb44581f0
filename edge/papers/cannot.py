"""What Welkom cannot do, each line with the tests that show it: a promise that no setting takes back."""

from dataclasses import dataclass
from typing import Final

from edge.papers.blocks import Block, Heading, Paper, Points, Text
from edge.papers.installation import Installation
from edge.papers.words import Words, key


@dataclass(frozen=True, slots=True)
class Promise:
    """`tests` are ids as pytest takes them."""

    what: str
    why: str
    tests: tuple[str, ...]


PROMISES: Final = (
    Promise(
        key("cannot.faces"),
        key("cannot.faces.why"),
        (
            "tests/house/test_cannot.py::test_no_camera_and_no_microphone_is_opened_but_for_codes",
            "tests/staff_ui/test_scan.py::test_what_the_camera_reads_is_a_scan_of_this_tablet_and_no_picture_leaves_it",
            "tests/staff_ui/test_scan.py::test_only_this_page_may_use_the_camera",
        ),
    ),
    Promise(
        key("cannot.strangers"),
        key("cannot.strangers.why"),
        (
            "tests/stories/test_strangers.py::test_unknown_cards_leave_no_byte_in_any_file",
            "tests/presence/test_house.py::test_no_strangers_identifier_is_in_any_file",
            "tests/house/test_cannot.py::test_what_is_counted_by_day_is_what_staff_and_customers_did_and_no_passer_by",
        ),
    ),
    Promise(
        key("cannot.worth"),
        key("cannot.worth.why"),
        (
            "tests/tables/test_profile.py::test_an_undeclared_trait_is_not_kept",
            "tests/house/test_cannot.py::test_no_field_of_a_person_says_what_they_are_worth",
        ),
    ),
    Promise(
        key("cannot.special"),
        key("cannot.special.why"),
        (
            "tests/rules/test_advice.py::test_what_may_not_be_suggested_never_is",
            "tests/rules/test_advice.py::test_every_limit_names_its_law_and_its_words_are_in_lower_case",
            "tests/advice/test_advise_command.py::test_the_shield_acts_where_a_catalogue_is_given",
        ),
    ),
    Promise(
        key("cannot.price"),
        key("cannot.price.why"),
        ("tests/house/test_cannot.py::test_a_price_is_the_products_and_knows_no_customer",),
    ),
    Promise(
        key("cannot.list"),
        key("cannot.list.why"),
        (
            "tests/staff_ui/test_lists.py::test_no_address_of_the_tablet_gives_a_file_or_a_list_of_customers",
            "tests/house/test_export.py::test_nobody_is_in_an_export_unless_a_purpose_is_named_and_has_a_basis",
        ),
    ),
    Promise(
        key("cannot.staff"),
        key("cannot.staff.why"),
        (
            "tests/house/test_cannot.py::test_no_statement_adds_up_what_one_colleague_did",
            "tests/tables/test_usage.py::test_use_is_counted_by_all_together_from_three_colleagues_on",
        ),
    ),
)


def cannot(here: Installation, words: Words) -> Paper:
    say = words.say
    blocks: list[Block] = [Text(say("cannot.read"))]
    for each in PROMISES:
        blocks += [Heading(say(each.what)), Text(say(each.why)), Points(each.tests)]
    return Paper("cannot", say("cannot.title"), say("cannot.lead"), tuple(blocks), say("cannot.foot"))
