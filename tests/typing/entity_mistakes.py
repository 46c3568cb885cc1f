"""Mistakes with entities that a type checker must find: each ignore here is needed, or it is reported itself."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from decimal import Decimal

from nitro import BelongsTo, Entity, Field, belongs_to, col, has_many


class Shelf(Entity):
    name: str

    books = has_many("Book")


class Book(Entity):
    title: str = Field(max_length=80)
    price: Decimal = Decimal(0)
    pages: int = 0
    shelf_id: str | None = Field(default=None, foreign_key="shelf.id")

    shelf: BelongsTo[Shelf | None] = belongs_to("Shelf")

    def before_save(self, extra: int) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        print(extra)


class Later(Entity):
    async def after_save(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        print(self)


def verbs(book: Book) -> None:
    Book.gett("1")  # pyright: ignore[reportAttributeAccessIssue]
    Book.wher(pages=1)  # pyright: ignore[reportAttributeAccessIssue]
    Book.where(pages=1).ordr_by("x")  # pyright: ignore[reportAttributeAccessIssue]
    Book.where("title")  # pyright: ignore[reportArgumentType]
    book.sav()  # pyright: ignore[reportAttributeAccessIssue]
    Book.save()  # pyright: ignore[reportCallIssue]
    Book.update_many(Book)  # pyright: ignore[reportArgumentType]
    Book.repository()  # pyright: ignore[reportCallIssue]
    Book.repository.gett(Book.mapper, "1")  # pyright: ignore[reportAttributeAccessIssue]


def fields(book: Book) -> None:
    print(book.titel)  # pyright: ignore[reportAttributeAccessIssue]
    print(Book.titel)  # pyright: ignore[reportAttributeAccessIssue]
    book.pages = "many"  # pyright: ignore[reportAttributeAccessIssue]
    book.titel = "x"  # pyright: ignore[reportArgumentType]
    Book()  # pyright: ignore[reportCallIssue]
    Book(title="x", pags=1)  # pyright: ignore[reportCallIssue]
    Book(title=1)  # pyright: ignore[reportArgumentType]
    print(book.shelf.name)  # pyright: ignore[reportOptionalMemberAccess]


def criteria() -> None:
    col(Book.title).icontains(3)  # pyright: ignore[reportArgumentType]
    col(Book.title).icontain("x")  # pyright: ignore[reportAttributeAccessIssue]
    print(col(Book.pages) > "x")  # pyright: ignore[reportOperatorIssue]
    print(col(Book.price) > "x")  # pyright: ignore[reportOperatorIssue]
    col(Book.pages).in_(["x"])  # pyright: ignore[reportArgumentType]
    col(Book.pages).between("a", "b")  # pyright: ignore[reportArgumentType]


async def twins(book: Book) -> None:
    await Book.get("1")  # pyright: ignore[reportGeneralTypeIssues]
    await book.save()  # pyright: ignore[reportGeneralTypeIssues]
    print((Book.aget("1")).title)  # pyright: ignore[reportAttributeAccessIssue]
    book.asave()  # pyright: ignore[reportUnusedCoroutine]
    for each in Book.all().aall():  # pyright: ignore[reportGeneralTypeIssues]
        print(each)
