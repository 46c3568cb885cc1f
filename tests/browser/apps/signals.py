"""An app that sends hostile text by every way that signals and expressions have."""

from __future__ import annotations

import json
import os
from pathlib import Path

from fastapi import FastAPI, Request

from nitro import Page, anyone, command, emit_elements, emit_signals, install
from nitro.html import Button, Div, Input, P, expr, post
from nitro_runtime.context import neutral_request
from nitro_runtime.web import new_tab

HOSTILE: list[str] = json.loads((Path(__file__).parents[1] / "hostile.json").read_text())

app = FastAPI()
install(app, static=os.environ["STATIC_FOLDER"], secret_key="a key for the browser tests only")


@command("say", allow=anyone)
async def say(index: int):  # noqa: ANN201 # a generator of patches
    yield emit_signals({"pushed": HOSTILE[index], "many": {"deep": [HOSTILE[index]]}})
    yield emit_elements(P(HOSTILE[index], id="patched"))


@app.get("/{index}")
async def page(index: int, request: Request) -> Page:
    text = HOSTILE[index]
    address = f"/cmds/say/{new_tab(neutral_request(request))}"
    return Page(
        Div(
            P(id="given", text="$given"),
            P(id="pushed", text="$pushed"),
            P(id="deep", text="$many.deep[0]"),
            P(id="clicked", text="$clicked"),
            P(id="patched"),
            Input(id="bound", bind="given"),
            Div(id="titled", attr={"title": expr("{}", text)}),
            Button("click", id="click", on_click=expr("$clicked = {}", text)),
            Button("say", id="say", on_click=post(address, payload={"index": index})),
            signals={"given": text, "pushed": "", "clicked": "", "many": {"deep": [""]}},
        ),
        title=text,
    )
