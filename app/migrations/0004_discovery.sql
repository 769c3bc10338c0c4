-- People have preferences, and there is a table to find people by, in which nobody's place is exact.

PRAGMA legacy_alter_table = ON;  -- what refers to users goes on referring to that name

ALTER TABLE users RENAME TO old_users;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL,             -- as it was typed
    canonical     TEXT NOT NULL UNIQUE,      -- equal for names that are one: "Bob " and "bob"
    password_hash TEXT NOT NULL,             -- bcrypt
    name          TEXT,
    gender        TEXT,
    interested_in TEXT,
    bio           TEXT,
    photo_url     TEXT,
    location      TEXT,
    latitude      REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude     REAL CHECK (longitude BETWEEN -180 AND 180),
    birthday      TEXT CHECK (birthday LIKE '____-__-__'),
    pref_min_age  INTEGER CHECK (pref_min_age BETWEEN 0 AND 150),    -- of whom they want to meet; NULL: any
    pref_max_age  INTEGER CHECK (pref_max_age BETWEEN 0 AND 150),
    pref_distance_km INTEGER CHECK (pref_distance_km > 0),
    created_at    TEXT NOT NULL,
    last_active   TEXT,                      -- to the minute
    hide_activity INTEGER NOT NULL DEFAULT 0 CHECK (hide_activity IN (0, 1)),  -- others do not learn when they are here
    event_seq     INTEGER NOT NULL DEFAULT 0 CHECK (event_seq >= 0),  -- the seq of their latest event
    terms_accepted_at TEXT,                  -- NULL: the client never said so
    suspended_until TEXT,                    -- before that they are shut out
    banned_at     TEXT,                      -- since then they are, for good
    deleted_at    TEXT,                      -- they left; the row stands for somebody who is gone
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

INSERT INTO users (id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
                   latitude, longitude, birthday, created_at, last_active, hide_activity, event_seq,
                   terms_accepted_at, suspended_until, banned_at, deleted_at)
    SELECT id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location, latitude,
           longitude, birthday, created_at, last_active, hide_activity, event_seq, terms_accepted_at, suspended_until,
           banned_at, deleted_at
    FROM old_users;

DELETE FROM sqlite_sequence WHERE name = 'users';
UPDATE sqlite_sequence SET name = 'users' WHERE name = 'old_users';

DROP TABLE old_users;

PRAGMA legacy_alter_table = OFF;

CREATE TABLE origins (           -- from where somebody looked for people on a day, so that nobody measures others out
    user_id INTEGER NOT NULL REFERENCES users (id),
    day     TEXT NOT NULL,
    cell    INTEGER NOT NULL,                -- of about 5 km
    PRIMARY KEY (user_id, day, cell)         -- how many were it today? this one?
) STRICT;

CREATE TABLE discovery (         -- of each person what tells who fits whom; made from users, in the same transaction
    user_id       INTEGER PRIMARY KEY REFERENCES users (id),
    birthday      TEXT,                      -- who has none is not shown
    gender        TEXT NOT NULL,             -- its words between blanks, in lower case: " female "
    interested_in TEXT NOT NULL,             -- likewise; a blank: anyone
    pref_min_age  INTEGER,
    pref_max_age  INTEGER,
    pref_distance_km INTEGER,
    is_pictured   INTEGER NOT NULL CHECK (is_pictured IN (0, 1)),
    latitude      REAL,                      -- of a point of the grid near them, all that others may learn
    longitude     REAL,
    x             REAL,                      -- the same as a unit vector
    y             REAL,
    z             REAL,
    cell_5        INTEGER,                   -- the same as cells of about 5, 24, 120 and 600 km
    cell_24       INTEGER,
    cell_120      INTEGER,
    cell_600      INTEGER,
    active_since  TEXT,                      -- when they last came, at most once an hour; NULL: not to be told
    active_before TEXT                       -- when they had come before that
) STRICT;

INSERT INTO discovery
    SELECT id, birthday, words(gender), words(interested_in), NULL, NULL, NULL, coalesce(photo_url, '') <> '',
           grid_latitude(latitude, longitude), grid_longitude(latitude, longitude),
           grid_vector(latitude, longitude, 0), grid_vector(latitude, longitude, 1),
           grid_vector(latitude, longitude, 2),
           grid_cell(latitude, longitude, 0), grid_cell(latitude, longitude, 1),
           grid_cell(latitude, longitude, 2), grid_cell(latitude, longitude, 3),
           CASE hide_activity WHEN 0 THEN last_active END, NULL
    FROM users
    WHERE deleted_at IS NULL;

CREATE INDEX discovery_by_activity ON discovery (active_since, user_id);      -- who came last?
CREATE INDEX discovery_by_cell_5 ON discovery (cell_5, user_id);           -- who is there?
CREATE INDEX discovery_by_cell_24 ON discovery (cell_24, user_id);
CREATE INDEX discovery_by_cell_120 ON discovery (cell_120, user_id);
CREATE INDEX discovery_by_cell_600 ON discovery (cell_600, user_id);
CREATE INDEX discovery_active_5 ON discovery (cell_5, active_since, user_id); -- who came last there?
CREATE INDEX discovery_active_24 ON discovery (cell_24, active_since, user_id);
CREATE INDEX discovery_active_120 ON discovery (cell_120, active_since, user_id);
CREATE INDEX discovery_active_600 ON discovery (cell_600, active_since, user_id);
