"""What else happens when products change."""

import logging

from nitro import on

from shop.products.entity import Product

log = logging.getLogger(__name__)


@on("product.created", sender=Product)
def log_created(product: Product) -> None:
    log.info("product %s created", product.id)
