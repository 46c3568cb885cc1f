"""Myapp."""
