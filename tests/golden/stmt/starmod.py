"""Exports what __all__ names."""
__all__ = ['public', '_private']
public = 'public name'
hidden = 'hidden name'
_private = 'named in __all__'
