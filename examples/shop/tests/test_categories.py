"""Categories, as a visitor uses them."""

from nitro_runtime.testing import Client

from shop.categories.entity import Category


def form() -> dict[str, str]:
    """What a visitor types into the form."""
    return {
        "name": "Example",
    }


def create(client: Client) -> Category:
    client.post("/categories", data=form())
    return Category.all().one()


def test_a_new_category_is_saved_and_shown(client: Client) -> None:
    response = client.post("/categories", data=form())
    category = Category.all().one()
    assert response.status_code == 303
    assert response.headers["location"] == f"/categories/{category.id}"
    assert client.get(f"/categories/{category.id}").status_code == 200


def test_the_list_shows_categories(client: Client) -> None:
    category = create(client)
    response = client.get("/categories")
    assert response.status_code == 200
    assert f"/categories/{category.id}" in response.text


def test_an_invalid_form_is_shown_again_and_nothing_is_saved(client: Client) -> None:
    response = client.post("/categories", data={**form(), "name": ""})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.text
    assert not Category.exists()


def test_a_category_is_changed_by_its_form(client: Client) -> None:
    category = create(client)
    assert client.get(f"/categories/{category.id}/edit").status_code == 200
    response = client.post(f"/categories/{category.id}", data={**form(), "name": "Example 2"})
    assert response.status_code == 303
    assert Category.get(category.id).name == "Example 2"


def test_a_category_is_deleted(client: Client) -> None:
    category = create(client)
    response = client.post(f"/categories/{category.id}/delete")
    assert response.status_code == 303
    assert not Category.exists()


def test_chosen_categories_are_deleted_at_once(client: Client) -> None:
    category = create(client)
    response = client.post("/categories/bulk", data={"action": "delete", "row": category.id})
    assert response.status_code == 303
    assert not Category.exists()


def test_the_list_is_had_as_a_file(client: Client) -> None:
    create(client)
    response = client.get("/categories?export=csv")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/csv")


def test_a_category_that_does_not_exist_is_not_found(client: Client) -> None:
    assert client.get("/categories/missing").status_code == 404
