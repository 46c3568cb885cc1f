"""Fields of a form that hold text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from nitro_runtime.html import Html, Input, Textarea
from nitro_runtime.strict_json import DEEPEST, decode, is_deeper
from nitro_runtime.views.choices import Choices
from nitro_runtime.views.field import BLANK, Attributes, Complaint, FormField, Taken
from nitro_runtime.views.words import say


@dataclass(frozen=True, kw_only=True)
class TextField(FormField):
    """A text on one line.

    Attributes:
        max_length: Most characters.
        min_length: Fewest characters.
        pattern: A regular expression that the whole text matches.
        inputmode: Which keyboard a phone shows, ``"numeric"``.
    """

    max_length: int | None = None
    min_length: int | None = None
    pattern: str | None = None
    inputmode: str | None = None

    from_info: ClassVar[Mapping[str, str]] = {
        **FormField.from_info,
        "max_length": "max_length",
        "min_length": "min_length",
    }
    type: ClassVar[str] = "text"
    one_line: ClassVar[bool] = True
    """Whether a text with a line's end is refused: no browser sends one from such a control."""

    @override
    def parse(self, text: str) -> Taken:
        if self.one_line and ("\n" in text or "\r" in text):
            raise Complaint(say("format"))
        if self.max_length is not None and len(text) > self.max_length:
            raise Complaint(say("too_long", count=self.max_length))
        if self.min_length is not None and len(text) < self.min_length:
            raise Complaint(say("too_short", count=self.min_length))
        if self.pattern is not None and re.fullmatch(self.pattern, text) is None:
            raise Complaint(say("format"))
        return super().parse(text)

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        return Input(
            dict(attributes),
            type=self.type,
            value=shown,
            maxlength=self.max_length,
            minlength=self.min_length,
            pattern=self._shape(),
            inputmode=self.inputmode,
            placeholder=self.placeholder,
            autocomplete=self.autocomplete,
        )

    def _shape(self) -> str | None:
        """The pattern as browsers take it, which match the whole text by it."""
        if self.pattern is not None or self.info is None or self.info.pattern is None:
            return self.pattern
        pattern = self.info.pattern
        whole = pattern.startswith("^") and pattern.endswith("$") and "|" not in pattern
        return pattern[1:-1] if whole else None


@dataclass(frozen=True, kw_only=True)
class EmailField(TextField):
    """An email address."""

    autocomplete: str | None = "email"

    type: ClassVar[str] = "email"

    @override
    def parse(self, text: str) -> Taken:
        # what browsers take for an address, less strict than RFC 5321; only a letter proves one
        if re.fullmatch(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)*", text) is None:
            raise Complaint(say("email"))
        return super().parse(text)


@dataclass(frozen=True, kw_only=True)
class UrlField(TextField):
    """A web address."""

    autocomplete: str | None = "url"

    type: ClassVar[str] = "url"

    @override
    def parse(self, text: str) -> Taken:
        # other schemes (javascript:) would be a trap in a later link
        if re.match(r"https?://[^\s/]", text, re.IGNORECASE) is None or re.search(r"\s", text):
            raise Complaint(say("url"))
        return super().parse(text)


@dataclass(frozen=True, kw_only=True)
class PasswordField(TextField):
    """A password: never shown again, taken with its spaces, unchanged when left empty."""

    type: ClassVar[str] = "password"

    @override
    def show(self, value: object) -> str:
        del value
        return ""

    @override
    def read(self, typed: str) -> Taken:
        return self.parse(typed) if typed else BLANK

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        return super().control(attributes, "", choices)


@dataclass(frozen=True, kw_only=True)
class HiddenField(TextField):
    """A text that the page carries; a visitor can change it, so it is validated like any."""

    type: ClassVar[str] = "hidden"
    one_line: ClassVar[bool] = False
    is_checked: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class TextArea(TextField):
    """A text of several lines.

    Attributes:
        rows: The height in lines.
    """

    rows: int = 4
    part: ClassVar[str] = "textarea"
    one_line: ClassVar[bool] = False

    @override
    def typed(self, texts: Sequence[str]) -> str:
        return super().typed(texts).replace("\r\n", "\n")  # as browsers post each line's end

    @override
    def control(self, attributes: Attributes, shown: str, choices: Choices) -> Html:
        del choices
        return Textarea(
            shown,
            dict(attributes),
            rows=self.rows,
            maxlength=self.max_length,
            minlength=self.min_length,
            placeholder=self.placeholder,
            autocomplete=self.autocomplete,
        )


@dataclass(frozen=True, kw_only=True)
class JsonField(TextArea):
    """A list or an object, written as JSON."""

    @override
    def show(self, value: object) -> str:
        return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)

    @override
    def parse(self, text: str) -> Taken:
        try:
            value = decode(super().parse(text))
        except (ValueError, RecursionError):
            raise Complaint(say("json")) from None
        if is_deeper(value):  # what stores it goes down level by level
            raise Complaint(say("json_deep", count=DEEPEST))
        if _NUL.search(json.dumps(value)):  # no database and no HTML can carry it
            raise Complaint(say("json"))
        return value


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""As JSON writes it: an even number of backslashes before it are backslashes of the text."""
