"""What can be done with one row: buttons that post by themselves, with a question first where need be."""

from __future__ import annotations

from typing import Any

import pytest

from nitro_runtime.errors import ViewError
from nitro_runtime.views import Card, RowAction, Table
from nitro_runtime.views.csrf import CsrfNames, csrf_names


def test_an_action_of_the_apps_own_posts_to_its_route(Product: Any) -> None:
    Product.add(id=7, name='A "b" <c>', price="1.00")
    table = Table.from_entity(Product).with_actions(
        [
            RowAction("put-away", confirm="Put {label} away?"),
            RowAction("copy", label="Double", danger=True),
        ]
    )
    with csrf_names(CsrfNames("token", "x-token")):
        html = str(table)
    name = "A &#34;b&#34; &lt;c&gt;"
    first, second = html.split("<form")[-2:]
    assert 'method="post" action="/products/7/put-away"' in first
    assert f'data-confirm="Put {name} away?"' in first
    assert "confirm(el.dataset.confirm)) &amp;&amp; @post(" in first
    assert '<input type="hidden" name="token" value="">' in first
    assert f'aria-label="Put away {name}" class="btn btn-small">Put away</button>' in first
    assert 'method="post" action="/products/7/copy"' in second
    assert "confirm" not in second
    assert 'class="btn btn-small btn-danger">Double</button>' in second


def test_a_card_has_it_too(Product: Any) -> None:
    card = Card.from_entity(Product.add(id=7, name="Arc", price="1.00"))
    assert 'action="/products/7/copy"' in str(card.with_actions([RowAction("copy")]))


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "a/b", "1a", 'a"b'])
def test_the_name_of_an_action_is_a_part_of_an_address(Product: Any, name: str) -> None:
    with pytest.raises(ViewError, match="part of an address"):
        Table.from_entity(Product).with_actions([RowAction(name)])
