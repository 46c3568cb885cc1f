"""The web core: one request, one reply, one gate, whatever the framework.

Adapters (`nitro_runtime.adapters`) translate; nothing here names a framework.
"""

from nitro_runtime.web.closing import close_streams
from nitro_runtime.web.endpoints import routes
from nitro_runtime.web.forms import Multi
from nitro_runtime.web.gate import RateLimit
from nitro_runtime.web.live import INTERVAL, Live, live
from nitro_runtime.web.methods import by_method
from nitro_runtime.web.portal import Portal, portal
from nitro_runtime.web.replies import redirect, respond
from nitro_runtime.web.request import BODY_LIMIT, Handler, Reply, Request, Route, Site, UserHook
from nitro_runtime.web.resources import Resource
from nitro_runtime.web.session import add_notice, check_tab, new_tab, session_id
from nitro_runtime.web.signals import Signals
from nitro_runtime.web.stream_limits import StreamLimit
from nitro_runtime.web.topics import topic
from nitro_runtime.web.uploads import Posted, Upload, Uploads

__all__ = [
    "BODY_LIMIT",
    "INTERVAL",
    "Handler",
    "Live",
    "Multi",
    "Portal",
    "Posted",
    "RateLimit",
    "Reply",
    "Request",
    "Resource",
    "Route",
    "Signals",
    "Site",
    "StreamLimit",
    "Upload",
    "Uploads",
    "UserHook",
    "add_notice",
    "by_method",
    "check_tab",
    "close_streams",
    "live",
    "new_tab",
    "portal",
    "redirect",
    "respond",
    "routes",
    "session_id",
    "topic",
]
