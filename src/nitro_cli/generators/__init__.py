"""Generators: pure functions from a specification, a project and templates to a plan."""
