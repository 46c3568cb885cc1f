"""The requirement that `nitro init` adds: in the file that rules, at the end, in that file's style."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nitro_cli.adopting.dependencies import AddDependency
from nitro_cli.adopting.dependency_files import Kind, choose_file, find_files
from nitro_runtime.errors import UsageError

LINE = "nitro-kit>=0.1"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (
            "project",
            '[project]\nname = "x"\ndependencies = [\n    "a",  # one, two\n    "b",\n]\n\n[tool.y]\nz = 1\n',
            '[project]\nname = "x"\ndependencies = [\n    "a",  # one, two\n    "b",\n    "nitro-kit>=0.1",\n]\n\n'
            "[tool.y]\nz = 1\n",
        ),
        (
            "project",
            "[project]\ndependencies = [\n  'a[x, y]'  # last\n  # more?\n]",
            "[project]\ndependencies = [\n  'a[x, y]',  # last\n  'nitro-kit>=0.1'\n  # more?\n]",
        ),
        (
            "project",
            '[project]\ndependencies = ["a"]  # short\n',
            '[project]\ndependencies = ["a", "nitro-kit>=0.1"]  # short\n',
        ),
        (
            "project",
            '[project]\ndependencies = ["a", ]\n',
            '[project]\ndependencies = ["a", "nitro-kit>=0.1", ]\n',
        ),
        (
            "project",
            '[project]\ndependencies = []\nname = "x"\n',
            '[project]\ndependencies = ["nitro-kit>=0.1"]\nname = "x"\n',
        ),
        (
            "project",
            '[project]\r\nname = "x"  # a name\r\n\r\n[tool.y]\r\n',
            '[project]\r\nname = "x"  # a name\r\ndependencies = ["nitro-kit>=0.1"]\r\n\r\n[tool.y]\r\n',
        ),
        (
            "project",
            'project.name = "x"\nproject.dependencies = ["""a""", "b"]\n',
            'project.name = "x"\nproject.dependencies = ["""a""", "b", "nitro-kit>=0.1"]\n',
        ),
        (
            "project",
            '[project]\ndescription = """\ndependencies = [\n"""\ndependencies = [\n"a"\n]\n',
            '[project]\ndescription = """\ndependencies = [\n"""\ndependencies = [\n"a",\n"nitro-kit>=0.1"\n]\n',
        ),
        (
            "poetry",
            '[tool.poetry.dependencies]\npython = "^3.11"\na = { version = "1", extras = ["b"] }  # it\n\n[x]\n',
            '[tool.poetry.dependencies]\npython = "^3.11"\na = { version = "1", extras = ["b"] }  # it\n'
            'nitro-kit = ">=0.1"\n\n[x]\n',
        ),
        (
            "pipenv",
            '[packages]\na = "*"\n\n[dev-packages]\n',
            '[packages]\na = "*"\nnitro-kit = ">=0.1"\n\n[dev-packages]\n',
        ),
        ("lines", "a\n# b\n", "a\n# b\nnitro-kit>=0.1\n"),
        ("lines", "a", "a\nnitro-kit>=0.1\n"),
        ("lines", "", "nitro-kit>=0.1\n"),
        ("lines", "a\r\nb\r\n", "a\r\nb\r\nnitro-kit>=0.1\r\n"),
        (
            "setup",
            "[options]\ninstall_requires =\n    a\n    # why\n    b\n\n[options.extras_require]\nt = c\n",
            "[options]\ninstall_requires =\n    a\n    # why\n    b\n    nitro-kit>=0.1\n\n"
            "[options.extras_require]\nt = c\n",
        ),
        (
            "setup",
            "[options]\ninstall_requires =\n\ta",
            "[options]\ninstall_requires =\n\ta\n\tnitro-kit>=0.1\n",
        ),
    ],
)
def test_the_requirement_is_added_at_the_end_and_all_else_stays(
    kind: Kind, before: str, after: str
) -> None:
    edited = AddDependency(kind, LINE).apply(before)
    assert (edited.status, edited.text) == ("done", after)
    assert AddDependency(kind, LINE).apply(after).status == "there"


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("project", '[project]\ndependencies = ["Nitro_Kit[fastapi] @ file:///x"]\n'),
        ("poetry", '[tool.poetry.dependencies]\nnitro-kit = { path = "../nitro" }\n'),
        ("lines", "nitro.kit==0.2  # ours\n"),
        ("setup", "[options]\ninstall_requires =\n    nitro-kit\n"),
    ],
)
def test_a_requirement_that_is_there_stays_whatever_it_says(kind: Kind, source: str) -> None:
    edited = AddDependency(kind, LINE).apply(source)
    assert (edited.status, edited.text) == ("there", source)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("lines", "a==1 --hash=sha256:0\n"),
        ("setup", "[options]\ninstall_requires = a\n"),
        ("setup", "[options]\ninstall_requires = file: requirements.txt\n"),
        ("setup", "not a setup file"),
        ("project", "[project\n"),
        ("project", "project = { name = 'x', dependencies = ['a'] }\n"),
    ],
)
def test_a_form_that_is_not_known_stays_and_the_line_is_shown(kind: Kind, source: str) -> None:
    edited = AddDependency(kind, LINE).apply(source)
    assert (edited.status, edited.text) == ("cannot", source)
    assert LINE in edited.snippet


@pytest.mark.parametrize(
    ("requirement", "line"),
    [
        ("nitro-kit @ file:///a%20b/nitro", 'nitro-kit = { path = "/a b/nitro" }'),
        (
            "nitro-kit @ git+https://example.org/n.git@abc",
            'nitro-kit = { git = "https://example.org/n.git", rev = "abc" }',
        ),
        (
            "nitro-kit @ https://example.org/n.whl",
            'nitro-kit = { url = "https://example.org/n.whl" }',
        ),
    ],
)
def test_poetry_is_told_an_address_in_its_own_form(requirement: str, line: str) -> None:
    edited = AddDependency("poetry", requirement).apply('[tool.poetry.dependencies]\na = "1"\n')
    assert edited.text == f'[tool.poetry.dependencies]\na = "1"\n{line}\n'


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("", "\n[tool.hatch.metadata]\nallow-direct-references = true\n"),
        ("[tool.hatch.metadata]\nhooks = {}\n", "allow-direct-references = true\n"),
        ("[tool.hatch.metadata]\nallow-direct-references = true\n", ""),
    ],
)
def test_hatch_is_allowed_an_address(before: str, added: str) -> None:
    head = '[build-system]\nbuild-backend = "hatchling.build"\n[project]\ndependencies = []\n'
    line = "nitro-kit @ file:///nitro"
    edited = AddDependency("project", line).apply(head + before)
    assert edited.text == head.replace("[]", f'["{line}"]') + before + added
    assert AddDependency("project", LINE).apply(head).text == head.replace("[]", f'["{LINE}"]')


@given(
    st.lists(st.sampled_from(["a", "b>=1", "c[d, e]", "f ; x == '1,2'"]), max_size=4, unique=True),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "    ", "\t"]),
    st.booleans(),
    st.booleans(),
)
def test_any_array_of_requirements_keeps_its_entries_and_gains_one(
    entries: list[str], newline: str, indent: str, one_line: bool, comma: bool
) -> None:
    if one_line:
        inside = ", ".join(f'"{entry}"' for entry in entries) + (", " if comma and entries else "")
    else:
        lines = [f'{indent}"{entry}",  # see [1], "2", 3' for entry in entries]
        if lines and not comma:
            lines[-1] = lines[-1].replace('",  #', '"  #')
        inside = newline.join(["", *lines, f"{indent}# end", ""])
    source = (
        f'[project]{newline}dependencies = [{inside}]{newline}[tool.x]{newline}y = "]"{newline}'
    )
    edited = AddDependency("project", LINE).apply(source)
    assert edited.status == "done"
    data = tomllib.loads(edited.text)
    assert data == {"project": {"dependencies": [*entries, LINE]}, "tool": {"x": {"y": "]"}}}
    assert all(line in edited.text for line in source.split(newline) if "#" in line and comma)


# -- which file -----------------------------------------------------------------------------------


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


PROJECT = '[project]\nname = "x"\ndependencies = ["a"]\n'


@pytest.mark.parametrize(
    ("files", "path", "refresh"),
    [
        ({"pyproject_toml": PROJECT}, "pyproject.toml", "pip install -e ."),
        ({"pyproject_toml": PROJECT, "uv_lock": ""}, "pyproject.toml", "uv sync"),
        ({"pyproject_toml": "[tool.ruff]\n", "requirements_txt": "web\n"}, "requirements.txt", "pip install -r requirements.txt"),
        ({"pyproject_toml": PROJECT, "requirements_txt": "Web==1\n"}, "requirements.txt", "pip install -r requirements.txt"),
        ({"pyproject_toml": '[project]\nname = "x"\ndynamic = ["dependencies"]\n', "requirements_txt": ""}, "requirements.txt", "pip install -r requirements.txt"),
        ({"pyproject_toml": '[tool.poetry.dependencies]\nweb = "1"\n'}, "pyproject.toml", "poetry lock && poetry install"),
        ({"pyproject_toml": '[project]\nname = "x"\n[tool.poetry.dependencies]\nweb = "1"\n'}, "pyproject.toml", "poetry lock && poetry install"),
        ({"requirements_in": "web", "requirements_txt": "web==1"}, "requirements.in", "pip-compile requirements.in && pip-sync"),
        ({"requirements__base_txt": "web", "requirements__dev_txt": "-r base.txt"}, "requirements/base.txt", "pip install -r requirements/base.txt"),
        ({"Pipfile": '[packages]\nweb = "*"\n'}, "Pipfile", "pipenv install"),
        ({"setup_cfg": "[options]\ninstall_requires =\n  web\n"}, "setup.cfg", "pip install -e ."),
        ({"setup_cfg": "[flake8]\nmax-line-length = 99\n", "requirements_txt": ""}, "requirements.txt", "pip install -r requirements.txt"),
    ],
)  # fmt: skip
def test_the_file_that_names_the_framework_is_the_one(
    tmp_path: Path, files: dict[str, str], path: str, refresh: str
) -> None:
    write(tmp_path, **files)
    chosen = choose_file(find_files(tmp_path), frozenset({"web"}))
    assert chosen is not None
    assert (chosen.path, chosen.refresh) == (path, refresh)


def test_a_project_without_such_a_file_has_none(tmp_path: Path) -> None:
    assert choose_file(find_files(tmp_path), frozenset({"web"})) is None


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("pyproject.toml", b"[project\n", r"pyproject.toml is not TOML: .*line 1"),
        ("requirements.txt", "web\n".encode("utf-16"), "requirements.txt is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says):
        find_files(tmp_path)
