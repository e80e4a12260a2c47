"""A module that says when it runs."""
print('localmod runs as', __name__)
counter = 0
def bump():
    global counter
    counter += 1
