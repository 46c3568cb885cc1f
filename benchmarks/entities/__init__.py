"""The contenders of the entity benchmarks: one module a peer, the same verbs everywhere."""
