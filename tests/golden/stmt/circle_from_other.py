"""The other half."""
from circle_from import x
y = 2
