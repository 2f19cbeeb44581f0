"""The opened house: what the composition root joined, handed to pages and jobs as one value."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.advice.advisor import Advisor
from edge.catalogue.search import ProductIndex
from edge.choice.tree import Helper
from edge.config import Config
from edge.counter import Counter
from edge.facts import Fact
from edge.health import Health
from edge.keys import Keys
from edge.kit.clock import ShopTime
from edge.kit.ids import NewId
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.live import Live
from edge.own_page import OwnPage
from edge.recognition.names import Names
from edge.recognition.search import SearchIndex

if TYPE_CHECKING:
    from edge.radio import Radio
    from edge.tls.own import Own


@dataclass(frozen=True, slots=True)
class House:
    config: Config
    keys: Keys
    db: Database[Fact]
    live: Live
    time: ShopTime
    new_id: NewId
    counter: Counter
    names: Names
    search: SearchIndex
    health: Health
    log: Log
    advisor: Advisor
    # Set when another replica is read from now on: the indexes in memory are then filled anew.
    names_stale: asyncio.Event = field(default_factory=asyncio.Event)
    products_stale: asyncio.Event = field(default_factory=asyncio.Event)
    # Set as long as somebody who joined here may not be in the replica that is read.
    newcomers_owed: asyncio.Event = field(default_factory=asyncio.Event)
    products: ProductIndex = field(default_factory=ProductIndex)
    # Who may yet become a customer on their own phone by a ticket of ours: id -> until when that is counted (ms).
    awaited: dict[bytes, int] = field(default_factory=dict)
    own: "Own | None" = None  # where tablets come in over HTTPS
    helpers: tuple[Helper, ...] = ()  # choice helpers, by title
    own_page: OwnPage = field(default_factory=OwnPage)
    radio: "Radio | None" = None  # where the shop has radio readers or a floor
