"""Views of entities: forms, tables, cards, pages, and the theme that they share.

They are declared as classes, one line a field, or made from an entity:

```python
class ProductTable(Table[Product]):
    entity = Product
    name = Column(sort=True, link=True)
    price = Column(sort=True)
    actions = ["edit", "delete"]
    search = ["name"]
    reactive = True


Page(await ProductTable.read(request), title="Products")
Page(Table.from_entity(Product).with_search().reactive(), title="Products")
```

A view renders itself (``str(view)``, or as a child of any tag). Whatever a value holds is shown as
text. Every control is a form, a link or a button first, so it all works without JavaScript.
"""

from nitro_runtime.views.bound_fields import BoundField
from nitro_runtime.views.browser_storage import BROWSER_SIGNAL
from nitro_runtime.views.bulk_actions import BulkAction
from nitro_runtime.views.cards import Card
from nitro_runtime.views.columns import Column
from nitro_runtime.views.components import (
    Alert,
    Badge,
    Component,
    Confirm,
    Dialog,
    Menu,
    MenuLink,
    MenuPost,
    Progress,
    Tabs,
    confirm_attributes,
)
from nitro_runtime.views.details import Detail
from nitro_runtime.views.entity_views import card_for, detail_for, form_for, row_for
from nitro_runtime.views.fields import (
    CheckboxesField,
    CheckboxField,
    DateField,
    DateTimeField,
    EmailField,
    FileField,
    FormField,
    HiddenField,
    ImageField,
    JsonField,
    ListField,
    ManyField,
    NumberField,
    PasswordField,
    RadioField,
    RelationField,
    SelectField,
    TextArea,
    TextField,
    TimeField,
    UrlField,
)
from nitro_runtime.views.forms import Form
from nitro_runtime.views.layouts import Layout
from nitro_runtime.views.live import LiveView, ViewKey, view_from_key
from nitro_runtime.views.nested_fields import RowsField
from nitro_runtime.views.nonces import nonce
from nitro_runtime.views.notices import Notice, notices_html
from nitro_runtime.views.page_stream import STREAM_ID, stream_html
from nitro_runtime.views.pages import Page, PageState
from nitro_runtime.views.row_actions import RowAction
from nitro_runtime.views.schemes import scheme_switch
from nitro_runtime.views.table_acting import BulkResult
from nitro_runtime.views.tables import EntityTable, Table
from nitro_runtime.views.templates import Templates
from nitro_runtime.views.theme import Theme, current_theme, use_theme
from nitro_runtime.views.words import Words, by_language, current_words, use_words

__all__ = [
    "BROWSER_SIGNAL",
    "STREAM_ID",
    "Alert",
    "Badge",
    "BoundField",
    "BulkAction",
    "BulkResult",
    "Card",
    "CheckboxField",
    "CheckboxesField",
    "Column",
    "Component",
    "Confirm",
    "DateField",
    "DateTimeField",
    "Detail",
    "Dialog",
    "EmailField",
    "EntityTable",
    "FileField",
    "Form",
    "FormField",
    "HiddenField",
    "ImageField",
    "JsonField",
    "Layout",
    "ListField",
    "LiveView",
    "ManyField",
    "Menu",
    "MenuLink",
    "MenuPost",
    "Notice",
    "NumberField",
    "Page",
    "PageState",
    "PasswordField",
    "Progress",
    "RadioField",
    "RelationField",
    "RowAction",
    "RowsField",
    "SelectField",
    "Table",
    "Tabs",
    "Templates",
    "TextArea",
    "TextField",
    "Theme",
    "TimeField",
    "UrlField",
    "ViewKey",
    "Words",
    "by_language",
    "card_for",
    "confirm_attributes",
    "current_theme",
    "current_words",
    "detail_for",
    "form_for",
    "nonce",
    "notices_html",
    "row_for",
    "scheme_switch",
    "stream_html",
    "use_theme",
    "use_words",
    "view_from_key",
]
