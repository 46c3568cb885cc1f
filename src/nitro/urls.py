"""Nitro's own addresses for a Django project: ``path("", include("nitro.urls"))``, last of all."""

from __future__ import annotations

from typing import Any

from nitro_runtime.adapters.django import own_patterns

urlpatterns: list[Any] = own_patterns()
