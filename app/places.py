"""Where people are, as others may learn it."""

from app import grid
from app.queries import discovery, origins


def settle(user_id: int) -> None:
    """Take somebody's place over into discovery; when they were in too many today, that waits for another day."""
    moved = discovery.find_move(user_id)
    if moved and (
        moved["latitude"] is None
        or origins.admit(user_id, grid.cell(*grid.snap(**moved), grid.GRID_KM))
    ):
        discovery.write_place(user_id)
