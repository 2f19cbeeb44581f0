"""Customers as headquarters' programs see and change them."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Response, delete, get, patch, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from edge.consent.rules import PURPOSES, Register
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.kit.text import entire
from edge.wallet.rules import INSTRUMENTS, add, balance_of, with_balance
from sync.hub import books, consents, lost, people, values, wallet
from sync.hub.consents import NewConsent
from sync.hub.documented import refuses
from sync.hub.hq import agreed, cards, erasing, news, outline, shapes, whom
from sync.hub.hq import put as imports
from sync.hub.hq.asking import (
    AnyRequest,
    Cursor,
    CustomerId,
    Key,
    Limit,
    NeededKey,
    keyed,
    once,
    onward,
    since,
)
from sync.hub.portal.traits import open_traits
from sync.hub.problem import Refusal
from sync.hub.tables import feed as partitions
from sync.hub.tables import people as tables
from sync.hub.tables import reading
from sync.hub.tables import wallet as purses
from sync.hub.tables.feed import Moved
from sync.hub.tables.portal import Sealed

if TYPE_CHECKING:
    from sync.hub.app import Hub


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    async def known(customer_id: str) -> bytes:
        customer = bytes.fromhex(customer_id)
        await hub.db.read(whom.known, customer)
        return customer

    @get("/customers", scope="customers:read", summary="Ids of customers", responses=refuses(400, 403))
    async def listed(limit: Limit = 50, cursor: Cursor = "") -> shapes.Page:
        (last,) = since(cursor, tuple[bytes], (b"",))
        ids = await hub.db.read(reading.customers, after=last, most=limit + 1)
        more = onward(ids[limit - 1]) if len(ids) > limit else None
        return shapes.Page([each.hex() for each in ids[:limit]], more)

    @post(
        "/customers",
        scope="customers:write",
        summary="Add a customer",
        status_code=201,
        responses=refuses(400, 403, 404, 409, 413, 422),
    )
    async def create(
        request: AnyRequest, data: JSONBody[shapes.NewCustomer], key: Key = None
    ) -> Response[shapes.Made]:
        values.checked(data.traits)
        agreed.checked(data.traits, (each.purpose for each in data.consents))
        new = people.NewCustomer(
            whom.customer_id(hub.keys, data.ref) if data.ref.strip() else os.urandom(16),
            data.traits,
            cards.once(cards.bare(each.kind, each.value) for each in data.cards),
            [NewConsent(each.purpose, each.recipient, each.until_ms) for each in data.consents],
        )

        def act(conn: Connection) -> tuple[int, Any, list[Moved]]:
            shop_ids, now_ms = sorted(set(data.shops)), hub.now_ms()
            agreed.lasting((each.until_ms for each in data.consents), now_ms=now_ms)
            lines = people.newcomers(conn, hub.keys, shop_ids=shop_ids, customers=[new], now_ms=now_ms)
            came = news.News("customer.joined", now_ms, new.customer_id)
            news.tell(
                conn, [came, *news.given(came, [(each.purpose, each.recipient) for each in data.consents])]
            )
            return 201, shapes.Made(new.customer_id.hex()), partitions.publish(conn, lines)

        return await once(hub, request, key, act, customer_id=new.customer_id)

    @post(
        "/customers/find",
        scope="customers:read",
        summary="The id behind a number or card",
        status_code=200,
        responses=refuses(400, 403, 404, 413, 422),
    )
    async def find(data: JSONBody[shapes.Found]) -> shapes.Made:
        card = cards.bare(data.card.kind, data.card.value) if data.card else None
        customer = await hub.db.read(outline.find, hub.keys, ref=data.ref, card=card)
        return shapes.Made(customer.hex())

    @get(
        "/customers/{customer_id:str}",
        scope="customers:read",
        summary="One customer",
        responses=refuses(400, 403, 404),
    )
    async def read(customer_id: CustomerId) -> shapes.Customer:
        customer = bytes.fromhex(customer_id)

        def look(conn: Connection) -> tuple[list[Sealed], shapes.Customer]:
            sealed = reading.traits(conn, customer, now_ms=hub.basis_ms())
            return sealed, outline.outline(conn, customer)

        sealed, found = await hub.db.read(look)
        traits = open_traits(sealed, kek=hub.keys.hub_kek, log=hub.log)
        opened = {name: shapes.Trait(value, traits.as_of_ms[name]) for name, value in traits.values.items()}
        return msgspec.structs.replace(found, traits=opened)

    @patch(
        "/customers/{customer_id:str}",
        scope="customers:write",
        summary="Change traits",
        responses=refuses(400, 403, 404, 413, 422),
    )
    async def change(customer_id: CustomerId, data: JSONBody[shapes.Changes]) -> shapes.Changed:
        customer = await known(customer_id)
        if moves := sorted(set(data.traits) & set(INSTRUMENTS)):
            hint = "post a line to its ledger"
            raise Refused(f"{moves[0]} only moves by a line", code="NOT_A_LINE", hint=hint)
        values.checked(data.traits)

        def act(conn: Connection) -> list[Moved]:
            whom.hold(conn, [customer])
            imports.put_traits(conn, hub.keys, customer, data.traits, now_ms=hub.now_ms())
            return partitions.publish(conn, wallet.rows(conn, [customer]))

        await hub.change(act)
        return shapes.Changed(sorted(data.traits))

    @post(
        "/customers/{customer_id:str}/ledger",
        scope="customers:write",
        summary="Add or take points or stamps",
        guards=[keyed],
        status_code=201,
        responses=refuses(400, 403, 404, 413, 422),
    )
    async def move(
        request: AnyRequest, customer_id: CustomerId, data: JSONBody[shapes.Move], key: NeededKey
    ) -> Response[shapes.Balance]:
        customer = await known(customer_id)

        def act(conn: Connection) -> tuple[int, Any, list[Moved]]:
            whom.hold(conn, [customer])
            balance = _move(conn, hub, customer, data)
            moved = partitions.publish(conn, wallet.rows(conn, [customer]))
            return 201, shapes.Balance(data.instrument, balance), moved

        return await once(hub, request, key, act, customer_id=customer)

    @put(
        "/customers/{customer_id:str}/consents/{purpose:str}/{recipient:str}",
        scope="customers:write",
        summary="Give or withdraw a consent",
        responses=refuses(400, 403, 404, 409, 413, 422),
    )
    async def choose(
        customer_id: CustomerId,
        purpose: Annotated[str, PathParameter(pattern=entire("[a-z_]{1,64}"))],
        recipient: Annotated[str, PathParameter(pattern=entire("[A-Za-z0-9._:-]{1,64}"))],
        data: JSONBody[shapes.Choice],
    ) -> shapes.Register:
        customer, now_ms = await known(customer_id), hub.now_ms()
        consents.declared(purpose, recipient)
        if data.state == "withdrawn":
            await hub.change(consents.withdraw, customer, purpose=purpose, recipient=recipient, now_ms=now_ms)
        elif PURPOSES[purpose] == "agreement":
            new = NewConsent(purpose, recipient, data.until_ms)
            await hub.change(agreed.agree, customer, new, now_ms=now_ms)
        else:
            if PURPOSES[purpose] != "consent":
                hint = "it needs no yes"
                raise Refused(f"{purpose} rests on {PURPOSES[purpose]}", code="NO_CONSENT", hint=hint)
            agreed.lasting([data.until_ms], now_ms=now_ms)
            base = Register(data.gen, data.seen) if data.seen != "none" else None
            moved = await hub.change(
                consents.grant,
                customer,
                purpose=purpose,
                recipient=recipient,
                base=base,
                now_ms=now_ms,
                until_ms=data.until_ms,
            )
            if moved is None:
                hint = "ask the customer again, with what stands now"
                raise Refusal("the register changed meanwhile", code="CONSENT_CHANGED", hint=hint, status=409)
        held = await hub.db.read(tables.consent, customer, purpose=purpose, recipient=recipient)
        if held is None:
            raise Refused("no such customer", code="UNKNOWN_CUSTOMER", hint="they were erased meanwhile")
        return shapes.Register(purpose, recipient, held.basis, held.state, held.gen, held.until_ms)

    @delete(
        "/customers/{customer_id:str}",
        scope="customers:erase",
        summary="Forget a customer everywhere",
        responses=refuses(400, 403, 404),
    )
    async def forget(request: AnyRequest, customer_id: CustomerId) -> None:
        customer = await known(customer_id)
        await hub.db.apply(erasing.take, request.state.who.id, now_ms=hub.now_ms())
        await hub.erase(customer)

    @post(
        "/cards/block",
        scope="customers:write",
        summary="Block a lost card everywhere",
        status_code=204,
        responses=refuses(400, 403, 404, 413, 422),
    )
    async def block(data: JSONBody[shapes.Card]) -> None:
        kind, value = cards.bare(data.kind, data.value)
        await hub.change(lost.block, hub.keys, kind=kind, value=value, now_ms=hub.now_ms())

    return [listed, create, find, read, change, move, choose, forget, block]


def _move(conn: Connection, hub: "Hub", customer: bytes, asked: shapes.Move) -> int:
    """Write a line of ours and the balance after it; raises Refused for a balance that is not there."""
    held = purses.trait(conn, customer, asked.instrument)
    key = whom.key_of(conn, hub.keys, customer)
    value = whom.value_of(key, customer, held) if held else None
    before = balance_of(asked.instrument, value)
    if before is None:
        hint = "give it to them by an import of customers"
        raise Refused(f"the customer has no {asked.instrument}", code="NO_INSTRUMENT", hint=hint)
    total = add(before, asked.delta)
    if total.short:
        raise Refused("the balance would go below zero", code="NOT_ENOUGH", hint="nothing was changed")
    after_ = with_balance(asked.instrument, value, total.balance)
    now_ms = hub.now_ms()
    imports.put_traits(conn, hub.keys, customer, {asked.instrument: after_}, now_ms=now_ms)
    number = (1, purses.last(conn, books.API, 1) + 1)
    imports.book(
        conn,
        customer,
        number=number,
        instrument=asked.instrument,
        delta=asked.delta,
        now_ms=now_ms,
        device=books.API,
    )
    news.tell(conn, [news.News("wallet.moved", now_ms, customer)] if asked.delta else [])
    return total.balance
