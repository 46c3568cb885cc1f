"""Mistakes in tags that a type checker must find: each ignore here is needed, or it is reported itself."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from nitro.html import Button, Div, Input, Signal, get, post

count = Signal("count", 0)


def clicked() -> None:
    pass


def mistakes() -> None:
    Button("x", on_click=clicked)  # pyright: ignore[reportArgumentType]
    Button("x", cls=object())  # pyright: ignore[reportArgumentType]
    Input(bind=["name"])  # pyright: ignore[reportArgumentType]
    Input(bind=count + 1)  # pyright: ignore[reportArgumentType]
    Div(signals=count + 1)  # pyright: ignore[reportArgumentType]
    post("/x", content_type="xml")  # pyright: ignore[reportArgumentType]
    post("/x", contenttype="form")  # pyright: ignore[reportCallIssue]
    get(5)  # pyright: ignore[reportArgumentType]
    Signal(5)  # pyright: ignore[reportArgumentType]
    if count > 3:  # pyright: ignore[reportGeneralTypeIssues]
        print("never")
    print(not count)  # pyright: ignore[reportGeneralTypeIssues]
