"""Amounts of money: exact, with the currency's own number of places."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from nitro_runtime.errors import ViewError
from nitro_runtime.html import Html, raw

_CODE = re.compile(r"[A-Z]{3}")

_NO_PLACES = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905
)
_THREE_PLACES = frozenset("BHD IQD JOD KWD LYD OMR TND".split())  # noqa: SIM905

Amount = int | float | Decimal


def places_of(currency: str) -> int:
    """Returns how many places the amounts of a currency have (ISO 4217, "minor unit"): mostly 2."""
    if currency in _NO_PLACES:
        return 0
    return 3 if currency in _THREE_PLACES else 2


def check_currency(currency: str) -> None:
    """Refuses what is no code of a currency.

    Raises:
        ViewError: It is not three capital letters.
    """
    if not _CODE.fullmatch(currency):
        raise ViewError(
            f"A currency is the three capital letters of ISO 4217, such as 'EUR', not {currency!r}."
        )


def plain_amount(amount: Amount, currency: str, *, minor: bool = False) -> str:
    """Returns an amount in full and nothing else: ``1234.50``.

    Nothing is rounded but a float, whose last digits mean nothing; zeros beyond the currency's own
    places are left out.

    Args:
        amount: In the currency's units; with ``minor`` in its smallest, such as cents.
        currency: Its code.
        minor: What the amount counts.
    """
    least = places_of(currency)
    if isinstance(amount, float):
        return f"{amount:.{least}f}"
    exact = Decimal(amount)
    if not exact.is_finite():
        return str(exact)
    # made from text, so that no context rounds it
    text = f"{Decimal(f'{exact:f}e-{least}' if minor else exact):f}"
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    return f"{whole}.{rest}" if rest else whole


def money_of(currency: str, *, minor: bool = False) -> Callable[[Amount], Html]:
    """Returns what shows amounts: exact for programs, grouped for people, left to the page's script.

    ``<data value="1234.50" data-currency="EUR">1,234.50 EUR</data>``
    """

    def show(amount: Amount) -> Html:
        text = plain_amount(amount, currency, minor=minor)
        whole, point, rest = text.partition(".")
        grouped = f"{int(whole):,}" if whole.lstrip("-").isdigit() else whole
        if whole.startswith("-0"):  # a whole part of minus nothing has lost its sign
            grouped = f"-{grouped}"
        return raw(
            f'<data value="{text}" data-currency="{currency}">{grouped}{point}{rest} {currency}</data>'
        )

    return show
