"""A module that fails while it is imported."""
x = 1 // 0
