"""Distances on the earth."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0


def distance_km(lat1: float | None, lon1: float | None, lat2: float | None, lon2: float | None) -> int | None:
    """Whole kilometres between two places in degrees, at least 1, by the haversine formula; None if one is unknown."""
    if lat1 is None or lon1 is None or lat2 is None or lon2 is None:
        return None
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    a = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return max(1, round(2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(a)))))
