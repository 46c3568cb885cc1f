"""How products look: their form and their table."""

from nitro import (
    Column,
    DateField,
    Form,
    NumberField,
    RelationField,
    SelectField,
    Table,
    TextArea,
    TextField,
)

from shop.categories.entity import Category
from shop.products.entity import Product, ProductStatus


class ProductForm(Form[Product]):
    entity = Product
    name = TextField(max_length=80)
    price = NumberField(min=0, step="0.01")
    stock = NumberField(step="1")
    status = SelectField(ProductStatus)
    category_id = RelationField(Category)
    description = TextArea(required=False)
    available_from = DateField(required=False)


class ProductTable(Table[Product]):
    entity = Product
    name = Column(sort=True, link=True)
    price = Column(sort=True, align="right")
    stock = Column(sort=True, align="right")
    status = Column(sort=True)
    category = Column()
    available_from = Column(sort=True)
    actions = ("edit", "delete")
    search = ("name",)
    bulk = ("delete",)
    export = True
    reactive = True
