"""Imports a name from a module that wants one of this."""
from circle_from_other import y
x = 1
