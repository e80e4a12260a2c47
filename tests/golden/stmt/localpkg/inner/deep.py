"""A module that climbs up."""
from ..sub import value
from .. import other
def path():
    return value + ' / ' + other.which()
