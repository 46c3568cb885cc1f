"""Products, as a visitor uses them."""

from nitro_runtime.testing import Client, make

from shop.categories.entity import Category
from shop.products.entity import Product


def form() -> dict[str, str]:
    """What a visitor types into the form."""
    return {
        "name": "Example",
        "price": "9.99",
        "stock": "1",
        "status": "draft",
        "category_id": make(Category).id,
        "description": "Example",
        "available_from": "2026-01-31",
    }


def create(client: Client) -> Product:
    client.post("/products", data=form())
    return Product.all().one()


def test_a_new_product_is_saved_and_shown(client: Client) -> None:
    response = client.post("/products", data=form())
    product = Product.all().one()
    assert response.status_code == 303
    assert response.headers["location"] == f"/products/{product.id}"
    assert client.get(f"/products/{product.id}").status_code == 200


def test_the_list_shows_products(client: Client) -> None:
    product = create(client)
    response = client.get("/products")
    assert response.status_code == 200
    assert f"/products/{product.id}" in response.text


def test_an_invalid_form_is_shown_again_and_nothing_is_saved(client: Client) -> None:
    response = client.post("/products", data={**form(), "name": ""})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert not Product.exists()


def test_a_product_is_changed_by_its_form(client: Client) -> None:
    product = create(client)
    assert client.get(f"/products/{product.id}/edit").status_code == 200
    response = client.post(f"/products/{product.id}", data={**form(), "name": "Example 2"})
    assert response.status_code == 303
    assert Product.get(product.id).name == "Example 2"


def test_a_product_is_deleted(client: Client) -> None:
    product = create(client)
    response = client.post(f"/products/{product.id}/delete")
    assert response.status_code == 303
    assert not Product.exists()


def test_chosen_products_are_deleted_at_once(client: Client) -> None:
    product = create(client)
    response = client.post("/products/bulk", data={"action": "delete", "row": product.id})
    assert response.status_code == 303
    assert not Product.exists()


def test_the_list_is_had_as_a_file(client: Client) -> None:
    create(client)
    response = client.get("/products?export=csv")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/csv")


def test_a_product_that_does_not_exist_is_not_found(client: Client) -> None:
    assert client.get("/products/missing").status_code == 404
