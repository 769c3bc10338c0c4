-- Searches find all that they compare in the index that they go along.

DROP INDEX discovery_by_activity;
DROP INDEX discovery_by_cell_5;
DROP INDEX discovery_by_cell_24;
DROP INDEX discovery_by_cell_120;
DROP INDEX discovery_by_cell_600;
DROP INDEX discovery_active_5;
DROP INDEX discovery_active_24;
DROP INDEX discovery_active_120;
DROP INDEX discovery_active_600;

-- Each of these holds all that a search compares, so that it need not fetch the rows of those who do not fit.
CREATE INDEX discovery_by_activity ON discovery (active_since, user_id, -- who came last?
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_by_cell_5 ON discovery (cell_5, user_id, -- who is there?
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_by_cell_24 ON discovery (cell_24, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_by_cell_120 ON discovery (cell_120, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_by_cell_600 ON discovery (cell_600, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_active_5 ON discovery (cell_5, active_since, user_id, -- who came last there?
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_active_24 ON discovery (cell_24, active_since, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_active_120 ON discovery (cell_120, active_since, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);
CREATE INDEX discovery_active_600 ON discovery (cell_600, active_since, user_id,
    birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, is_pictured, x, y, z);

CREATE UNIQUE INDEX swipes_of_target ON swipes (target_id, user_id, action); -- does this one like me?
