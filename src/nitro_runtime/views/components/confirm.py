"""The question before a deed: one dialog for a whole page, whatever asks.

Any form, or any button that sends one, carries its question in ``data-confirm``. The one dialog hears of
every form that is about to be sent, asks, and sends it when the answer is yes. So a table of a hundred
rows holds a hundred questions and one dialog. Without JavaScript the form is sent as it is.
"""

from __future__ import annotations

from functools import lru_cache

from nitro_runtime.html import Button, Html, P, expr
from nitro_runtime.html import Dialog as DialogTag
from nitro_runtime.html import Form as FormTag
from nitro_runtime.views.components.component import Component
from nitro_runtime.views.theme import Theme
from nitro_runtime.views.words import Words, current_words, say

CONFIRM_ID = "nitro-confirm"
"""The id of the dialog."""

HAS_CONFIRM = f"document.getElementById('{CONFIRM_ID}')"
"""Whether the page has the dialog, and so has asked already: ``(HAS_CONFIRM || confirm(...)) && ...``."""

# It hears of a form before the form does (capture), so a form's own handler runs after the answer.
# ``{count}`` is for forms that count what they are about, such as the rows chosen in a table.
_ASK = (
    "const form = evt.target, by = evt.submitter,"
    " question = by?.dataset.confirm ?? form.dataset.confirm;"
    " if (question && el.agreed !== form) {"
    " evt.preventDefault(); evt.stopImmediatePropagation();"
    " el.asking = {form, by: by?.form === form ? by : null}; el.returnValue = '';"
    " el.querySelector('p').textContent = question.replace('{count}', form.count ?? '');"
    " const yes = el.querySelector('[value=yes]');"
    " yes.textContent = by?.textContent.trim() || yes.dataset.word;"
    " el.open || el.showModal() }"
)
_ANSWER = (
    "const {form, by} = el.asking ?? {}; el.asking = null;"
    " if (el.returnValue === 'yes' && form?.isConnected) {"
    " el.agreed = form;"
    " try { form.requestSubmit(by?.isConnected ? by : null) } finally { el.agreed = null } }"
)


def confirm_attributes(question: str) -> dict[str, str]:
    """Returns the attributes of a form, or of a button that sends one, that asks first.

    ``Form(..., confirm_attributes("Send to 200 people?"), method="post")``. What agrees is named like
    the button that was pressed.

    Args:
        question: What is asked, plain text.
    """
    return {"data-confirm": question}


class Confirm(Component):
    """The dialog that asks; every `Page` has one, a document of your own needs it once."""

    def __init__(self, *, theme: Theme | None = None) -> None:
        """Makes the dialog.

        Args:
            theme: The classes of its parts; the current theme when left out.
        """
        super().__init__(theme=theme)

    def render(self, theme: Theme) -> Html:
        """Returns the dialog's markup."""
        return _confirm(theme, current_words())


@lru_cache
def _confirm(theme: Theme, words: Words) -> Html:
    del words  # what `say` says depends on them
    return DialogTag(
        P(id=f"{CONFIRM_ID}-text", cls=theme["dialog_question"]),
        FormTag(
            # first, and so the one with the focus: whoever presses Enter by mistake does nothing
            Button(say("cancel"), value="", autofocus=True, cls=theme["button"]),
            Button(
                say("confirm"), value="yes", cls=theme["button_danger"], data_word=say("confirm")
            ),
            method="dialog",
            cls=theme["buttons"],
        ),
        id=CONFIRM_ID,
        role="alertdialog",
        cls=theme["dialog"],
        aria_labelledby=f"{CONFIRM_ID}-text",
        on_submit__document__capture=expr(_ASK),
        on_close=expr(_ANSWER),
        ignore_morph=True,
    )
