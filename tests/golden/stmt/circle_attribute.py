"""Imports a module that uses an attribute of this too early."""
import circle_attribute_other
x = 1
