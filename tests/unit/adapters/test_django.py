"""Django, whose settings belong to the process: they are set once and changed for a test at a time."""

# Django has no types.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import django
import django.test
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import override_settings
from django.urls import include, path, reverse
from django.utils.decorators import method_decorator
from django.views import View

import nitro
from nitro_runtime import signing
from nitro_runtime.adapters import django as adapter
from nitro_runtime.adapters.django import (
    ReadSignals,
    gate,
    html,
    mount,
    neutral,
    page,
    redirect,
    reply,
    wait,
)
from nitro_runtime.context import neutral_request
from nitro_runtime.entities import Entity
from nitro_runtime.errors import BadSignature, ConfigurationError, NitroError, NotFound
from nitro_runtime.html import Html, P, Script
from nitro_runtime.schema import known_entities
from nitro_runtime.sse import hub
from nitro_runtime.views import Form, Page, Table, nonce
from nitro_runtime.web import Reply, Route

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "nitro_runtime.adapters.django.NitroMiddleware",
]
Client: Any = django.test.Client
AsyncClient: Any = django.test.AsyncClient
DATASTAR = {"datastar-request": "true"}
OWN_PAGE = {"sec-fetch-site": "same-origin"}


class DjangoItem(Entity):
    name: str
    owner: str = ""


@pytest.fixture(scope="module", autouse=True)
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django, with accounts in a database of its own."""
    database = tmp_path_factory.mktemp("django") / "accounts.db"
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
        ],
        MIDDLEWARE=MIDDLEWARE,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        SECRET_KEY="only for tests",
    )
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    yield
    connections.close_all()


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NITRO_SECRET_KEY", "a key for these tests")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    DjangoItem.all().delete()


Project = Callable[..., None]


@pytest.fixture
def project() -> Iterator[Project]:
    """Takes the project's own patterns and settings; Nitro's patterns come last of all."""
    changed: list[Any] = []

    def make(*patterns: Any, own: Any = (), **changes: Any) -> None:
        module = ModuleType("urls")
        module.urlpatterns = [*patterns]  # pyright: ignore[reportAttributeAccessIssue]
        override = override_settings(ROOT_URLCONF=module, **changes)
        override.enable()
        changed.append(override)
        forget()
        mount(module, own)
        module.urlpatterns.append(path("", include("nitro.urls")))

    yield make
    for override in reversed(changed):
        override.disable()
    forget()


def forget() -> None:
    """As in a new process."""
    adapter._site.cache_clear()
    adapter._found.cache_clear()
    sys.modules.pop("nitro.urls", None)


# -- the project's own ----------------------------------------------------------------------------


def hand_written(request: HttpRequest, name: str) -> JsonResponse:
    return JsonResponse({"name": name, "q": request.GET.get("q"), "form": request.POST.dict()})


def test_a_project_written_by_hand_goes_on_as_before(project: Project) -> None:
    without = [each for each in MIDDLEWARE if "nitro" not in each]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/items/lamp?q=7", {}),
        ("POST", "/items/lamp", {"data": {"a": "ü"}}),
        ("OPTIONS", "/items/lamp", {}),
        ("GET", "/missing", {}),
    ]
    seen: list[list[Any]] = []
    for middleware in (without, MIDDLEWARE):
        project(path("items/<name>", hand_written), MIDDLEWARE=middleware)
        client = Client()
        answers = [getattr(client, m.lower())(url, **options) for m, url, options in calls]
        seen.append([(a.status_code, a.content, dict(a.headers)) for a in answers])
    assert seen[0] == seen[1]


def test_the_projects_own_patterns_win(project: Project) -> None:
    project(path("events", lambda _: HttpResponse(b"mine")))
    assert Client().get("/events").content == b"mine"
    assert Client().post("/cmds/a/b", headers=DATASTAR).status_code == 403  # Nitro's: a foreign tab


# -- views ----------------------------------------------------------------------------------------


@page
def sync_page(request: HttpRequest) -> Page:
    return Page(P("sync"), title="Sync")


@page
async def async_page(request: HttpRequest, number: int) -> Page:
    return Page(P(f"async {number}"), title="Async")


@page
def data(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"a": 1})


class PageView(View):
    """A view that is a class."""

    @page
    def get(self, request: HttpRequest) -> Page:
        return Page(P("class"), title="Class")

    @method_decorator(gate)
    def post(self, request: HttpRequest) -> HttpResponse:
        return redirect(request, "/", notice="Saved")


@method_decorator(page, name="dispatch")
class AsyncView(View):
    """A class all of whose methods may return views."""

    async def get(self, request: HttpRequest) -> Page:
        return Page(P("async class"), title="Class")


VIEWS = (
    path("sync", sync_page),
    path("async-class", AsyncView.as_view()),
    path("async/<int:number>", async_page),
    path("data", data),
    path("class", PageView.as_view()),
)


def test_a_view_function_may_return_a_view(project: Project) -> None:
    project(*VIEWS)
    client = Client()
    assert "<p>sync</p>" in client.get("/sync").text
    assert "<p>async 7</p>" in client.get("/async/7").text
    assert "<p>class</p>" in client.get("/class").text
    assert "<p>async class</p>" in client.get("/async-class").text
    assert client.get("/data").json() == {"a": 1}
    assert client.cookies["nitro_session"]["httponly"]
    assert client.get("/sync", headers=DATASTAR).headers["content-type"] == "text/event-stream"


async def test_a_view_function_may_return_a_view_on_asgi(project: Project) -> None:
    project(*VIEWS)
    client = AsyncClient()
    assert "<p>sync</p>" in (await client.get("/sync")).text
    assert "<p>async 7</p>" in (await client.get("/async/7")).text
    assert "<p>class</p>" in (await client.get("/class")).text
    assert "<p>async class</p>" in (await client.get("/async-class")).text


@gate
def save(request: HttpRequest) -> HttpResponse:
    return redirect(request, "/", notice="Saved")


@gate
async def save_async(request: HttpRequest) -> HttpResponse:
    return redirect(request, f"/{neutral(request).user}", notice="Saved")


GATED = path("save", save), path("save-async", save_async), path("class", PageView.as_view())


def test_a_guarded_view_refuses_what_comes_from_elsewhere(project: Project) -> None:
    project(*GATED)
    client = Client()
    for address in ("/save", "/save-async", "/class"):
        refused = client.post(address)
        assert (refused.status_code, refused.headers["cache-control"]) == (403, "no-store")
        assert refused.text == "This request did not come from a page of this site."
        saved = client.post(address, headers={"origin": "http://testserver"})
        assert saved.status_code == 303
        assert client.post(address, headers={"origin": "http://evil.example"}).status_code == 403


async def test_a_guarded_view_refuses_what_comes_from_elsewhere_on_asgi(project: Project) -> None:
    project(*GATED)
    client = AsyncClient()
    for address in ("/save", "/save-async", "/class"):
        assert (await client.post(address)).status_code == 403
        assert (await client.post(address, headers=OWN_PAGE)).status_code == 303


def signals(request: HttpRequest) -> JsonResponse:
    return JsonResponse(ReadSignals(request).plain())


async def signals_async(request: HttpRequest) -> JsonResponse:
    return JsonResponse(ReadSignals(request).plain())


async def test_signals_are_read_in_every_kind_of_view(project: Project) -> None:
    project(path("sync", signals), path("async", signals_async))
    sent: dict[str, Any] = {"content_type": "application/json", "headers": DATASTAR}
    for address in ("/sync", "/async"):
        on_wsgi = await sync_to_async(Client().post, thread_sensitive=False)(
            address, {"näme": 1}, **sent
        )
        assert on_wsgi.json() == {"näme": 1}
        assert (await AsyncClient().post(address, {"näme": 1}, **sent)).json() == {"näme": 1}
        assert (await AsyncClient().post(address, [1], **sent)).status_code == 422


def listed(request: HttpRequest) -> HttpResponse:
    table = wait(Table.from_entity(DjangoItem).read(request))
    return reply(request, Page(table, title="Items"))


async def test_a_plain_view_waits_for_coroutines_on_both(project: Project) -> None:
    DjangoItem.create(name="Lamp")
    project(path("", listed))
    assert "Lamp" in (await AsyncClient().get("/")).text
    assert "Lamp" in (await sync_to_async(Client().get, thread_sensitive=False)("/")).text
    bad = await AsyncClient().get("/?x=%ff")
    assert (bad.status_code, "UTF-8" in bad.text) == (422, True)


async def test_a_coroutine_cannot_be_waited_for_where_it_could_be_awaited(project: Project) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        with pytest.raises(RuntimeError, match="await"):
            wait(asyncio.sleep(0))
        return HttpResponse(b"told")

    project(path("", view))
    assert (await AsyncClient().get("/")).content == b"told"


def test_html_makes_a_response_of_a_view_as_it_stands() -> None:
    response = html(P("hi"), status=203)
    assert (response.status_code, response.content) == (203, b"<p>hi</p>")
    assert html(Script("go()", nonce=nonce())).content == b"<script>go()</script>"


# -- errors ---------------------------------------------------------------------------------------


def missing(request: HttpRequest) -> NoReturn:
    raise NotFound("Product", "7")


async def missing_async(request: HttpRequest) -> NoReturn:
    raise NotFound("Product", "7")


def broken(request: HttpRequest) -> NoReturn:
    raise NitroError("inside")


ERRORS = path("missing", missing), path("missing-async", missing_async), path("broken", broken)


async def test_an_error_for_visitors_is_answered_and_any_other_is_not(project: Project) -> None:
    project(*ERRORS)
    wsgi, asgi = Client(raise_request_exception=False), AsyncClient(raise_request_exception=False)

    async def get(address: str, **options: Any) -> list[Any]:
        on_wsgi = await sync_to_async(wsgi.get, thread_sensitive=False)(address, **options)
        return [on_wsgi, await asgi.get(address, **options)]

    for address in ("/missing", "/missing-async"):
        for answer in await get(address):
            assert (answer.status_code, answer.text) == (404, "There is no such product.")
        for answer in await get(address, headers=DATASTAR):
            assert answer.status_code == 200
            assert "There is no such product." in answer.text
    for answer in await get("/broken"):
        assert (answer.status_code, "inside" in answer.text) == (500, False)


# -- neutral routes -------------------------------------------------------------------------------


async def told(request: nitro.Request) -> Reply:
    word = f"{request.method} {request.path} {request.params} {request.base}"
    return Reply(200, [("content-type", "text/plain; charset=utf-8")], word.encode())


OWN = [
    Route("/things/{id}", ("GET",), told, "thing"),
    Route("/things/{id}", ("POST",), told, "change"),
]


def test_the_routes_of_one_path_are_one_pattern(project: Project) -> None:
    project(own=OWN)
    client = Client(enforce_csrf_checks=True)
    answer = client.get("/things/caf%C3%A9%20%26")
    assert answer.text == "GET /things/café & {'id': 'café &'} "
    assert client.post("/things/7", headers=OWN_PAGE).text == "POST /things/7 {'id': '7'} "
    assert client.post("/things/7").status_code == 403  # no token is needed, but the gate is there
    refused = client.delete("/things/7", headers=OWN_PAGE)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST, HEAD")
    head = client.head("/things/7")
    assert (head.content, head.headers["content-length"]) == (b"", "27")
    assert reverse("nitro_thing", args=["7"]) == "/things/7"


async def test_a_transaction_around_each_request_leaves_neutral_routes_alone(
    project: Project,
) -> None:
    from django.db import connections

    databases: Any = connections.settings
    databases["default"]["ATOMIC_REQUESTS"] = True
    try:
        project(own=OWN)
        assert (await AsyncClient().get("/things/7")).status_code == 200
    finally:
        databases["default"]["ATOMIC_REQUESTS"] = False


def sync_only(get_response: Any) -> Any:
    """A middleware of the old kind, which Django runs in a thread on ASGI."""
    return lambda request: get_response(request)


async def test_a_middleware_that_is_sync_only_may_stand_on_either_side(project: Project) -> None:
    old = f"{__name__}.sync_only"
    project(*VIEWS, own=OWN, MIDDLEWARE=[old, *MIDDLEWARE, old])
    client = AsyncClient()
    assert (await client.get("/things/7")).text == "GET /things/7 {'id': '7'} "
    assert "<p>sync</p>" in (await client.get("/sync")).text
    assert "<p>async 7</p>" in (await client.get("/async/7")).text


def test_the_place_where_the_project_is_mounted_stands_before_every_address(
    project: Project,
) -> None:
    project(path("sync", sync_page), own=OWN, NITRO={"prefix": "/live"})
    client = Client(SCRIPT_NAME="/shop")
    assert client.get("/things/7").text == "GET /things/7 {'id': '7'} /shop"
    assert '@get("/shop/live/events?tab=' in client.get("/sync").text.replace("&#34;", '"')
    assert Client().get("/live/events").status_code == 403
    assert Client().get("/events").status_code == 404


def test_a_form_is_read_by_nitro_and_by_the_project(project: Project) -> None:
    def both(request: HttpRequest) -> JsonResponse:
        ours_first = request.path == "/ours-first"
        asked = neutral_request(request)
        before = None if ours_first else request.POST["a"]
        ours = wait(asked.form())["a"]
        files = wait(asked.files(1_000_000))
        named = {name: [upload.filename, upload.size] for name, upload in files.items()}
        return JsonResponse([ours, before or request.POST["a"], named], safe=False)

    project(path("ours-first", both), path("theirs-first", both))
    upload = Path("a.txt")
    upload.write_text("hello")
    for address in ("/ours-first", "/theirs-first"):
        urlencoded = Client().post(
            address, "a=%C3%BC%26%3D", content_type="application/x-www-form-urlencoded"
        )
        assert urlencoded.json() == ["ü&=", "ü&=", {}]
    with upload.open("rb") as file:  # whose token Django's check has read out of the form by now
        parsed = Client().post("/theirs-first", {"a": "ü&=", "file": file})
    assert parsed.json() == ["ü&=", "ü&=", {"file": ["a.txt", 5]}]


# -- streams --------------------------------------------------------------------------------------


class Source:
    """A stream that says when it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.began = asyncio.Event()

    async def handler(self, request: nitro.Request) -> Reply:
        return Reply(200, [("content-type", "text/event-stream")], self.chunks())

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            yield b"data: first\n\n"
            self.began.set()
            await asyncio.Event().wait()
        finally:
            self.closed.set()


def scope_of(address: str) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": address,
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"accept-encoding", b"gzip")],
    }


@pytest.mark.parametrize("stuck", [False, True])
async def test_a_stream_is_closed_at_once_when_its_client_is_gone(
    project: Project, stuck: bool
) -> None:
    source = Source()
    compressing = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]
    project(own=[Route("/stream", ("GET",), source.handler, "stream")], MIDDLEWARE=compressing)
    sent: list[Any] = []
    reached, leave = asyncio.Event(), asyncio.Event()
    asked = iter([{"type": "http.request", "body": b""}])

    async def receive() -> Any:
        if (message := next(asked, None)) is not None:
            return message
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message.get("body"):
            reached.set()
            if stuck:  # the client reads no more
                await asyncio.Event().wait()

    serving = asyncio.create_task(ASGIHandler()(scope_of("/stream"), receive, send))
    await asyncio.wait_for(reached.wait(), 5)
    assert sent[1]["body"] == b"data: first\n\n"  # alone, and not compressed
    if not stuck:
        await asyncio.wait_for(source.began.wait(), 5)
    leave.set()
    await asyncio.wait_for(source.closed.wait(), 0.1)
    await asyncio.wait_for(serving, 5)


def test_a_stream_on_wsgi_yields_each_chunk_and_is_closed_by_the_server(project: Project) -> None:
    closed: list[bool] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            for number in range(100):
                yield b"%d" % number
        finally:
            closed.append(True)

    async def handler(request: nitro.Request) -> Reply:
        return Reply(200, [("content-type", "text/event-stream")], chunks())

    compressing = ["django.middleware.gzip.GZipMiddleware", *MIDDLEWARE]
    project(own=[Route("/stream", ("GET",), handler, "stream")], MIDDLEWARE=compressing)
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/stream",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "HTTP_ACCEPT_ENCODING": "gzip",
    }
    response: Any = WSGIHandler()(environ, lambda status, headers: None)
    body = iter(response)
    assert [next(body), next(body)] == [b"0", b"1"]
    response.close()
    assert closed == [True]


# -- who acts -------------------------------------------------------------------------------------


@page
async def who_async(request: HttpRequest) -> Any:
    return P(str(await neutral(request).load_user()))


@page
def who(request: HttpRequest) -> Any:
    return P(str(neutral(request).user))


class OwnItems(Table[DjangoItem]):
    entity = DjangoItem

    @classmethod
    def scope(cls, request: Any) -> Any:
        return {"owner": str(request.user)}


async def own_items(request: HttpRequest) -> HttpResponse:
    return reply(request, Page(await OwnItems.read(request), title="Mine"))


def own_items_sync(request: HttpRequest) -> HttpResponse:
    return reply(request, Page(wait(OwnItems.read(request)), title="Mine"))


WHO = (
    path("who", who),
    path("who-async", who_async),
    path("mine", own_items_sync),
    path("mine-async", own_items),
)


Browser = Callable[[Any], Any]


@pytest.fixture
def anns() -> Iterator[Browser]:
    """Makes a browser, of either kind, into one in which Ann has signed in."""
    from django.contrib.auth.models import User

    ann = User.objects.create_user("ann")
    client = Client()
    client.force_login(ann)

    def sign_in(browser: Any) -> Any:
        browser.cookies["sessionid"] = client.cookies["sessionid"].value
        return browser

    yield sign_in
    ann.delete()


@pytest.mark.parametrize("address", ["/who", "/who-async"])
def test_djangos_own_user_acts_and_an_anonymous_one_is_nobody(
    project: Project, anns: Browser, address: str
) -> None:
    project(*WHO)
    assert "<p>ann</p>" in anns(Client()).get(address).text
    assert "<p>None</p>" in Client().get(address).text
    assert "<p>ann</p>" in on_asgi(anns(AsyncClient()), address)
    assert "<p>None</p>" in on_asgi(AsyncClient(), address)


@pytest.mark.parametrize("address", ["/mine", "/mine-async"])
def test_what_a_visitor_may_see_is_asked_where_the_database_may_be(
    project: Project, anns: Browser, address: str
) -> None:
    DjangoItem.create(name="Hers", owner="ann")
    DjangoItem.create(name="His", owner="bob")
    project(*WHO)
    for text in (anns(Client()).get(address).text, on_asgi(anns(AsyncClient()), address)):
        assert ("Hers" in text, "His" in text) == (True, False)


@pytest.mark.parametrize("address", ["/who", "/who-async"])
def test_the_user_of_the_setting_acts_whatever_it_needs(
    project: Project, anns: Browser, address: str
) -> None:
    def from_database(request: HttpRequest) -> str:
        from django.contrib.auth.models import User

        return f"user {User.objects.get().get_username()}"

    project(*WHO, NITRO={"user": from_database})
    assert "<p>user ann</p>" in Client().get(address).text
    assert "<p>user ann</p>" in on_asgi(AsyncClient(), address)


def on_asgi(client: Any, address: str) -> str:
    async def get() -> str:
        return (await client.get(address)).text

    return asyncio.run(get())


# -- logouts --------------------------------------------------------------------------------------


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics whose streams were ended, and what views did, in order."""
    steps: list[str] = []

    def end(topic: str) -> int:
        steps.append(topic)
        return 0

    monkeypatch.setattr(hub, "end", end)
    return steps


def leaving(steps: list[str]) -> Iterator[Any]:
    """Patterns of views that log out."""
    from django.contrib.auth import alogout, logout

    def leave(request: HttpRequest) -> HttpResponse:
        logout(request)
        steps.append("logged out")
        return HttpResponse()

    async def leave_async(request: HttpRequest) -> HttpResponse:
        await alogout(request)
        steps.append("logged out")
        return HttpResponse()

    yield path("sync", leave)
    yield path("async", leave_async)


def get(client: Any, address: str) -> None:
    answer = client.get(address)
    if asyncio.iscoroutine(answer):
        answer = asyncio.run(answer)
    assert answer.status_code == 200


KINDS = pytest.mark.parametrize("client", [Client, AsyncClient])
ADDRESSES = pytest.mark.parametrize("address", ["/sync", "/async"])


@KINDS
@ADDRESSES
def test_a_logout_ends_the_streams_of_the_user_when_it_is_done(
    project: Project, anns: Browser, ended: list[str], client: Any, address: str
) -> None:
    """Django tells of it before: a stream that came back by then would be Ann's again."""
    from django.contrib.auth.models import User

    project(*leaving(ended))
    browser = anns(client())
    get(browser, f"{address}?a=%ff")  # which Nitro would refuse
    assert ended == ["logged out", f"user:{User.objects.get().pk}"]
    get(browser, address)
    assert ended[2:] == ["logged out"]  # nobody's


def member(request: HttpRequest) -> dict[str, str]:
    from django.contrib.auth.models import User

    return {"id": f"member {User.objects.get().get_username()}"}


async def member_async(request: HttpRequest) -> dict[str, str]:
    return await sync_to_async(member)(request)


@KINDS
@ADDRESSES
@pytest.mark.parametrize("hook", [member, member_async])
def test_a_logout_ends_the_streams_of_whom_the_projects_own_hook_names(
    project: Project, anns: Browser, ended: list[str], client: Any, address: str, hook: Any
) -> None:
    project(*leaving(ended), NITRO={"user": hook})
    get(anns(client()), address)
    assert ended == ["logged out", "user:member ann"]


def test_a_logout_outside_of_a_request_ends_them_at_once(
    project: Project, anns: Browser, ended: list[str]
) -> None:
    from django.contrib.auth.models import User

    project()
    anns(Client()).logout()
    assert ended == [f"user:{User.objects.get().pk}"]


# -- its own protection ---------------------------------------------------------------------------


def form_page(request: HttpRequest) -> HttpResponse:
    form = Form.from_entity(DjangoItem)
    if request.META["REQUEST_METHOD"] == "POST":
        form = wait(form.receive(request))
        if wait(form.save()) is not None:
            return redirect(request, "/")
    return reply(request, Page(form, title="New"))


def token_in(text: str) -> str:
    return text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


def test_forms_pass_djangos_check(project: Project) -> None:
    project(path("new", form_page))
    client = Client(enforce_csrf_checks=True)
    assert client.post("/new", {"name": "Lamp"}).status_code == 403
    token = token_in(client.get("/new").text)
    assert len(token) == 64
    again = client.post("/new", {"name": "", "csrfmiddlewaretoken": token})
    assert again.status_code == 422
    token = token_in(again.text)
    saved = client.post("/new", {"name": "Lamp", "csrfmiddlewaretoken": token})
    assert (saved.status_code, DjangoItem.all().one().name) == (303, "Lamp")
    by_header = client.post(
        "/new", {"name": "Bulb"}, headers={**DATASTAR, "x-csrftoken": token, **OWN_PAGE}
    )
    assert (by_header.status_code, DjangoItem.count()) == (200, 2)


async def test_forms_pass_djangos_check_on_asgi(project: Project) -> None:
    project(path("new", form_page))
    client = AsyncClient(enforce_csrf_checks=True)
    token = token_in((await client.get("/new")).text)
    saved = await client.post("/new", {"name": "Lamp", "csrfmiddlewaretoken": token})
    assert saved.status_code == 303


def test_a_page_without_a_form_asks_for_no_token(project: Project) -> None:
    project(path("sync", sync_page))
    answer = Client().get("/sync")
    assert list(answer.cookies) == ["nitro_session"]
    assert answer.headers["vary"] == "datastar-request"


def test_a_form_in_a_response_of_its_own_has_the_token(project: Project) -> None:
    project(path("", lambda _: html(Form.from_entity(DjangoItem))))
    assert len(token_in(Client().get("/").text)) == 64


def test_another_name_of_the_header_is_heeded(project: Project) -> None:
    project(path("new", form_page), CSRF_HEADER_NAME="HTTP_X_ANTI_FORGERY")
    text = Client().get("/new").text.replace("&#34;", '"')
    assert 'headers: {"X-ANTI-FORGERY": $_csrf}' in text


# -- settings -------------------------------------------------------------------------------------


def folder(root: Path) -> Path:
    (root / "files").mkdir()
    (root / "files" / "who.txt").write_text("nitro")
    (root / "secret.txt").write_text("secret")
    return root / "files"


def test_static_files_are_served_last_of_all(project: Project, clean: Path) -> None:
    files = folder(clean)
    mine = path("static/mine.txt", lambda _: HttpResponse(b"mine"))
    project(mine, path("sync", sync_page), NITRO={"static": files})
    client = Client()
    answer = client.get("/static/who.txt")
    assert (answer.text, answer.headers["content-type"]) == ("nitro", "text/plain; charset=utf-8")
    again = client.get("/static/who.txt", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/static/mine.txt").text == "mine"
    for wrong in ("missing.txt", "../secret.txt", "..%2fsecret.txt", "", "%00"):
        assert client.get(f"/static/{wrong}").status_code == 404
    assert 'src="/static/datastar.js"' in client.get("/sync").text


def test_the_address_of_djangos_own_static_files_is_used(project: Project, clean: Path) -> None:
    files = folder(clean)
    installed = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    project(
        path("sync", sync_page),
        INSTALLED_APPS=installed,
        NITRO={"static": files},
        STATIC_URL="assets/",
    )
    assert 'src="/assets/datastar.js"' in Client().get("/sync").text
    assert Client().get("/assets/who.txt").text == "nitro"  # where nothing else serves them
    assert Client().get("/static/who.txt").status_code == 404


def test_the_key_is_the_settings_or_the_environments_or_made_of_djangos(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "_configured", None)
    project()
    adapter._site()
    from_environment = signing.signature("tab", "x")
    monkeypatch.delenv("NITRO_SECRET_KEY")
    keys = [from_environment]
    for changes in ({}, {"SECRET_KEY": "another"}, {"NITRO": {"secret_key": "sixteen letters!"}}):
        project(**changes)
        adapter._site()
        keys.append(signing.signature("tab", "x"))
    assert len(set(keys)) == 4
    assert signing._configured == "sixteen letters!"


def test_what_was_signed_before_django_s_key_was_changed_is_still_good(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "_configured", None)
    monkeypatch.setattr(signing, "_fallbacks", None)
    monkeypatch.delenv("NITRO_SECRET_KEY")
    project(SECRET_KEY="the first key")
    adapter._site()
    token = signing.sign("view", "x")
    project(SECRET_KEY="the second key", SECRET_KEY_FALLBACKS=["the first key"])
    adapter._site()
    assert signing.unsign("view", token) == "x"
    project(SECRET_KEY="the second key", SECRET_KEY_FALLBACKS=[])
    adapter._site()
    with pytest.raises(BadSignature):
        signing.unsign("view", token)


def test_a_setting_that_is_unknown_is_a_clear_error(project: Project) -> None:
    with pytest.raises(ConfigurationError, match=r"no setting 'statik'\. Did you mean 'static'"):
        project(NITRO={"statik": "x"})
        Client().get("/events")


@pytest.mark.parametrize("elsewhere", [[], ["live/"]])
def test_addresses_that_are_missing_or_elsewhere_are_a_clear_error(
    project: Project, elsewhere: list[str]
) -> None:
    project()
    module = ModuleType("urls")
    patterns = [path(prefix, include("nitro.urls")) for prefix in elsewhere]
    module.urlpatterns = [path("sync", sync_page), *patterns]  # pyright: ignore[reportAttributeAccessIssue]
    with (
        override_settings(ROOT_URLCONF=module),
        pytest.raises(ConfigurationError, match=r"write path\('', include\('nitro.urls'\)\) last"),
    ):
        Client().get("/sync")


# -- what a browser keeps -------------------------------------------------------------------------

with known_entities():

    class DjangoCart(Entity, backend="browser"):
        title: str


def carts() -> Html:
    return P(", ".join(cart.title for cart in DjangoCart.all().order_by("title")))


def carts_page(request: HttpRequest) -> HttpResponse:
    return reply(request, Page(P("Hello"), title="Shop"))


def keep_sync(request: HttpRequest) -> HttpResponse:
    DjangoCart.create(title=ReadSignals(request).title)
    return reply(request, carts())


@gate
async def keep_async(request: HttpRequest) -> HttpResponse:
    await DjangoCart.acreate(title=ReadSignals(request).title)
    return reply(request, carts())


def too_early(_: HttpRequest) -> HttpResponse:
    return HttpResponse(b"%d" % DjangoCart.count())


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize("address", ["/sync", "/async"])
def test_views_save_what_a_browser_keeps_and_no_other_request_sees_it(
    project: Project, anns: Browser, client: Any, address: str
) -> None:
    patterns = [("", carts_page), ("sync", keep_sync), ("async", keep_async), ("early", too_early)]
    project(*[path(where, view) for where, view in patterns])

    def ask(method: str, where: str, **options: Any) -> Any:
        answer = getattr(browser, method)(where, **options)
        return asyncio.run(answer) if client is AsyncClient else answer

    with known_entities([DjangoCart]):
        for signed_in in (False, True):
            browser = anns(client()) if signed_in else client()
            tab = re.findall(r"tab: &#34;([\w.-]+)", ask("get", "/").text)[0]
            kept, shown = "", [""]
            for title in ("Tea", "Cup"):
                signals = {"nitroBrowser": {"tab": tab, "kept": kept}, "title": title}
                sent = {"content_type": "application/json", "headers": DATASTAR | OWN_PAGE}
                text = ask("post", address, data=signals, **sent).text
                shown.append(re.findall(r"<p>(.*?)</p>", text)[0])
                kept = json.loads(re.findall(r"signals (\{.*\})", text)[0])["nitroBrowser"]["kept"]
            assert shown[1:] == ["Tea", "Cup, Tea"]
            assert ask("get", "/early").status_code == 400


def test_installing_twice_is_a_clear_error(project: Project) -> None:
    project(MIDDLEWARE=[*MIDDLEWARE, MIDDLEWARE[-1]])
    with pytest.raises(ConfigurationError, match="installed on this app already"):
        WSGIHandler().load_middleware()


@pytest.mark.parametrize("handler", [WSGIHandler, ASGIHandler])
def test_install_says_what_to_write_in_the_settings(handler: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"MIDDLEWARE.*include\('nitro.urls'\).*NITRO"):
        nitro.install(handler())


def test_the_face_needs_django_only_where_it_is_used() -> None:
    script = (
        "import sys; sys.modules['django'] = None\n"
        "import nitro\n"
        "try:\n    import nitro.urls\n"
        "except ImportError as error:\n    print(type(error).__name__, error)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("MissingExtra Django is not installed")
    assert "nitro-kit[django]" in told.stdout
