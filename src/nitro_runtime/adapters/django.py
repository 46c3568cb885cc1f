"""Nitro on Django, on ASGI and on WSGI: each request tells which.

``MIDDLEWARE`` ends with `NitroMiddleware`, ``urlpatterns`` with ``path("", include("nitro.urls"))``, and
``NITRO`` holds what `install` takes. Neutral routes pass Nitro's own gate, not Django's check of posts.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache, partial, update_wrapper
from typing import Any, NoReturn

from nitro_runtime import context
from nitro_runtime.adapters.versions import supported
from nitro_runtime.errors import ConfigurationError, NitroError
from nitro_runtime.sse import install_shutdown
from nitro_runtime.views import Notice, csrf
from nitro_runtime.web import Reply, Request, Route, Signals, Site, asgi, replies, routes, wsgi
from nitro_runtime.web.answering import answering
from nitro_runtime.web.current import answer, current_native, kept, logged_out
from nitro_runtime.web.files import file_routes
from nitro_runtime.web.handlers import behind_gate, one_for_each_path
from nitro_runtime.web.installing import already_installed, included, site_from
from nitro_runtime.web.installing import shutdown as shutdown
from nitro_runtime.web.parsed import Posted, posted_lists
from nitro_runtime.web.threads import ClosedFromThread, done, result_of, then, waited

with supported("django"):  # which has no types: hence the first lines of this file
    from asgiref import sync
    from django import urls
    from django.conf import settings
    from django.contrib.auth import user_logged_out
    from django.core.handlers.asgi import ASGIRequest
    from django.db.transaction import non_atomic_requests
    from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
    from django.middleware.csrf import get_token
    from django.views.decorators.csrf import csrf_exempt


class NitroMiddleware:
    """Answers Nitro's errors, and tells views what Django asks of forms; last in ``MIDDLEWARE``."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if settings.MIDDLEWARE.count(f"{__name__}.NitroMiddleware") > 1:
            raise already_installed()
        self.get_response = get_response
        if sync.iscoroutinefunction(get_response):  # pyright: ignore[reportDeprecated] # in 3.14
            sync.markcoroutinefunction(self)
        else:  # a WSGI server's own signal handlers are in place when it imports the application
            install_shutdown()

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401, D102 # a response, awaited on ASGI
        return answer(self.get_response, request, _csrf(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:  # noqa: D102 # Django's
        if not isinstance(error, NitroError) or error.status == 500:
            return None
        bare = partial(_neutral, request, QUERY_STRING="")
        return native(request, replies.refusal_of(error, partial(neutral, request), bare))


def install(app: Any, **_: Any) -> NoReturn:  # noqa: ANN401 # as in every adapter
    """Says in a `ConfigurationError` what to write instead: a Django project has no app object."""
    raise ConfigurationError(
        f"On Django, write '{__name__}.NitroMiddleware' last in MIDDLEWARE, path('', "
        "include('nitro.urls')) last in urlpatterns, and what install takes as NITRO = {...}."
    )


def mount(app: Any, routes: Iterable[Route], prefix: str = "") -> None:  # noqa: ANN401 # see below
    """Appends neutral routes to a list of URL patterns, or to a module's; earlier patterns win."""
    for route in one_for_each_path(routes):
        path = (prefix + route.path).removeprefix("/").replace("{", "<str:").replace("}", ">")
        pattern = urls.resolvers.RoutePattern(path, name := f"nitro_{route.name}", is_endpoint=True)
        view = non_atomic_requests(csrf_exempt(partial(_answer, route)))
        getattr(app, "urlpatterns", app).append(_Pattern(pattern, view, name=name))


class _Pattern(urls.URLPattern):
    def resolve(self, path: str) -> Any:  # noqa: ANN401 # as in Django
        match = super().resolve(path)
        if match and isinstance(current_native(), ASGIRequest):  # whose view is awaited
            match.func = sync.markcoroutinefunction(update_wrapper(partial(match.func), match.func))
        return match


def _answer(route: Route, request: HttpRequest, **params: str) -> Any:  # noqa: ANN401 # as in the middleware
    asked = neutral(request)
    asked.params = params  # not known yet where a middleware asked before
    if isinstance(request, ASGIRequest):
        return then(route.handler(asked), partial(native, request))
    return native(request, wsgi.answer(route, asked))


def neutral(request: HttpRequest) -> Request:
    """Returns the neutral request of a native one, always the same for the same request."""
    return kept(vars(request), partial(_neutral, request))


def _neutral(native: HttpRequest, **changes: str) -> Request:
    env = {**native.META, "wsgi.url_scheme": native.scheme, "HTTP_HOST": native.get_host()}
    env |= {"PATH_INFO": "", "SCRIPT_NAME": "", **changes}  # Django has decoded them
    found = native.resolver_match.kwargs if native.resolver_match else {}
    made = wsgi.request_of_environ(env, _found(), native, found, lambda _: native.body, native.read)
    made.path, made.base = native.path_info, native.META["SCRIPT_NAME"].rstrip("/")
    made.csrf, made.parsed = _csrf(native), partial(_parsed, native)
    return made


def _parsed(native: HttpRequest) -> Posted | None:
    known = native.content_type == "multipart/form-data" and "_post" in vars(native)
    return posted_lists(native.POST.lists(), native.FILES.lists(), native.META) if known else None


def _csrf(request: HttpRequest) -> csrf.Csrf:
    header = settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")
    return csrf.Csrf("csrfmiddlewaretoken", header, partial(get_token, request))


def native(request: HttpRequest, reply: Reply) -> Any:  # noqa: ANN401 # HttpResponse, StreamingHttpResponse
    """Returns the native response of a neutral reply; each chunk of a stream is flushed by itself."""
    headers = {name: value for name, value in reply.headers if name != "set-cookie"}
    if isinstance(reply.body, bytes):
        response = HttpResponse(reply.body, status=reply.status, headers=headers)
    else:
        headers.setdefault("content-encoding", "identity")  # what compresses would hold events back
        on_asgi = isinstance(request, ASGIRequest)
        body = ClosedFromThread(reply.body) if on_asgi else wsgi.body_of(reply)
        response = StreamingHttpResponse(body, status=reply.status, headers=headers)
    for cookie in (value for name, value in reply.headers if name == "set-cookie"):
        response.cookies.load(cookie)
    return response


def reply(request: HttpRequest, view: Any, *, status: int | None = None) -> HttpResponse:  # noqa: ANN401 # any view
    """Answers with a view: a whole page, or patches when Datastar asks."""
    return native(request, replies.respond(neutral(request), view, status=status))


def redirect(request: HttpRequest, url: str, *, notice: Notice | str | None = None) -> HttpResponse:
    """Sends the browser to another page of this site, where it is shown the notice."""
    return native(request, replies.redirect(neutral(request), url, notice=notice))


def html(view: Any, *, status: int = 200) -> HttpResponse:  # noqa: ANN401 # any view
    """Makes a response of a view as it stands: no tab, no notices, no stream."""
    known = _csrf(request) if (request := current_native()) else None
    return HttpResponse(replies.alone(view, known).encode(), status=status)


context.register_request(HttpRequest, neutral, current_native)
user_logged_out.connect(
    lambda user, **_: logged_out(user, getattr(settings, "NITRO", {}).get("user"), wait), weak=False
)

page = partial(answering, request_of=lambda args, _: args[-1], neutral=neutral, reply=reply)
"""Lets a view function or method, sync or async, return a view; its request comes last."""

gate = partial(behind_gate, request_of=lambda *args, **_: neutral(args[-1]))
"""Refuses what another site's page sent (403) to a view function or method, sync or async."""


def ReadSignals(request: HttpRequest) -> Signals:  # the same name in every adapter
    """Returns the signals of a request, in sync and async views; those that cannot be are `Refused`."""
    return result_of(neutral(request).signals())  # Django reads the body here and now


def wait(coroutine: Coroutine[Any, Any, wsgi.T]) -> wsgi.T:
    """Runs a coroutine of Nitro's: ``await`` for sync views; on ASGI it runs on the server's loop."""
    request = current_native()
    run = sync.async_to_sync(done) if isinstance(request, ASGIRequest) else wsgi.wait
    return waited(coroutine, partial(neutral, request) if request else None, run)


@lru_cache(maxsize=1)
def _site() -> Site:
    url = (settings.STATIC_URL or "").removeprefix(urls.get_script_prefix()[:-1]).rstrip("/")
    return site_from(
        getattr(settings, "NITRO", {}),
        user=lambda request: asgi.user_of_scope(vars(request)),  # none without django.contrib.auth
        to_thread=sync.sync_to_async,
        static_url=url if "django.contrib.staticfiles" in settings.INSTALLED_APPS else None,
        secrets=[settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],  # see make_site
    )


@lru_cache(maxsize=1)
def _found() -> Site:
    return included(_site(), urls.reverse, urls.NoReverseMatch, urls.get_script_prefix()[:-1])


def own_patterns() -> list[Any]:
    """Returns what ``nitro.urls`` includes: ``/cmds``, ``/events`` and, behind all, static files."""
    site, patterns = _site(), list[Any]()
    mount(patterns, routes(), site.prefix)
    mount(patterns, file_routes(site, "<path:path>"))
    return patterns
