"""What else happens when categories change."""

import logging

from nitro import on

from shop.categories.entity import Category

log = logging.getLogger(__name__)


@on("category.created", sender=Category)
def log_created(category: Category) -> None:
    log.info("category %s created", category.id)
