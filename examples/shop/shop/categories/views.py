"""How categories look: their form and their table."""

from nitro import Column, Form, Table, TextField

from shop.categories.entity import Category


class CategoryForm(Form[Category]):
    entity = Category
    name = TextField(max_length=60)


class CategoryTable(Table[Category]):
    entity = Category
    name = Column(sort=True, link=True)
    actions = ("edit", "delete")
    search = ("name",)
    bulk = ("delete",)
    export = True
    reactive = True
