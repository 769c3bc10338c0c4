-- What a new database gets. Times are RFC 3339 text in UTC, names starting with is_ or hide_ are booleans (0 or 1),
-- and a change here goes with a migration that brings an old database to the very same schema.

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
CREATE INDEX users_by_password_cost ON users (substr(password_hash, 5, 2)); -- which cost is the highest?

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

CREATE TABLE origins (           -- from where somebody looked for people on a day, so that nobody measures others out
    user_id INTEGER NOT NULL REFERENCES users (id),
    day     TEXT NOT NULL,
    cell    INTEGER NOT NULL,                -- of about 5 km
    PRIMARY KEY (user_id, day, cell)         -- how many were it today? this one?
) STRICT;

CREATE TABLE sessions (          -- a signed-in device; no token is stored
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    device_id       TEXT NOT NULL,
    counter         INTEGER NOT NULL DEFAULT 0 CHECK (counter >= 0),  -- of the latest refresh token; the one before is good too
    imported_sha256 TEXT UNIQUE,             -- of the refresh token that the first server gave, which stands for counter 0
    created_at      TEXT NOT NULL,
    last_used_at    TEXT NOT NULL,           -- to the minute
    expires_at      TEXT NOT NULL,           -- unless it is refreshed before
    ends_at         TEXT NOT NULL,           -- however often it is refreshed
    UNIQUE (user_id, device_id)
) STRICT;
CREATE INDEX sessions_by_use ON sessions (user_id, last_used_at, id); -- which devices of mine were used last?
CREATE INDEX sessions_by_end ON sessions (expires_at);               -- which have expired?

CREATE TABLE ended_sessions (    -- sessions that their user ended; a repeated DELETE succeeds
    session_id INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    ended_at   TEXT NOT NULL
) STRICT;
CREATE INDEX ended_sessions_by_user ON ended_sessions (user_id, ended_at); -- which are old?

CREATE TABLE birthday_changes (  -- limited, since a birthday tells which ages others wish to meet
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX birthday_changes_by_user ON birthday_changes (user_id, created_at); -- how many this year?

CREATE TABLE swipes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    action     TEXT NOT NULL CHECK (action IN ('like', 'dislike')),
    created_at TEXT NOT NULL,
    UNIQUE (user_id, target_id),             -- whom have I seen? what did I think of them?
    CHECK (user_id <> target_id)
) STRICT;
CREATE INDEX swipes_by_user ON swipes (user_id, created_at);         -- whom did I swipe last? how many today?
CREATE INDEX swipes_by_target ON swipes (target_id, action, id);     -- who likes me, newest first?
CREATE UNIQUE INDEX swipes_of_target ON swipes (target_id, user_id, action); -- does this one like me?

CREATE TABLE latest_swipes (     -- what DELETE /swipe/last takes back
    user_id   INTEGER PRIMARY KEY REFERENCES users (id),
    target_id INTEGER NOT NULL REFERENCES users (id),  -- of the latest swipe, also when it is gone
    undone_id INTEGER REFERENCES users (id), -- the target of the latest undone swipe
    undone_at TEXT,
    CHECK ((undone_id IS NULL) = (undone_at IS NULL))
) STRICT;

CREATE TABLE likes_given (       -- likes of the last 24 hours, also those taken back since
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX likes_given_by_user ON likes_given (user_id, created_at); -- how many in 24 hours?

CREATE TABLE chats (             -- a match of two people
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user1_id        INTEGER NOT NULL REFERENCES users (id),
    user2_id        INTEGER NOT NULL REFERENCES users (id),
    created_at      TEXT NOT NULL,
    last_message_id INTEGER NOT NULL DEFAULT 0,                      -- 0: no message yet
    closed_at       TEXT,                                            -- nothing can be sent any more
    unmatched_by    INTEGER REFERENCES users (id),                   -- who closed it; the two do not meet again
    hidden_at       TEXT,                                            -- one blocked the other; neither sees it any more
    CHECK (user1_id < user2_id),
    CHECK (closed_at IS NOT NULL OR (unmatched_by IS NULL AND hidden_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX chats_open ON chats (user1_id, user2_id) WHERE closed_at IS NULL; -- two have one chat at a time
CREATE INDEX chats_by_pair ON chats (user1_id, user2_id, id);        -- which chats did these two ever have?
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
    request_id TEXT,                         -- what caused it, as the log of `web` has it; NULL: the command line
    PRIMARY KEY (user_id, seq)               -- what has this person missed since seq?
) STRICT;

CREATE TABLE blocks (            -- the two do not exist for each other
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, target_id),        -- did I block them?
    CHECK (user_id <> target_id)
) STRICT;
CREATE INDEX blocks_by_target ON blocks (target_id, user_id);        -- did they block me?
CREATE INDEX blocks_by_user ON blocks (user_id, created_at, target_id); -- whom do I block, the latest first?

CREATE TABLE reports (           -- what people tell the moderators of each other
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    category   TEXT NOT NULL,
    priority   INTEGER NOT NULL CHECK (priority > 0),                -- of the category; 1 is the most urgent
    comment    TEXT NOT NULL,
    chat_id    INTEGER REFERENCES chats (id),
    message_id INTEGER REFERENCES messages (id),
    evidence   TEXT NOT NULL CHECK (json_valid(evidence)),           -- the target's profile and the chat as they were
    created_at TEXT NOT NULL,
    decision   TEXT CHECK (decision IN ('dismissed', 'suspended', 'banned')),
    decided_at TEXT,
    CHECK (user_id <> target_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX reports_open ON reports (user_id, target_id) WHERE decided_at IS NULL; -- did I report them already?
CREATE INDEX reports_queue ON reports (priority, id) WHERE decided_at IS NULL; -- what is to be looked into first?
CREATE INDEX reports_by_user ON reports (user_id, created_at);       -- how many did I make today?
CREATE INDEX reports_by_target ON reports (target_id, id);           -- what was ever said of this person?
CREATE INDEX reports_by_chat ON reports (chat_id);                   -- and of this chat?
CREATE INDEX reports_by_message ON reports (message_id);             -- and of this message?

CREATE TABLE decisions (         -- what moderators did
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    action     TEXT NOT NULL CHECK (action IN ('dismiss', 'suspend', 'ban', 'unban')),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    report_id  INTEGER REFERENCES reports (id),                      -- of a dismissal
    until      TEXT,                                                 -- of a suspension
    moderator  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_target ON decisions (target_id, id);       -- what was done about this person before?
CREATE INDEX decisions_by_report ON decisions (report_id);           -- who dismissed this report?

CREATE TABLE bans (              -- names that cannot be registered: of banned users, and of deleted users
    -- while a suspension lasts or a report is open, so that deleting the account evades neither
    name_hmac  TEXT PRIMARY KEY,             -- of users.canonical, by the ban_key in settings
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE erasures (          -- deleted accounts, some of whose rows are still to be deleted
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    started_at TEXT NOT NULL
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

CREATE VIEW open_reports AS
    SELECT reports.id, reports.priority, reports.category, reports.target_id AS user_id, target.username AS reported,
           reporter.username AS reporter, reports.comment, reports.created_at
    FROM reports
    JOIN users AS target ON target.id = reports.target_id
    JOIN users AS reporter ON reporter.id = reports.user_id
    WHERE reports.decided_at IS NULL;
