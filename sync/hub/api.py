"""The addresses of the hub: who asks, may they, and what they get."""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Annotated, Any

from litestar import MediaType, Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.response import Redirect, Stream

from edge.kit.errors import Refused
from sync import own_page, own_request, rows, signing, standing, wire
from sync.enrolment import ENROL_PATH, Asked, Given
from sync.enrolment import encode as encode_given
from sync.hub import admission, bodies, enrolling, feed, own_requests, pokes, proving, receipts
from sync.hub import devices as devices_of
from sync.hub.asker import Asker
from sync.hub.contacts import unless_gone
from sync.hub.documented import NDJSON, carries, carries_lines, problems, refuses
from sync.hub.hq import fleet
from sync.hub.intake import Proof
from sync.hub.nonces import Noting
from sync.hub.portal import sessions
from sync.hub.portal.security import is_here
from sync.hub.problem import Refusal
from sync.hub.snapshots import routes as snapshots
from sync.hub.tables import compaction, devices
from sync.hub.tables import feed as partitions
from sync.hub.tables.devices import Device
from sync.pokes import URGENT_PATH
from sync.receipt import RECEIPT_PATH, Receipt

if TYPE_CHECKING:
    from sync.hub.app import Hub

AnyRequest = Request[Any, Any, Any]
_UNBUFFERED = {"cache-control": "no-store", "x-accel-buffering": "no"}


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    async def signed(request: AnyRequest) -> Device:
        """The device whose signature the request carries, which counts once."""
        noting, now_ms = hub.nonces.noting(), hub.now_ms()
        device = await named(request, noting, now_ms=now_ms)
        if not await hub.nonces.fresh(noting, now_s=now_ms // 1000):
            raise signing.replayed()
        await admitted(request, Asker(hub, request.state, device, is_sure=True))
        return device

    async def named(
        request: AnyRequest, noting: Noting, *, now_ms: int, last: Device | None = None
    ) -> Device:
        heads = request.headers
        try:
            return await proving.device(hub, request.scope, heads, nonces=noting, now_ms=now_ms, last=last)
        except signing.BadSignature as error:
            if error.code == "UNKNOWN_DEVICE":
                hub.knocks.heard()
            raise

    async def admitted(request: AnyRequest, asker: Asker) -> None:
        heads = request.headers  # made anew at each look
        hub.admission.ask(asker.device.shop_id)
        signing.covers(heads, await request.body())  # read for whom it is proven, and no earlier
        asker.signed_all()

    def room_to_wait(device: Device) -> None:
        if hub.contacts.is_full(device.id):
            raise admission.later("this device waits on many lines at once", code="TOO_OFTEN")

    @post(
        wire.EVENTS_PATH,
        status_code=200,
        operation_class=carries_lines(wire.Envelope, wire.Event, most=wire.BATCH_EVENTS),
        summary="Take in facts of a device",
        description="NDJSON: an envelope, then a line a fact. Signed by RFC 9421. See sync/README.md.",
        responses=refuses(400, 403, 409, 413, 415),
    )
    async def take_events(request: AnyRequest) -> Response[wire.Answer]:
        noting = hub.nonces.noting()
        last = hub.known.last(signing.named(request.headers))
        device = await named(request, noting, now_ms=hub.now_ms(), last=last)
        async with Asker(hub, request.state, device, is_sure=device is not last) as asker:
            await admitted(request, asker)
            envelope, facts = wire.decode_batch(await bodies.unfolded(request, most=wire.BATCH_BYTES))
            if envelope.device != device.id:
                raise _not_yours("the upload names another device than the one that signed it")
            with hub.admission.upload(device.id), asker.compared():
                taken = await hub.take(envelope, facts, Proof(device.public_key, noting.noted))
        work = len(facts) / admission.FACTS + (0 if taken.new or not facts else admission.AGAIN)
        hub.admission.spent(device.shop_id, work)
        answer = wire.Answer(
            schema=max(1, envelope.schema),
            ack=wire.Ack(envelope.epoch, taken.seq),
            hash=taken.hash.hex(),
            rejected=taken.rejected,
            throttle_ms=hub.admission.throttle_ms(),
            hub_epoch=taken.hub_epoch,
            hub_time_ms=hub.now_ms(),
        )
        return bodies.answer(request, wire.encode_answer(answer), MediaType.JSON)

    @get(
        wire.FEED_PATH,
        media_type=NDJSON,
        summary="Rows of one partition after a cursor",
        description="NDJSON rows closed by a checkpoint. Signed by RFC 9421. See sync/README.md.",
        responses=refuses(400, 403, 409, 410, 426),
    )
    async def read_feed(
        request: AnyRequest,
        part: Annotated[str, QueryParameter(max_length=64)],
        after: Annotated[int, QueryParameter(ge=0)],
        limit: Annotated[int, QueryParameter(ge=1, le=wire.PAGE_ROWS)] = wire.PAGE_ROWS,
        wait: Annotated[int, QueryParameter(ge=0, le=wire.WAIT_S)] = 0,
        schema: Annotated[int, QueryParameter(ge=0, le=rows.MOST)] = 1,
        once: Annotated[str, QueryParameter(max_length=wire.ONCE_CHARS)] = "",
    ) -> Response[bytes]:
        device = await signed(request)
        if schema < wire.OLDEST:
            hint = "its facts are taken all the same: update the box"
            raise Refusal("this box is two versions behind", code="TOO_OLD", hint=hint, status=426)
        if part not in (wire.main_part(device.shop_id), wire.urgent_part(device.shop_id)):
            raise _not_yours("the partition is another shop's")
        if await hub.db.read(partitions.last, part) < after:
            hint = "the hub was restored from a backup: rebuild the shop's replica"
            raise Refusal("the hub has fewer rows", code="CURSOR_AHEAD", hint=hint, status=409)
        if 0 < after < (await hub.db.read(compaction.head, part)).gone:
            hint = "fetch the replica whole, as the agent does by itself"
            raise Refusal("not all rows are there any more", code="MUST_REFETCH", hint=hint, status=410)
        hub.acks.heard(device.id, part, after)
        hub.contacts.asked(device.id, part, after)
        if wait:
            room_to_wait(device)
            with hub.contacts.held(device.id):
                await unless_gone(request, hub.bell.wait(hub.db, part, after=after, wait_s=wait))
        page = await hub.db.read(
            feed.page,
            part,
            after=after,
            limit=limit,
            signer=hub.signer,
            now_ms=hub.now_ms(),
            schema=min(schema, wire.SCHEMA),
            once=once,
        )
        hub.admission.spent(device.shop_id, len(page) / admission.PAGE_BYTES)
        return bodies.answer(request, page, NDJSON)

    @post(
        wire.GUEST_PATH,
        status_code=200,
        operation_class=carries(wire.GuestAsk),
        summary="Whose card is this, that is nobody's here?",
        description="JSON, signed by RFC 9421. The owner comes down the shop's feed. See sync/README.md.",
        responses=refuses(400, 403, 413),
    )
    async def find_guest(request: AnyRequest) -> Response[wire.GuestAnswer]:
        device = await signed(request)
        ask = wire.decode_as(await request.body(), wire.GuestAsk)
        try:
            invited = await hub.invite(device.shop_id, ask)
        except Refused as error:
            raise Refusal(str(error), code=error.code, hint=error.hint, status=400) from None
        answer = wire.GuestAnswer(found=invited.found, cursor=invited.cursor, hub_time_ms=hub.now_ms())
        return bodies.said(wire.encode_answer(answer))

    @post(
        own_page.PATH,
        status_code=200,
        operation_class=carries(own_page.OwnPageAsk),
        summary="Let a customer's phone onto their own page",
        description="JSON, signed by RFC 9421; of residents of that shop alone. See sync/README.md.",
        responses=refuses(400, 403, 404, 413),
    )
    async def let_onto_page(request: AnyRequest) -> Response[own_page.OwnPageAnswer]:
        device = await signed(request)
        ask = wire.decode_as(await request.body(), own_page.OwnPageAsk)
        if not hub.config.page:
            hint = "set `page` in hub.toml"
            raise Refusal("customers' pages have no address", code="NO_PAGE", hint=hint, status=404)
        now_ms = hub.now_ms()
        try:
            code = await hub.db.apply(
                sessions.make_shop_code,
                bytes.fromhex(ask.customer_id),
                shop_id=device.shop_id,
                shown=ask.shown,
                now_ms=now_ms,
            )
        except Refused as error:
            raise Refusal(str(error), code=error.code, hint=error.hint, status=403) from None
        hub.pages.letters.to_owner(bytes.fromhex(ask.customer_id), let_in=bool(code))
        answer = own_page.OwnPageAnswer(
            address=f"{hub.config.page}/portal/enter/{code}" if code else "",
            until_ms=now_ms + sessions.CODE_MS,
            hub_time_ms=now_ms,
        )
        return bodies.said(own_page.encode(answer))

    @post(
        own_request.PATH,
        status_code=204,
        operation_class=carries(own_request.OwnRequest),
        summary="Carry out what a customer asked for on their own page in a shop",
        description="JSON, signed by RFC 9421; of residents of that shop alone. See sync/README.md.",
        responses=refuses(400, 403, 413),
    )
    async def take_own_request(request: AnyRequest) -> None:
        device = await signed(request)
        asked = wire.decode_as(await request.body(), own_request.OwnRequest)
        try:
            await own_requests.carry_out(hub, asked, device=device)
        except Refused as error:
            raise Refusal(str(error), code=error.code, hint=error.hint, status=403) from None

    @post(
        RECEIPT_PATH,
        status_code=200,
        operation_class=carries(Receipt),
        summary="A shop shows that what was taken away is gone there",
        description="JSON, signed by RFC 9421 and by itself. See sync/README.md.",
        responses=refuses(400, 403, 413),
    )
    async def take_receipt(request: AnyRequest) -> Response[Receipt]:
        device = await signed(request)
        said = await request.body()
        await hub.db.apply(receipts.take, device, wire.decode_as(said, Receipt), now_ms=hub.now_ms())
        return bodies.said(said)

    @post(
        ENROL_PATH,
        status_code=200,
        operation_class=carries(Asked),
        summary="A box becomes the voice of its shop",
        description="JSON, proven by a single-use code. See sync/README.md.",
        responses=refuses(400, 403, 404, 413),
    )
    async def enrol(request: AnyRequest) -> Response[Given]:
        hub.admission.ask("")  # of all who are nobody yet
        asked = wire.decode_as(await request.body(), Asked)
        given = await hub.db.apply(enrolling.enrol, hub.keys, asked, signer=hub.signer, now_ms=hub.now_ms())
        hub.log("device_enrolled", shop=asked.shop)
        return bodies.said(encode_given(given))

    @get(
        URGENT_PATH,
        media_type="text/event-stream",
        summary="That a partition of this shop grew",
        description="Server-sent events without content, signed by RFC 9421. See sync/README.md.",
        responses=refuses(400, 403),
    )
    async def follow(request: AnyRequest) -> Stream:
        device = await signed(request)
        room_to_wait(device)

        async def poked() -> AsyncGenerator[bytes, None]:
            with hub.contacts.held(device.id):
                async for each in pokes.stream(hub.db, hub.bell, device.shop_id):
                    yield each

        return Stream(poked(), media_type="text/event-stream", headers=_UNBUFFERED)

    @get(
        standing.DEVICE_PATH,
        summary="Where a device stands: its epoch, and the history held of it",
        description="JSON. Signed by RFC 9421. See sync/README.md.",
        responses=refuses(400, 403),
    )
    async def read_standing(
        request: AnyRequest,
        epoch: Annotated[int, QueryParameter(ge=1, le=rows.MOST)],
        seq: Annotated[int, QueryParameter(ge=0, le=rows.MOST)],
        once: Annotated[str, QueryParameter(max_length=wire.ONCE_CHARS)] = "",
    ) -> Response[standing.Standing]:
        device = await signed(request)
        if epoch > device.epoch:
            await hub.db.note(devices_of.tell_epoch, device, epoch=epoch)
        words = {"epoch": epoch, "seq": seq, "now_ms": hub.now_ms()}
        answer = await hub.db.read(devices_of.standing, device, **words, once=once)
        return bodies.said(standing.encode(answer))

    @post(
        wire.STATUS_PATH,
        status_code=204,
        operation_class=carries(wire.Status),
        summary="How a device does",
        description="JSON: version, cursors, outbox, readers, disk, clock. Signed by RFC 9421. See sync/README.md.",
        responses=refuses(400, 403, 413),
    )
    async def take_status(request: AnyRequest) -> None:
        device = await signed(request)
        said = wire.decode_as(await request.body(), wire.Status)
        heard = await hub.db.apply(fleet.take, device.id, said=said, now_ms=hub.now_ms())
        if heard.twins:
            hub.log(
                "box_copied", device=device.id, hint="enrol the real box again: then it alone has the key"
            )
        if heard.new:
            hub.bell.poke()

    @get("/healthz", summary="Whether the hub answers from its file", responses=problems(500, 503))
    async def health() -> dict[str, bool | int]:
        epoch = await hub.db.read(devices.hub_epoch)
        return {"ok": True, "epoch": epoch, "hub_time_ms": hub.now_ms()}

    @get("/", media_type=MediaType.TEXT, include_in_schema=False)
    async def front(request: AnyRequest) -> Response[str]:
        if "text/html" in request.headers.get("accept", ""):  # whoever typed no more than the name
            return Redirect("/hq/fleet" if is_here(request) else "/portal", status_code=303)
        return Response(
            "Welkom hub: the central wallet that shops sync with.\n"
            "Headquarters' pages: /hq, /hq/fleet, /hq/cards. Its API is at /schema/openapi.json\n"
        )

    whole = snapshots.routes(hub, signed)
    ours = [take_events, read_feed, take_receipt, enrol, follow, take_status, read_standing, find_guest]
    ours += [let_onto_page, take_own_request]
    return [*ours, *whole, health, front]


def _not_yours(message: str) -> Refusal:
    return Refusal(message, code="NOT_YOURS", hint="ask for what is this device's own", status=403)
