"""One suite over every framework, on real servers: a test class for each row of the matrix."""

from __future__ import annotations

from matrix import MATRIX

for row in MATRIX:
    vars()[row.title] = row.suite()
