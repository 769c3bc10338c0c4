"""Distances on the earth."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0
DECIMALS = 2  # of a degree, about a kilometre


def distance_km(lat1: float | None, lon1: float | None, lat2: float | None, lon2: float | None) -> int | None:
    """Whole kilometres between two places in degrees, at least 1, by the haversine formula; None if one is unknown.

    Places are rounded first, so that no number of questions from chosen places tells where exactly somebody is.
    """
    if lat1 is None or lon1 is None or lat2 is None or lon2 is None:
        return None
    lat1, lon1, lat2, lon2 = (radians(round(degrees, DECIMALS)) for degrees in (lat1, lon1, lat2, lon2))
    a = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return max(1, round(2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(a)))))
