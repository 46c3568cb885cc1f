"""Nitro on Quart: `nitro_quart.adapter` for apps, and templates for ``--framework quart``."""
