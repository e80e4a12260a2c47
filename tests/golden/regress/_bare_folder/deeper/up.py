from ..leaf import value as below
