"""What an invariant is."""

from typing import NamedTuple


class Invariant(NamedTuple):
    name: str
    wrong: str  # what is wrong with the rows that are found
    broken: str  # a statement whose one column is the `id` of each row of which it does not hold
