"""Adding Nitro to a project that exists: what it is built on, and the few lines that change.

Nothing here imports or runs the project: its Python is parsed, its other files are read. The outcome
is a `Plan`; the command shows it and the one writer carries it out.
"""
