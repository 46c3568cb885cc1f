"""What ``manage.py`` is to the project of `on_django`."""

# Django has no types.
# pyright: reportMissingTypeStubs=false

import sys

import on_django
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    assert on_django.wsgi  # which has the settings
    execute_from_command_line(sys.argv)
