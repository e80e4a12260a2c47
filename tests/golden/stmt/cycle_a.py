"""One half of an import cycle."""
import cycle_b
name = 'a'
