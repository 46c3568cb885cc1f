"""Products: what they are, how they look, where they are found."""
