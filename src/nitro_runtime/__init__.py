"""The runtime under a Nitro app: entities, events, streams, HTML and views, and the adapters.

Import from ``nitro`` in an application; import from here when only one module is wanted.
Importing this package loads nothing: each module stands alone.
"""

__version__ = "0.1.0"
