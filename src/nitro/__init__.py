"""Nitro: rich entities, event-driven routing and reactive HTML for the framework you already use.

Everything an application needs, under one name; each name is imported when it is first used, so a
script that touches entities only never loads the views. The parts live in ``nitro_runtime``.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true; typing itself takes 10 ms

if TYPE_CHECKING:
    from nitro_runtime import __version__ as __version__
    from nitro_runtime.adapters import install as install
    from nitro_runtime.brokers import Broker as Broker
    from nitro_runtime.brokers import use_broker as use_broker
    from nitro_runtime.durable import once as once
    from nitro_runtime.durable import run_jobs as run_jobs
    from nitro_runtime.durable import use_queue as use_queue
    from nitro_runtime.entities import BelongsTo as BelongsTo
    from nitro_runtime.entities import Entity as Entity
    from nitro_runtime.entities import Field as Field
    from nitro_runtime.entities import FileKey as FileKey
    from nitro_runtime.entities import HasMany as HasMany
    from nitro_runtime.entities import HasOne as HasOne
    from nitro_runtime.entities import ImageKey as ImageKey
    from nitro_runtime.entities import ManyToMany as ManyToMany
    from nitro_runtime.entities import QuerySet as QuerySet
    from nitro_runtime.entities import RelatedSet as RelatedSet
    from nitro_runtime.entities import Repository as Repository
    from nitro_runtime.entities import Text as Text
    from nitro_runtime.entities import belongs_to as belongs_to
    from nitro_runtime.entities import build_tables as build_tables
    from nitro_runtime.entities import col as col
    from nitro_runtime.entities import configure as configure
    from nitro_runtime.entities import create_tables as create_tables
    from nitro_runtime.entities import has_many as has_many
    from nitro_runtime.entities import has_one as has_one
    from nitro_runtime.entities import many_to_many as many_to_many
    from nitro_runtime.entities import retry_stale as retry_stale
    from nitro_runtime.entities import samples as samples
    from nitro_runtime.entities import transaction as transaction
    from nitro_runtime.errors import Answered as Answered
    from nitro_runtime.errors import BadSignature as BadSignature
    from nitro_runtime.errors import BrokenReference as BrokenReference
    from nitro_runtime.errors import BrokerUnavailable as BrokerUnavailable
    from nitro_runtime.errors import BrowserStorageFull as BrowserStorageFull
    from nitro_runtime.errors import BrowserStorageMissing as BrowserStorageMissing
    from nitro_runtime.errors import BrowserStorageRefused as BrowserStorageRefused
    from nitro_runtime.errors import ConfigurationError as ConfigurationError
    from nitro_runtime.errors import DatabaseBusy as DatabaseBusy
    from nitro_runtime.errors import Duplicate as Duplicate
    from nitro_runtime.errors import EntityDefinitionError as EntityDefinitionError
    from nitro_runtime.errors import EntityError as EntityError
    from nitro_runtime.errors import InvalidPayload as InvalidPayload
    from nitro_runtime.errors import InvalidQuery as InvalidQuery
    from nitro_runtime.errors import InvalidRow as InvalidRow
    from nitro_runtime.errors import MissingColumn as MissingColumn
    from nitro_runtime.errors import MissingExtra as MissingExtra
    from nitro_runtime.errors import MissingTable as MissingTable
    from nitro_runtime.errors import NitroError as NitroError
    from nitro_runtime.errors import NotFound as NotFound
    from nitro_runtime.errors import NotLoaded as NotLoaded
    from nitro_runtime.errors import QueueUnavailable as QueueUnavailable
    from nitro_runtime.errors import Refused as Refused
    from nitro_runtime.errors import StaleEntity as StaleEntity
    from nitro_runtime.errors import UnstorableJob as UnstorableJob
    from nitro_runtime.errors import Unsupported as Unsupported
    from nitro_runtime.errors import ViewError as ViewError
    from nitro_runtime.events import Call as Call
    from nitro_runtime.events import Context as Context
    from nitro_runtime.events import Event as Event
    from nitro_runtime.events import Middleware as Middleware
    from nitro_runtime.events import Next as Next
    from nitro_runtime.events import after_checks as after_checks
    from nitro_runtime.events import anyone as anyone
    from nitro_runtime.events import bus as bus
    from nitro_runtime.events import capture_events as capture_events
    from nitro_runtime.events import command as command
    from nitro_runtime.events import current_context as current_context
    from nitro_runtime.events import emit as emit
    from nitro_runtime.events import emit_async as emit_async
    from nitro_runtime.events import event as event
    from nitro_runtime.events import log_commands as log_commands
    from nitro_runtime.events import off as off
    from nitro_runtime.events import on as on
    from nitro_runtime.events import query as query
    from nitro_runtime.events import run_command as run_command
    from nitro_runtime.events import signed_in as signed_in
    from nitro_runtime.events import time_commands as time_commands
    from nitro_runtime.events import use_middleware as use_middleware
    from nitro_runtime.events.actions import action as action
    from nitro_runtime.events.messages import Command as Command
    from nitro_runtime.events.messages import Query as Query
    from nitro_runtime.events.messages import dispatch as dispatch
    from nitro_runtime.events.messages import dispatch_sync as dispatch_sync
    from nitro_runtime.events.messages import handles as handles
    from nitro_runtime.sse import ElementsPatch as ElementsPatch
    from nitro_runtime.sse import SignalsPatch as SignalsPatch
    from nitro_runtime.sse import allow_scripts as allow_scripts
    from nitro_runtime.sse import broadcast as broadcast
    from nitro_runtime.sse import emit_elements as emit_elements
    from nitro_runtime.sse import emit_redirect as emit_redirect
    from nitro_runtime.sse import emit_script as emit_script
    from nitro_runtime.sse import emit_signals as emit_signals
    from nitro_runtime.sse import remove_elements as remove_elements
    from nitro_runtime.storage import FolderStorage as FolderStorage
    from nitro_runtime.storage import Storage as Storage
    from nitro_runtime.storage import use_storage as use_storage
    from nitro_runtime.views import Alert as Alert
    from nitro_runtime.views import Badge as Badge
    from nitro_runtime.views import BulkAction as BulkAction
    from nitro_runtime.views import Card as Card
    from nitro_runtime.views import CheckboxesField as CheckboxesField
    from nitro_runtime.views import CheckboxField as CheckboxField
    from nitro_runtime.views import Column as Column
    from nitro_runtime.views import Component as Component
    from nitro_runtime.views import Confirm as Confirm
    from nitro_runtime.views import DateField as DateField
    from nitro_runtime.views import DateTimeField as DateTimeField
    from nitro_runtime.views import Detail as Detail
    from nitro_runtime.views import Dialog as Dialog
    from nitro_runtime.views import EmailField as EmailField
    from nitro_runtime.views import FileField as FileField
    from nitro_runtime.views import Form as Form
    from nitro_runtime.views import FormField as FormField
    from nitro_runtime.views import HiddenField as HiddenField
    from nitro_runtime.views import ImageField as ImageField
    from nitro_runtime.views import JsonField as JsonField
    from nitro_runtime.views import Layout as Layout
    from nitro_runtime.views import ListField as ListField
    from nitro_runtime.views import ManyField as ManyField
    from nitro_runtime.views import Menu as Menu
    from nitro_runtime.views import MenuLink as MenuLink
    from nitro_runtime.views import MenuPost as MenuPost
    from nitro_runtime.views import Notice as Notice
    from nitro_runtime.views import NumberField as NumberField
    from nitro_runtime.views import Page as Page
    from nitro_runtime.views import PasswordField as PasswordField
    from nitro_runtime.views import Progress as Progress
    from nitro_runtime.views import RadioField as RadioField
    from nitro_runtime.views import RelationField as RelationField
    from nitro_runtime.views import RowAction as RowAction
    from nitro_runtime.views import RowsField as RowsField
    from nitro_runtime.views import SelectField as SelectField
    from nitro_runtime.views import Table as Table
    from nitro_runtime.views import Tabs as Tabs
    from nitro_runtime.views import Templates as Templates
    from nitro_runtime.views import TextArea as TextArea
    from nitro_runtime.views import TextField as TextField
    from nitro_runtime.views import Theme as Theme
    from nitro_runtime.views import TimeField as TimeField
    from nitro_runtime.views import UrlField as UrlField
    from nitro_runtime.views import Words as Words
    from nitro_runtime.views import by_language as by_language
    from nitro_runtime.views import card_for as card_for
    from nitro_runtime.views import confirm_attributes as confirm_attributes
    from nitro_runtime.views import detail_for as detail_for
    from nitro_runtime.views import form_for as form_for
    from nitro_runtime.views import nonce as nonce
    from nitro_runtime.views import row_for as row_for
    from nitro_runtime.views import scheme_switch as scheme_switch
    from nitro_runtime.views import use_theme as use_theme
    from nitro_runtime.views import use_words as use_words
    from nitro_runtime.web.calls import call as call
    from nitro_runtime.web.closing import close_streams as close_streams
    from nitro_runtime.web.idempotency import IdempotencyStore as IdempotencyStore
    from nitro_runtime.web.idempotency import use_idempotency as use_idempotency
    from nitro_runtime.web.request import Reply as Reply
    from nitro_runtime.web.request import Request as Request
    from nitro_runtime.web.request import Route as Route
    from nitro_runtime.web.resources import Resource as Resource
    from nitro_runtime.web.signals import Signals as Signals
    from nitro_runtime.web.topics import topic as topic
    from nitro_runtime.web.transactional import transactional as transactional

_PARTS: dict[str, str] = {
    "nitro_runtime": "__version__",
    "nitro_runtime.adapters": "install",
    "nitro_runtime.brokers": "Broker use_broker",
    "nitro_runtime.durable": "once run_jobs use_queue",
    "nitro_runtime.entities": (
        "BelongsTo Entity Field FileKey HasMany HasOne ImageKey ManyToMany QuerySet RelatedSet"
        " Repository Text belongs_to build_tables col configure create_tables has_many has_one"
        " many_to_many retry_stale samples transaction"
    ),
    "nitro_runtime.errors": (
        "Answered BadSignature BrokenReference BrokerUnavailable BrowserStorageFull BrowserStorageMissing BrowserStorageRefused"
        " ConfigurationError DatabaseBusy Duplicate"
        " EntityDefinitionError EntityError InvalidPayload InvalidQuery InvalidRow MissingColumn MissingExtra"
        " MissingTable NitroError NotFound NotLoaded QueueUnavailable Refused StaleEntity UnstorableJob"
        " Unsupported ViewError"
    ),
    "nitro_runtime.events": (
        "Context Event after_checks anyone bus capture_events command current_context emit emit_async event off on"
        " query run_command signed_in"
        " Call Middleware Next log_commands time_commands use_middleware"
    ),
    "nitro_runtime.events.actions": "action",
    "nitro_runtime.events.messages": "Command Query dispatch dispatch_sync handles",
    "nitro_runtime.web.calls": "call",
    "nitro_runtime.web.idempotency": "IdempotencyStore use_idempotency",
    "nitro_runtime.web.transactional": "transactional",
    "nitro_runtime.sse": (
        "ElementsPatch SignalsPatch allow_scripts broadcast emit_elements emit_redirect emit_script"
        " emit_signals remove_elements"
    ),
    "nitro_runtime.storage": "FolderStorage Storage use_storage",
    "nitro_runtime.views": (
        "BulkAction Card CheckboxField CheckboxesField Column DateField DateTimeField EmailField"
        " FileField Form FormField HiddenField ImageField JsonField ListField ManyField Notice"
        " NumberField Page PasswordField RadioField RelationField RowAction RowsField SelectField Table TextArea TextField Theme TimeField UrlField"
        " Alert Badge Component Confirm Dialog Menu MenuLink MenuPost Progress Tabs confirm_attributes"
        " Layout Templates Words by_language card_for Detail detail_for form_for nonce row_for scheme_switch use_theme use_words"
    ),
    "nitro_runtime.web.closing": "close_streams",
    "nitro_runtime.web.request": "Reply Request Route",
    "nitro_runtime.web.resources": "Resource",
    "nitro_runtime.web.signals": "Signals",
    "nitro_runtime.web.topics": "topic",
}

_HOMES: dict[str, str] = {name: part for part, names in _PARTS.items() for name in names.split()}

__all__ = [*_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


if not TYPE_CHECKING:  # a type checker would take every name for a good one

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module 'nitro' has no attribute {name!r}")
        value = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
