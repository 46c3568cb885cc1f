"""What a type checker sees of an entity, told by pyright itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """\
from decimal import Decimal
from typing import assert_type

from nitro_runtime.entities import Attribute, Criterion, Entity, Field, QuerySet, col


class Product(Entity, timestamps=True):
    name: str = Field(max_length=80)
    price: Decimal
    stock: int = 0


product = Product(name="Tea", price=Decimal(1))
assert_type(Product.get("1"), Product)
assert_type(Product.get(id="1"), Product)
assert_type(Product.find("1"), Product | None)
assert_type(Product.all(), QuerySet[Product])
assert_type(Product.where(Product.price > 10, name__icontains="x"), QuerySet[Product])
assert_type(Product.where(stock=1).order_by("-price").limit(3).first(), Product | None)
assert_type([p for p in Product.all()], list[Product])
assert_type(col(Product.name), Attribute[str])
assert_type(col(Product.name).icontains("x") & (Product.price > 1), Criterion)
assert_type(product.save(), Product)
assert_type(product.id, str)
assert_type(product.version, int)


async def later() -> None:
    assert_type(await Product.aget("1"), Product)
    assert_type(await Product.acreate(name="x", price=1), Product)
    assert_type([p async for p in Product.all()], list[Product])
"""
WRONG = """\
Product.gett("1")
product.nmae
Product(name="Tea")
Product(name=1, price=Decimal(1))
col(Product.name).icontains(3)
Product.where("name")
Product.where(stock=1).ordr_by("x")
"""


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The lines that strict pyright complains about."""
    folder: Path = tmp_path_factory.mktemp("typing")
    (folder / "sample.py").write_text(SOURCE + WRONG)
    (folder / "pyrightconfig.json").write_text(
        json.dumps({"typeCheckingMode": "strict", "reportUnusedExpression": False})
    )
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "-p", str(folder), "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)["generalDiagnostics"]
    return sorted({problem["range"]["start"]["line"] + 1 for problem in found})


def test_right_uses_are_right_and_each_wrong_one_is_an_error(problems: list[int]) -> None:
    first = len(SOURCE.splitlines()) + 1
    assert problems == list(range(first, first + len(WRONG.splitlines())))
