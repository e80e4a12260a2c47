"""Exports every name without a leading underscore."""
visible = 'visible name'
_under = 'not exported'
