"""A submodule with a relative import."""
from . import NAME as parent_name
value = 'sub value'
