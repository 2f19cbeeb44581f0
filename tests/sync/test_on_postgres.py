"""What the hub does on its file, it does on PostgreSQL: the same tests once more, of the rooms with most statements.

Those that try many values are about the values and not about the store: they are not tried again.
"""

import pytest

from tests.sync import test_catalogue, test_intake, test_joined, test_nobodys, test_people
from tests.sync.passes.test_tap import test_a_lost_pass_opens_nothing_in_the_shop
from tests.sync.test_lost_shop import (
    test_whom_a_program_put_into_the_shop_before_its_box_came_back_the_box_can_open,
)
from tests.sync.test_merging import (
    test_a_card_bound_to_a_customer_brings_all_it_saved_along_once,
    test_a_merge_is_undone_whole_and_everywhere,
)

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("postgresql"),
    pytest.mark.xdist_group("postgresql"),
]
# These look into SQLite's own files, or take its one reader away.
__all__ = [
    "test_a_card_bound_to_a_customer_brings_all_it_saved_along_once",
    "test_a_lost_pass_opens_nothing_in_the_shop",
    "test_a_merge_is_undone_whole_and_everywhere",
    "test_whom_a_program_put_into_the_shop_before_its_box_came_back_the_box_can_open",
]
OF_THE_FILE = (
    "test_an_unforeseen_error_says_nothing_of_its_cause",
    "test_no_value_of_a_card_and_no_trait_lies_readable_in_the_hubs_files",
    "test_of_someone_erased_neither_key_nor_value_nor_card_is_left_in_the_hubs_files",
    "test_what_another_process_commits_wakes_a_waiting_shop",
)

for module in (test_intake, test_people, test_joined, test_catalogue, test_nobodys):
    globals().update(
        {
            name: each
            for name, each in vars(module).items()
            if name.startswith("test_") and name not in OF_THE_FILE and not hasattr(each, "pytestmark")
        }
    )
