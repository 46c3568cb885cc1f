"""The sentences with which `nitro init` refuses: what is wrong, and one thing to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nitro_cli.adopting.install import FACE
from nitro_cli.adopting.modules import dotted_name
from nitro_cli.adopting.settings import SettingsApp
from nitro_cli.adopting.survey import Candidate, Survey

MOST_NAMED = 8
"""How many apps are listed at most when one of them is to be named."""


def several(candidates: Sequence[Candidate]) -> str:
    """Says that one of several apps is to be named, and how."""
    named = [one for one in candidates if not one.app.address.endswith(":")]
    if not named:
        return cannot(candidates[0])
    lines = [
        f"    nitro init --app {one.app.address}    # {one.shape.title}, {one.app.place}"
        for one in named[:MOST_NAMED]
    ]
    if len(named) > MOST_NAMED:
        lines.append(f"    and {len(named) - MOST_NAMED} more; go into the folder of the one")
    first = f"There are {len(candidates)} apps; name the one that is to have Nitro:"
    return "\n".join([first, *lines])


def cannot(candidate: Candidate) -> str:
    """Says why the one app that there is cannot be edited."""
    app = candidate.app
    if isinstance(app, SettingsApp):
        return f"Nitro cannot be added to this {candidate.shape.title} project: {app.problem}."
    return (
        f"The {candidate.shape.title} app in {app.place} cannot be edited: {app.problem}. "
        f"Add by hand, after the app is made: import {FACE}; {FACE}.install(app)"
    )


def not_found_at(found: Survey, wanted: str) -> str:
    """Says why there is no app where ``--app`` says."""
    if not re.fullmatch(r"[\w.]+(:\w+)?", wanted):
        return f"--app takes a module and a name, shop.web:create_app, not {wanted!r}."
    name = wanted.partition(":")[0]
    broken = [one for one in found.broken if dotted_name(one.path) == name]
    if broken:
        return f"{broken[0]}; correct it, then run nitro init again."
    if name not in {module.name for module in found.modules}:
        return f"There is no module {name} in this folder for --app {wanted}."
    return (
        f"{wanted} makes no app that nitro can see; add by hand: import {FACE}; {FACE}.install(app)"
    )


def nothing_found(found: Survey) -> str:
    """Says why there is no app in a project."""
    if found.broken:
        places = "\n".join(f"    {one}" for one in found.broken[:3])
        return f"No app was found, and these files are not Python:\n{places}\nCorrect them first."
    if not found.modules:
        return "There are no Python files here. Go into the folder of your app, or start one with: nitro new myapp"
    named = [s.title for s in found.shapes if any(f.names & s.packages for f in found.files)]
    if named:
        return (
            f"This project depends on {' and '.join(named)}, but no line here makes an app that "
            f"nitro can see. Add by hand, after the app is made: import {FACE}; {FACE}.install(app)"
        )
    titles = ", ".join(shape.title for shape in found.shapes)
    return f"No app was found in the Python files here; nitro init knows {titles}."
