"""The Redis backend: entities as JSON documents, with indexes and unique keys beside them."""
