"""A package."""
print('package runs')
NAME = 'local package'
