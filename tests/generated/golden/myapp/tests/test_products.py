"""Products, as entities."""

from nitro_runtime.testing import make

from myapp.products.entity import Product


def test_a_saved_product_is_found_again() -> None:
    product = make(Product)
    assert Product.get(product.id) == product


def test_a_deleted_product_is_gone() -> None:
    product = make(Product)
    product.delete()
    assert Product.find(product.id) is None
