"""Names that are taken: by Python, by the libraries, by every project and every entity."""

from __future__ import annotations

import builtins


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
"""What Python has without an import."""

PROJECT_FOLDERS = _words(
    """
    build dist docs migrations seeds src tests
    """
)
"""What a project's package may not be called: its neighbours in the project's folder."""

INSTALLED = _words(
    """
    alembic blinker celery copier datastar datastar_py django dotenv dramatiq fastapi
    fasthtml flask granian gunicorn httpx jinja2 litestar markupsafe nitro nitro_boost nitro_cli
    nitro_kit nitro_runtime pip pydantic pydantic_settings pytest redis ruff rusty_tags
    sanic setuptools sqlalchemy sqlmodel starlette typer uvicorn wheel
    """
)
"""Packages that a project imports; a package of the same name would hide them."""

PROJECT_MODULES = _words(
    """
    app handlers layout registry routes settings static styles templates views
    """
)
"""What stands in a project's package already; a resource's folder may not be called that."""

ADDRESSES = _words(
    """
    cmds events static uploads
    """
)
"""What the addresses of Nitro's own routes begin with; no entity's pages may be there."""

IMPORTED_CLASSES = _words(
    """
    APIRouter Any BaseModel BelongsTo BigInteger Blueprint Card CheckboxField Client
    Column Command Context DateField DateTimeField Decimal Depends Detail Div EmailField Entity
    EnumText Event ExactDecimal FastAPI Field FileField FileKey Flask Form FromPath
    HTTPResponse HasMany HasOne Header Html HttpRequest HttpResponse ImageField ImageKey
    Iterator JSON JsonField ListField Main
    ManyField ManyToMany Nav NumberField Page PasswordField Path Query QuerySet
    RadioField CheckboxesField RelatedSet RelationField Request Resource Response Router SQLModel SelectField
    Signals StrEnum Table Text TextArea TextField Theme TimeField UTC UUID UrlField
    UtcDateTime
    """
)
"""Classes that generated source imports; an entity of the same name would hide them."""

USED_FUNCTIONS = _words(
    """
    asyncio caplog client command create data date datetime emit form gate html layout log
    logging make page redirect reply request response send time wait
    """
)
"""What generated functions call or are given; a variable of the same name would hide it."""

MANAGED = _words(
    """
    created_at id updated_at version
    """
)
"""Fields that every entity has by itself."""

VERBS = _words(
    """
    acount acreate acreate_many adelete aexists afind afirst after_delete after_save aget
    aget_or_create aincrement all aload alock areload asave aupdate aupdate_many aupsert
    aupsert_many before_delete before_save changed count create create_many delete exists find
    first get get_or_create increment is_new lock mapper reload repository save signals table
    to_card to_detail to_form to_row update update_many upsert upsert_many where
    """
)
"""Attributes of every entity; a field of the same name would hide them."""

LIBRARY = _words(
    """
    construct copy dict fields from_orm json metadata parse_file parse_obj parse_raw query
    registry schema schema_json sqlmodel sqlmodel_update update_forward_refs validate
    """
)
"""Attributes that pydantic, SQLModel and SQLAlchemy reserve."""

VIEW_OPTIONS = _words(
    """
    act actions add_error attributes automatic bulk bulk_limit buttons caption cell choose columns
    data definition dom_id edit empty entity error_summary errors export field fields filters
    form_errors from_entity hidden http_status keep_unsaved load load_for may names new order pager
    per_page prefix reactive read receive refresh render_row row row_count rows scope search
    shown_columns sizes sorting suffix theme toolbar valid view_group view_key view_topics
    """
)
"""Attributes of every form and table; a field of the same name would hide them."""

CLASS_BODY = _words(
    """
    belongs_to date datetime decimal has_many has_one many_to_many time uuid
    """
)
"""Names that other lines of the same class body need."""
