"""Entities in SQL databases. SQLAlchemy Core writes each statement once; SQLite runs it bare."""
