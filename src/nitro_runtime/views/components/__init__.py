"""Components of pages: dialogs, tabs, menus, progress, alerts, badges, questions before a deed.

Each takes any children, shows texts as text, names its parts by the theme, works by keyboard, and does
something sensible without JavaScript.
"""

from nitro_runtime.views.components.alert import Alert
from nitro_runtime.views.components.badge import Badge
from nitro_runtime.views.components.component import Component
from nitro_runtime.views.components.confirm import CONFIRM_ID, Confirm, confirm_attributes
from nitro_runtime.views.components.dialog import Dialog
from nitro_runtime.views.components.menu import Menu, MenuLink, MenuPost
from nitro_runtime.views.components.progress import Progress
from nitro_runtime.views.components.tabs import Tabs

__all__ = [
    "CONFIRM_ID",
    "Alert",
    "Badge",
    "Component",
    "Confirm",
    "Dialog",
    "Menu",
    "MenuLink",
    "MenuPost",
    "Progress",
    "Tabs",
    "confirm_attributes",
]
