# ruff: noqa: D102 # the verbs are described once, by `Peer`
"""Django's ORM, on the connection that it holds for each thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import django
from django.conf import settings

from benchmarks.entities.products import CATEGORY, KEY, Supply


def _model(path: Path) -> Any:  # noqa: ANN401 # a model class
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(path),
                "OPTIONS": {"init_command": "PRAGMA synchronous = NORMAL"},
            }
        },
        USE_TZ=True,
    )
    django.setup()
    from django.db import models as django_models

    models: Any = django_models  # its stubs know no defaults

    class Row(models.Model):
        id = models.CharField(max_length=36, primary_key=True)
        name = models.CharField(max_length=80)
        category = models.CharField(max_length=80)
        price = models.FloatField()
        stock = models.BigIntegerField(default=0)
        active = models.BooleanField(default=True)
        sku = models.CharField(max_length=80)
        version = models.BigIntegerField(default=1)

        class Meta:
            app_label = "benchmark"
            db_table = "product"

    return Row


class Django:
    """The ORM that most Python web applications use."""

    name: ClassVar[str] = "Django ORM"

    def __init__(self, path: Path) -> None:
        self.row = _model(path)
        self.objects = self.row.objects
        self.supply = Supply()
        self.held = self.get()

    def get(self) -> Any:  # noqa: ANN401
        return self.objects.get(pk=KEY)

    def filter(self) -> list[Any]:
        return list(self.objects.filter(category=CATEGORY).order_by("id"))

    def count(self) -> int:
        return self.objects.count()

    def count_some(self) -> int:
        return self.objects.filter(category=CATEGORY).count()

    def create(self) -> Any:  # noqa: ANN401
        return self.objects.create(**self.supply.new())

    def update(self) -> None:
        self.held.stock += 1
        self.held.version += 1
        self.held.save(update_fields=["stock", "version"])

    def delete(self) -> Any:  # noqa: ANN401
        return self.objects.filter(pk=self.supply.doomed()).delete()

    def read(self, key: str) -> Any:  # noqa: ANN401
        return self.objects.get(pk=key)

    def delete_read(self, one: Any) -> Any:  # noqa: ANN401
        return one.delete()

    def insert_many(self) -> Any:  # noqa: ANN401
        return self.objects.bulk_create([self.row(**row) for row in self.supply.many()])
