"""The one table of generators, and those that installed plugins bring.

The command line is made from it: each row says what is typed and shown, and where the function is that
makes the plan. A plugin names an object under the entry point group ``nitro.generators``; see
`PluginGenerator`. Its code runs only when its generator is asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from nitro_runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from nitro_cli.generators.words import Words
    from nitro_cli.plan.plan import Plan
    from nitro_cli.project import Project

GROUP = "nitro.generators"


class PlanMaker(Protocol):
    """What a generator is: a pure function; one place shows and writes what it returns."""

    def __call__(self, project: Project, words: Words) -> Plan:
        """Returns what is to be done; raises `UsageError` when the words are wrong."""
        ...


class PluginGenerator(Protocol):
    r"""What an entry point of the group ``nitro.generators`` names.

    ```python
    class Greeting:
        name = "greeting"
        summary = "Write a module that greets."
        example = "nitro generate greeting hello"

        def plan(self, project: Project, words: Words) -> Plan:
            text = f'GREETING = "{words.name}"\n'
            return Plan("greeting", self.name, (Create(f"{project.package}/greeting.py", text),))


    greeting = Greeting()
    ```

    Attributes:
        name: What is typed after ``nitro generate``; the same as the entry point's.
        summary: What it writes, in a sentence.
        example: A command that works, in a project that is new.
    """

    name: str
    summary: str
    example: str

    def plan(self, project: Project, words: Words) -> Plan:
        """Returns what is to be done; it reads the project and writes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Argument:
    """A word of a command.

    Attributes:
        name: What help calls it: ``NAME``.
        help: What it is.
        required: Whether it must be there.
        many: Whether there may be several.
    """

    name: str
    help: str
    required: bool = True
    many: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option of one generator, beside those that all have.

    Attributes:
        name: Without the dashes: ``plural``.
        help: What it is.
        metavar: What help calls its value; empty for what Typer says.
        flag: Whether it takes no value; given, its value is ``"yes"``.
    """

    name: str
    help: str
    metavar: str = ""
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Generator:
    """A row of the table.

    Attributes:
        name: What is typed after ``nitro generate``.
        summary: What it writes, in a sentence.
        example: Commands that work, one a line; a line that ends with a backslash goes on.
        plan: Where the function is that makes the plan: ``module:function``.
        arguments: The words after its name.
        options: Its own options.
        notes: What help says between the options and the example.
        templates: The templates that it renders, which ``--eject`` copies.
        plugin: The distribution that brings it; empty for Nitro's own.
    """

    name: str
    summary: str
    example: str
    plan: str
    arguments: tuple[Argument, ...]
    options: tuple[Option, ...] = ()
    notes: str = ""
    templates: tuple[str, ...] = ()
    plugin: str = ""

    def maker(self) -> PlanMaker:
        """Imports the function that makes the plan."""
        module, _, name = self.plan.partition(":")
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return cast("PlanMaker", found)


# Said here, not built from the grammar's tables, so that help starts fast; a test compares.
FIELDS = """\
Types:
  str text int bigint float decimal bool date time datetime uuid
  email url json enum ref list many file image
  with numbers or words: str.80 decimal.10.2 enum.draft.live ref.Category
  list.str many.Tag

Modifiers, each after a colon:
  opt       may be empty            unique, index  in the database
  min.0     at least, or shortest   search         part of the search
  max.5     at most, or longest     sort           the table sorts by it
  secret    never sent out          readonly       never taken in
  hidden    not shown               on.cascade     when the other goes
  as.posts  its name over there     one            one to one\
"""

_ENTITY = Argument("NAME", "The entity, in the singular: Product.")
_FIELDS = Argument(
    "FIELD", "name:type:modifier=default; all but the name may be left out.", False, True
)
_SPEC = Option(
    "spec", "Entities in a JSON or YAML file, instead of NAME and FIELD.", metavar="FILE"
)
_PLURAL = Option("plural", "Its plural, when the rule is wrong: --plural people.")
_RESOURCE = "shared/resource/{}.py.jinja"
_HOME = "nitro_cli.generators."


def _resource(*names: str) -> tuple[str, ...]:
    return tuple(_RESOURCE.format(name) for name in names)


_OF_ENTITY = _resource("__init__", "entity", "entity_test", "migration")
_OF_PAGES = (
    *_resource("__init__", "form", "table", "routes", "test"),
    *(f"shared/resource/{name}.html.jinja" for name in ("index", "show", "form")),
)

GENERATORS = (
    Generator(
        "entity",
        "Write an entity with its migration and tests, without pages.",
        "nitro generate entity Product name:str.80 price:decimal.10.2:min.0",
        _HOME + "entity:plan",
        (_ENTITY, _FIELDS),
        (_PLURAL, _SPEC),
        FIELDS,
        _OF_ENTITY,
    ),
    Generator(
        "scaffold",
        "Write an entity with its pages, handlers, migration and tests.",
        "nitro generate scaffold Category name:str.60:unique\n"
        "nitro generate scaffold Product name:str.80:search \\\n"
        "    price:decimal.10.2:min.0 stock:int=0 \\\n"
        "    status:enum.draft.live=draft category:ref.Category",
        _HOME + "scaffold:plan",
        (_ENTITY, _FIELDS),
        (_PLURAL, _SPEC),
        FIELDS,
        (*_OF_ENTITY, *_OF_PAGES[1:], *_resource("handlers")),
    ),
    Generator(
        "form",
        "Write out the form of an entity, one line a field.",
        "nitro generate form Product",
        _HOME + "views:plan_form",
        (_ENTITY,),
        templates=_resource("__init__", "form", "form_test"),
    ),
    Generator(
        "table",
        "Write out the table of an entity, one line a column.",
        "nitro generate table Product",
        _HOME + "views:plan_table",
        (_ENTITY,),
        templates=_resource("__init__", "table", "table_test"),
    ),
    Generator(
        "card",
        "Write out the card of an entity, one line a fact.",
        "nitro generate card Product",
        _HOME + "views:plan_card",
        (_ENTITY,),
        templates=_resource("__init__", "card", "card_test"),
    ),
    Generator(
        "routes",
        "Write the pages of an entity: list, show, new, edit, delete.",
        "nitro generate routes Product",
        _HOME + "routes:plan",
        (_ENTITY,),
        templates=_OF_PAGES,
    ),
    Generator(
        "handler",
        "Write a function that runs when an event happens.",
        "nitro generate handler product.created notify_stock",
        _HOME + "handler:plan",
        (
            Argument("EVENT", "The event: product.created, or a name of your own."),
            Argument("FUNCTION", "The function, a new name: notify_stock."),
        ),
        (Option("durable", "A worker runs it, at least once, whatever dies.", flag=True),),
        templates=(
            *_resource("__init__", "handlers", "handler_test"),
            "shared/app/handlers.py.jinja",
            "shared/app/handler_test.py.jinja",
        ),
    ),
    Generator(
        "command",
        "Write a function that pages may call, with its checked input.",
        "nitro generate command product.restock quantity:int:min.1",
        _HOME + "command:plan",
        (Argument("COMMAND", "What pages call it: product.restock."), _FIELDS),
        templates=(
            *_resource("__init__", "commands", "command_test"),
            "shared/app/command.jinja",
            "shared/app/commands.py.jinja",
            "shared/app/command_test.py.jinja",
        ),
    ),
    Generator(
        "page",
        "Write a page beside the resources, and its link in the menu.",
        "nitro generate page about",
        _HOME + "page:plan",
        (Argument("NAME", "The page, as in its address: about."),),
        templates=(
            "shared/page/__init__.py.jinja",
            "shared/page/page.py.jinja",
            "shared/page/page.html.jinja",
            "shared/page/test.py.jinja",
        ),
    ),
    Generator(
        "seed",
        "Write example rows of an entity, for: nitro db seed.",
        "nitro generate seed Product",
        _HOME + "seed:plan",
        (_ENTITY,),
        templates=_resource("__init__", "seeds", "seeds_test"),
    ),
)
"""Every generator of Nitro's own, in the order in which help lists them."""

_ANY_WORDS = (
    Argument("NAME", "What it asks for; see below."),
    Argument("WORDS", "Further words.", required=False, many=True),
)


def generators() -> Sequence[Generator]:
    """Returns every generator; of plugins what their packages say of themselves, no code is run."""
    own = {row.name for row in GENERATORS}
    return (*GENERATORS, *(row for row in _plugins() if row.name not in own))


def find_generator(name: str) -> Generator | None:
    """Returns a generator by its name; of a plugin what its package says of itself."""
    found = next((row for row in GENERATORS if row.name == name), None)
    return found or next((row for row in _plugins() if row.name == name), None)


def loaded(row: Generator) -> Generator:
    """Returns a generator with its own words for help; a plugin's code is imported.

    Raises:
        ConfigurationError: The plugin cannot be imported, or is not one.
    """
    if not row.plugin:
        return row
    try:
        module, _, name = row.plan.removesuffix(".plan").partition(":")
        found: PluginGenerator = getattr(import_module(module), name)
        return replace(row, summary=found.summary, example=found.example)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The generator {row.name!r} of {row.plugin} cannot be used: {error}."
        ) from error


def _plugins() -> Iterator[Generator]:
    from importlib.metadata import entry_points

    for entry in sorted(entry_points(group=GROUP)):
        yield _plugin(entry)


def _plugin(entry: EntryPoint) -> Generator:
    package, summary = "a plugin", ""
    if entry.dist is not None:
        package, summary = entry.dist.name, str(entry.dist.metadata["Summary"] or "")
    line = f"{summary.strip().rstrip('.') or 'A generator'} ({package})."
    return Generator(entry.name, line, "", f"{entry.value}.plan", _ANY_WORDS, plugin=package)
