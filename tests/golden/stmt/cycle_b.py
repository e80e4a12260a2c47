"""The other half of an import cycle."""
import cycle_a
name = 'b'
seen = hasattr(cycle_a, 'name')
