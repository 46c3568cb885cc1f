"""``nitro db``: a project's migrations, by Alembic, and its example data.

The project's own ``migrations/env.py`` opens the database and finds the entities, so that plain
``alembic upgrade head`` does the same. Alembic is imported when a command runs, not before.
"""

from nitro_cli.database.environment import DatabaseFailed, find_root
from nitro_cli.database.folder import missing_files
from nitro_cli.database.history import Revision, downgrade, status, upgrade
from nitro_cli.database.resetting import Tables, drop, survey
from nitro_cli.database.revisions import Draft, draft_revision
from nitro_cli.database.seeding import seed

__all__ = [
    "DatabaseFailed",
    "Draft",
    "Revision",
    "Tables",
    "downgrade",
    "draft_revision",
    "drop",
    "find_root",
    "missing_files",
    "seed",
    "status",
    "survey",
    "upgrade",
]
