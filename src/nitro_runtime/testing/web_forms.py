"""A part of the suite's app: two forms of one kind, with a relation that is searched for."""

from __future__ import annotations

from datetime import datetime

from nitro_runtime.entities import Entity, Field
from nitro_runtime.views import DateTimeField, Form, Page, RelationField, TextField
from nitro_runtime.web import Reply, Request, Route, redirect, respond
from nitro_runtime.web.gate import check


class SuiteGuest(Entity):
    """Whom a booking is for; there are more than a select lists, some of them hidden."""

    name: str
    hidden: bool = False


class SuiteBooking(Entity):
    """What the forms make; kept in memory."""

    title: str = Field(min_length=2, max_length=40)
    at: datetime | None = None
    guest_id: str | None = Field(default=None, foreign_key="suite_guest.id")


class SuiteBookingForm(Form[SuiteBooking]):
    """The form for a booking."""

    title = TextField()
    at = DateTimeField()
    guest_id = RelationField(SuiteGuest, where={"hidden": False})


async def _guests() -> None:
    if await SuiteGuest.all().acount() == 0:
        names = [f"Gäst {number:02}" for number in range(60)]
        await SuiteGuest.acreate_many([{"name": name} for name in names])
        await SuiteGuest.acreate(name="Secret guest", hidden=True)


async def bookings(request: Request) -> Reply:
    """Shows two forms, or saves one of them."""
    await _guests()
    if request.method == "GET":
        forms = [await SuiteBookingForm.new(action=request.path, suffix=s) for s in ("one", "two")]
        return respond(request, Page(forms, title="Bookings"))
    check(request)
    form = await SuiteBookingForm.receive(request, action=request.path)
    saved = await form.save()
    if saved is None:
        return respond(request, Page(form, title="Booking"))
    guest = await SuiteGuest.aget(saved.guest_id) if saved.guest_id else None
    said = f"{saved.title} for {guest.name if guest else 'nobody'} at {saved.at}"
    return redirect(request, request.path, notice=said)


FORM_ROUTES = (
    Route("/bookings", ("GET",), bookings, "suite_bookings"),
    Route("/bookings", ("POST",), bookings, "suite_book"),
)
"""What the suite's app answers of forms."""
