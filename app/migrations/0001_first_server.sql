-- From the first server's tables to schema 1. What the constraints below do not allow is kept in set_aside.
-- first_server.prepare runs before: it makes old_ids (ids out of range and what replaced them) and old_names.
-- Called from Python: text(blob), plain(type, blob), sha256(blob), rfc3339(blob), calendar_date(blob).

ALTER TABLE users RENAME TO old_users;
ALTER TABLE sessions RENAME TO old_sessions;
ALTER TABLE swipes RENAME TO old_swipes;
ALTER TABLE chats RENAME TO old_chats;
ALTER TABLE messages RENAME TO old_messages;
DROP TABLE IF EXISTS user_locations;

CREATE TABLE settings (          -- what the program keeps for itself, such as the secret that signs tokens
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

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
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

CREATE TABLE sessions (          -- a signed-in device; no token is stored
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    device_id       TEXT NOT NULL,
    counter         INTEGER NOT NULL DEFAULT 0 CHECK (counter >= 0),  -- refreshes so far; names the one valid token
    imported_sha256 TEXT UNIQUE,             -- of the refresh token that the first server gave, good while counter is 0
    created_at      TEXT NOT NULL,
    expires_at      TEXT NOT NULL,
    UNIQUE (user_id, device_id)
) STRICT;

CREATE TABLE swipes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    action     TEXT NOT NULL CHECK (action IN ('like', 'dislike')),
    created_at TEXT NOT NULL,
    UNIQUE (user_id, target_id),             -- whom have I seen? what did I think of them?
    CHECK (user_id <> target_id)
) STRICT;
CREATE INDEX swipes_by_target ON swipes (target_id, action, id);     -- who likes me, newest first?

CREATE TABLE chats (             -- a match of two people
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user1_id        INTEGER NOT NULL REFERENCES users (id),
    user2_id        INTEGER NOT NULL REFERENCES users (id),
    created_at      TEXT NOT NULL,
    last_message_id INTEGER NOT NULL DEFAULT 0,                      -- 0: no message yet
    UNIQUE (user1_id, user2_id),             -- is there a chat of these two?
    CHECK (user1_id < user2_id)
) STRICT;
CREATE INDEX chats_by_user1 ON chats (user1_id, last_message_id, id); -- my chats, newest activity first?
CREATE INDEX chats_by_user2 ON chats (user2_id, last_message_id, id); -- the same, where I stand second

CREATE TABLE messages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    chat_id     INTEGER NOT NULL REFERENCES chats (id),
    sender_id   INTEGER REFERENCES users (id),                       -- NULL: the system, to both
    receiver_id INTEGER REFERENCES users (id),
    content     TEXT NOT NULL,
    client_id   TEXT,                        -- the sender's own name for it, so that a retry is not a second message
    is_read     INTEGER NOT NULL DEFAULT 0 CHECK (is_read IN (0, 1)),
    created_at  TEXT NOT NULL,
    UNIQUE (sender_id, client_id),           -- did I send this already?
    CHECK ((sender_id IS NULL) = (receiver_id IS NULL))
) STRICT;
CREATE INDEX messages_by_chat ON messages (chat_id, id);             -- the history of a chat?
CREATE INDEX messages_unread ON messages (chat_id, receiver_id, id) WHERE is_read = 0; -- what have I not read there?

CREATE TABLE events (            -- all that a client must hear of, in order, one line of numbers for each person
    user_id    INTEGER NOT NULL REFERENCES users (id),
    seq        INTEGER NOT NULL CHECK (seq > 0),
    type       TEXT NOT NULL,
    payload    TEXT NOT NULL CHECK (json_valid(payload)),            -- the frame as it goes out
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, seq)               -- what has this person missed since seq?
) STRICT;

CREATE TABLE set_aside (         -- rows that an older database held and this schema does not allow
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    row_id     INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    original   TEXT NOT NULL CHECK (json_valid(original)),           -- the row as it was, secrets left out
    created_at TEXT NOT NULL
) STRICT;

-- For people who look into the database.

CREATE VIEW matches AS
    SELECT chats.id AS chat_id, one.username AS user1, two.username AS user2, chats.created_at AS matched_at
    FROM chats
    JOIN users AS one ON one.id = chats.user1_id
    JOIN users AS two ON two.id = chats.user2_id;

CREATE VIEW conversations AS
    SELECT messages.chat_id, messages.id AS message_id, messages.created_at AS sent_at,
           coalesce(sender.username, 'system') AS sender, receiver.username AS receiver,
           messages.is_read, messages.content
    FROM messages
    LEFT JOIN users AS sender ON sender.id = messages.sender_id
    LEFT JOIN users AS receiver ON receiver.id = messages.receiver_id;

CREATE VIEW unread AS
    SELECT users.username, messages.chat_id, count(*) AS unread, min(messages.created_at) AS since
    FROM messages
    JOIN users ON users.id = messages.receiver_id
    WHERE messages.is_read = 0
    GROUP BY users.username, messages.chat_id;

CREATE VIEW likes AS
    SELECT fan.username AS user, target.username AS likes, swipes.created_at AS since
    FROM swipes
    JOIN users AS fan ON fan.id = swipes.user_id
    JOIN users AS target ON target.id = swipes.target_id
    WHERE swipes.action = 'like';

-- Ids. Others took the place of those that are not 1 to 2^52.

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT table_name, id, 'this id is out of range: the row lives on as ' || id, json_object('id', old_id),
           rfc3339(datetime('now'))
    FROM old_ids;

-- People. Of names that are now one, the first keeps it and the later ones get their id as a suffix.

INSERT INTO users (id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
                   latitude, longitude, birthday, created_at, last_active)
    SELECT u.id, n.username, n.canonical, coalesce(text(CAST(u.password AS BLOB)), ''),
           text(CAST(u.name AS BLOB)),
           text(CAST(u.gender AS BLOB)),
           text(CAST(u.interested_in AS BLOB)),
           text(CAST(u.bio AS BLOB)),
           text(CAST(u.photo_url AS BLOB)),
           text(CAST(u.location AS BLOB)),
           iif(u.latitude BETWEEN -90 AND 90 AND u.longitude BETWEEN -180 AND 180, u.latitude, NULL),
           iif(u.latitude BETWEEN -90 AND 90 AND u.longitude BETWEEN -180 AND 180, u.longitude, NULL),
           calendar_date(CAST(u.birthday AS BLOB)),
           coalesce(rfc3339(CAST(u.created_at AS BLOB)), '1970-01-01T00:00:00.000Z'),
           rfc3339(CAST(u.last_active AS BLOB))
    FROM old_users AS u
    JOIN old_names AS n ON n.id = u.id;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', u.id, n.reason || ': the account lives on as ' || n.username,
           json_object('id', u.id, 'username', plain(typeof(u.username), CAST(u.username AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_users AS u
    JOIN old_names AS n ON n.id = u.id
    WHERE n.reason IS NOT NULL;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', u.id, 'not a place on earth, or half of one: the account lives on without it',
           json_object(
               'id', u.id,
               'latitude', plain(typeof(u.latitude), CAST(u.latitude AS BLOB)),
               'longitude', plain(typeof(u.longitude), CAST(u.longitude AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_users AS u
    JOIN users ON users.id = u.id
    WHERE users.latitude IS NULL AND (u.latitude IS NOT NULL OR u.longitude IS NOT NULL);

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', u.id, 'not a date: the account lives on without a birthday',
           json_object('id', u.id, 'birthday', plain(typeof(u.birthday), CAST(u.birthday AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_users AS u
    JOIN users ON users.id = u.id
    WHERE users.birthday IS NULL AND u.birthday IS NOT NULL;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', u.id, 'not a time: the account lives on without it',
           json_object(
               'id', u.id,
               'created_at', plain(typeof(u.created_at), CAST(u.created_at AS BLOB)),
               'last_active', plain(typeof(u.last_active), CAST(u.last_active AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_users AS u
    JOIN users ON users.id = u.id
    WHERE (users.created_at = '1970-01-01T00:00:00.000Z' AND u.created_at IS NOT NULL AND u.created_at NOT LIKE '0001-01-01%')
       OR (users.last_active IS NULL AND u.last_active IS NOT NULL AND u.last_active NOT LIKE '0001-01-01%');

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', u.id, 'a text is not UTF-8, or holds NUL: the account lives on with what can be read of it',
           json_object(
               'id', u.id,
               'name', plain(typeof(u.name), CAST(u.name AS BLOB)),
               'gender', plain(typeof(u.gender), CAST(u.gender AS BLOB)),
               'interested_in', plain(typeof(u.interested_in), CAST(u.interested_in AS BLOB)),
               'bio', plain(typeof(u.bio), CAST(u.bio AS BLOB)),
               'photo_url', plain(typeof(u.photo_url), CAST(u.photo_url AS BLOB)),
               'location', plain(typeof(u.location), CAST(u.location AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_users AS u
    JOIN users ON users.id = u.id
    WHERE (users.name, users.gender, users.interested_in, users.bio, users.photo_url, users.location)
          IS NOT (u.name, u.gender, u.interested_in, u.bio, u.photo_url, u.location);

-- Sessions. Refresh tokens go on working; only their hashes are kept.

INSERT INTO sessions (id, user_id, device_id, imported_sha256, created_at, expires_at)
    SELECT s.id, users.id, coalesce(text(CAST(s.device_id AS BLOB)), ''), sha256(CAST(s.refresh_token AS BLOB)),
           rfc3339(datetime('now')), coalesce(rfc3339(CAST(s.refresh_expires AS BLOB)), rfc3339(datetime('now')))
    FROM old_sessions AS s
    JOIN users ON users.id = s.user_id
    WHERE length(CAST(s.refresh_token AS BLOB)) > 0
    ORDER BY s.id
    ON CONFLICT DO NOTHING;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'sessions', s.id, 'a session of nobody, without a refresh token, or with the token or the device of another',
           json_object(
               'id', s.id,
               'user_id', plain(typeof(s.user_id), CAST(s.user_id AS BLOB)),
               'device_id', plain(typeof(s.device_id), CAST(s.device_id AS BLOB)),
               'refresh_expires', plain(typeof(s.refresh_expires), CAST(s.refresh_expires AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_sessions AS s
    WHERE s.id NOT IN (SELECT id FROM sessions);

-- Swipes. Of two on the same person the later one counts.

INSERT INTO swipes (id, user_id, target_id, action, created_at)
    SELECT s.id, fan.id, target.id, s.action, coalesce(rfc3339(CAST(s.created_at AS BLOB)), '1970-01-01T00:00:00.000Z')
    FROM old_swipes AS s
    JOIN users AS fan ON fan.id = s.user_id
    JOIN users AS target ON target.id = s.target_id
    WHERE fan.id <> target.id
      AND s.action IN ('like', 'dislike')
    ORDER BY s.id
    ON CONFLICT (user_id, target_id) DO UPDATE
    SET id = excluded.id, action = excluded.action, created_at = excluded.created_at;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'swipes', s.id, 'a swipe by nobody, on nobody or on oneself, an earlier one, or no swipe',
           json_object(
               'id', s.id,
               'user_id', plain(typeof(s.user_id), CAST(s.user_id AS BLOB)),
               'target_id', plain(typeof(s.target_id), CAST(s.target_id AS BLOB)),
               'action', plain(typeof(s.action), CAST(s.action AS BLOB)),
               'created_at', plain(typeof(s.created_at), CAST(s.created_at AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_swipes AS s
    WHERE s.id NOT IN (SELECT id FROM swipes);

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'swipes', s.id, 'not a time: the swipe stays, without it',
           json_object('id', s.id, 'user_id', s.user_id, 'created_at', plain(typeof(s.created_at), CAST(s.created_at AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_swipes AS s
    JOIN swipes ON swipes.id = s.id
    WHERE swipes.created_at = '1970-01-01T00:00:00.000Z' AND s.created_at IS NOT NULL;

-- Chats. Two chats of one pair become the first of them.

CREATE TABLE old_homes AS        -- each old chat of two people, and the chat in which its messages live on
    SELECT c.id, min(c.id) OVER (PARTITION BY min(one.id, two.id), max(one.id, two.id)) AS home,
           CAST(min(one.id, two.id) AS INTEGER) AS user1_id, CAST(max(one.id, two.id) AS INTEGER) AS user2_id,
           c.created_at
    FROM old_chats AS c
    JOIN users AS one ON one.id = c.user1_id
    JOIN users AS two ON two.id = c.user2_id
    WHERE one.id <> two.id;

INSERT INTO chats (id, user1_id, user2_id, created_at)
    SELECT h.id, h.user1_id, h.user2_id, coalesce(rfc3339(CAST(h.created_at AS BLOB)), '1970-01-01T00:00:00.000Z')
    FROM old_homes AS h
    WHERE h.id = h.home;

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'chats', c.id, coalesce('a second chat of the same two: its messages are in chat ' || h.home, 'a chat with nobody or oneself'),
           json_object(
               'id', c.id,
               'user1_id', plain(typeof(c.user1_id), CAST(c.user1_id AS BLOB)),
               'user2_id', plain(typeof(c.user2_id), CAST(c.user2_id AS BLOB)),
               'created_at', plain(typeof(c.created_at), CAST(c.created_at AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_chats AS c
    LEFT JOIN old_homes AS h ON h.id = c.id
    WHERE c.id NOT IN (SELECT id FROM chats);

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'chats', c.id, 'not a time: the chat stays, without it',
           json_object(
               'id', c.id,
               'user1_id', plain(typeof(c.user1_id), CAST(c.user1_id AS BLOB)),
               'user2_id', plain(typeof(c.user2_id), CAST(c.user2_id AS BLOB)),
               'created_at', plain(typeof(c.created_at), CAST(c.created_at AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_chats AS c
    JOIN chats ON chats.id = c.id
    WHERE chats.created_at = '1970-01-01T00:00:00.000Z' AND c.created_at IS NOT NULL;

-- Messages. A member's message is to the other member, whatever receiver was written down.

INSERT INTO messages (id, chat_id, sender_id, receiver_id, content, is_read, created_at)
    SELECT m.id, h.home,
           nullif(CAST(m.sender_id AS INTEGER), 0),
           CASE m.sender_id WHEN h.user1_id THEN h.user2_id WHEN h.user2_id THEN h.user1_id END,
           coalesce(text(CAST(m.content AS BLOB)), ''), coalesce(m.is_read, 0) NOT IN (0, '', 'false'),
           coalesce(rfc3339(CAST(m.created_at AS BLOB)), '1970-01-01T00:00:00.000Z')
    FROM old_messages AS m
    JOIN old_homes AS h ON h.id = m.chat_id
    WHERE m.sender_id IN (0, h.user1_id, h.user2_id);

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'messages', m.id, CASE WHEN h.id IS NULL THEN 'a message in a chat that is not there'
                WHEN kept.id IS NULL THEN 'a message by a stranger to the chat'
                WHEN kept.content IS NOT m.content THEN 'not UTF-8, or with NUL: the message stays, as far as it can be read'
                WHEN kept.receiver_id <> m.receiver_id
                    THEN 'the receiver was not in the chat: the message stays, to the other member'
                ELSE 'not a time: the message stays, without it' END,
           json_object(
               'id', m.id,
               'chat_id', plain(typeof(m.chat_id), CAST(m.chat_id AS BLOB)),
               'sender_id', plain(typeof(m.sender_id), CAST(m.sender_id AS BLOB)),
               'receiver_id', plain(typeof(m.receiver_id), CAST(m.receiver_id AS BLOB)),
               'content', plain(typeof(m.content), CAST(m.content AS BLOB)),
               'is_read', plain(typeof(m.is_read), CAST(m.is_read AS BLOB)),
               'created_at', plain(typeof(m.created_at), CAST(m.created_at AS BLOB))),
           rfc3339(datetime('now'))
    FROM old_messages AS m
    LEFT JOIN old_homes AS h ON h.id = m.chat_id
    LEFT JOIN messages AS kept ON kept.id = m.id
    WHERE kept.id IS NULL
       OR kept.content IS NOT m.content
       OR kept.receiver_id <> m.receiver_id
       OR (kept.created_at = '1970-01-01T00:00:00.000Z' AND m.created_at IS NOT NULL);

UPDATE chats
    SET last_message_id = coalesce((SELECT max(id) FROM messages WHERE messages.chat_id = chats.id), 0);

-- Ids that were given once are never given again.

CREATE TABLE old_sequence AS
    SELECT iif(name LIKE 'old\_%' ESCAPE '\', substr(name, 5), name) AS name, max(seq) AS seq
    FROM sqlite_sequence
    WHERE typeof(seq) = 'integer' AND seq BETWEEN 1 AND 1 << 53
    GROUP BY 1;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence (name, seq)
    SELECT name, seq
    FROM old_sequence
    WHERE name IN ('users', 'sessions', 'swipes', 'chats', 'messages', 'set_aside');

DROP TABLE old_sequence;
DROP TABLE old_homes;
DROP TABLE old_names;
DROP TABLE old_ids;
DROP TABLE old_messages;
DROP TABLE old_chats;
DROP TABLE old_swipes;
DROP TABLE old_sessions;
DROP TABLE old_users;
