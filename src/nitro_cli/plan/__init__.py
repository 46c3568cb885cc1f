"""Plan first, write after: what a command would do as frozen values, and the one place that does it."""
