-- Sessions say when they were used, let a refresh be repeated for some seconds, and end for good after 90 days.
-- People may have accepted terms, and may leave, which closes chats; the latest swipe of each can be found.

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
    created_at    TEXT NOT NULL,
    last_active   TEXT,
    event_seq     INTEGER NOT NULL DEFAULT 0 CHECK (event_seq >= 0),  -- the seq of their latest event
    terms_accepted_at TEXT,                  -- NULL: the client never said so
    deleted_at    TEXT,                      -- they left; the row stands for somebody who is gone
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

INSERT INTO users (id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
                   latitude, longitude, birthday, created_at, last_active, event_seq)
    SELECT id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
           latitude, longitude, birthday, created_at, last_active, event_seq
    FROM old_users;

ALTER TABLE chats RENAME TO old_chats;
DROP INDEX chats_by_user1;
DROP INDEX chats_by_user2;

CREATE TABLE chats (             -- a match of two people
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user1_id        INTEGER NOT NULL REFERENCES users (id),
    user2_id        INTEGER NOT NULL REFERENCES users (id),
    created_at      TEXT NOT NULL,
    last_message_id INTEGER NOT NULL DEFAULT 0,                      -- 0: no message yet
    closed_at       TEXT,                                            -- nothing can be sent any more
    UNIQUE (user1_id, user2_id),             -- is there a chat of these two?
    CHECK (user1_id < user2_id)
) STRICT;
CREATE INDEX chats_by_user1 ON chats (user1_id, last_message_id, id); -- my chats, newest activity first?
CREATE INDEX chats_by_user2 ON chats (user2_id, last_message_id, id); -- the same, where I stand second

INSERT INTO chats (id, user1_id, user2_id, created_at, last_message_id)
    SELECT id, user1_id, user2_id, created_at, last_message_id
    FROM old_chats;

CREATE INDEX swipes_by_user ON swipes (user_id, created_at);

ALTER TABLE sessions RENAME TO old_sessions;

CREATE TABLE sessions (          -- a signed-in device; no token is stored
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    device_id       TEXT NOT NULL,
    counter         INTEGER NOT NULL DEFAULT 0 CHECK (counter >= 0),  -- refreshes so far; names the one valid token
    imported_sha256 TEXT UNIQUE,             -- of the refresh token that the first server gave, good while counter is 0
    created_at      TEXT NOT NULL,
    last_used_at    TEXT NOT NULL,           -- to the minute
    refreshed_at    TEXT,                    -- for some seconds after it the token before the current one is good, too
    expires_at      TEXT NOT NULL,           -- unless it is refreshed before
    ends_at         TEXT NOT NULL,           -- however often it is refreshed
    UNIQUE (user_id, device_id)
) STRICT;

INSERT INTO sessions (id, user_id, device_id, counter, imported_sha256, created_at, last_used_at, expires_at, ends_at)
    SELECT id, user_id, device_id, counter, imported_sha256, created_at, created_at,
           min(expires_at, rfc3339(datetime('now', '+90 days'))), rfc3339(datetime('now', '+90 days'))
    FROM old_sessions;

-- Ids that were given once are never given again.

DELETE FROM sqlite_sequence WHERE name IN ('users', 'sessions', 'chats');
UPDATE sqlite_sequence SET name = substr(name, 5) WHERE name IN ('old_users', 'old_sessions', 'old_chats');

DROP TABLE old_chats;
DROP TABLE old_users;
DROP TABLE old_sessions;

PRAGMA legacy_alter_table = OFF;
