"""What `benchmarks.broadcasting` starts: servers that broadcast, and the program that reads them."""
