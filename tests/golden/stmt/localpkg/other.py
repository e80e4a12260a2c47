"""A submodule that uses its sibling."""
from .sub import value
def which():
    return 'other with ' + value
