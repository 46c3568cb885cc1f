"""The `nitro` command: it writes plain source that its users own.

Nothing here is imported by a running app. A command goes through three stages: the grammar turns
words into a specification, a generator turns the specification into a plan, and the writer carries
the plan out.
"""
