-- Texts are escaped (see text.rs) and compared byte by byte, so that PostgreSQL can hold the same values and answer alike.

-- What events came from. `read_to` and `prefix_sha256` say how far a file has been read, and what was in it up to there.
CREATE TABLE sources (
    id            INTEGER PRIMARY KEY,
    uuid          TEXT NOT NULL UNIQUE,
    read_to       INTEGER CHECK (read_to >= 0),
    prefix_sha256 BLOB CHECK (length(prefix_sha256) = 32),
    CHECK ((read_to IS NULL) = (prefix_sha256 IS NULL))
) STRICT;

-- Events that no file brought.
INSERT INTO sources (id, uuid) VALUES (1, '00000000-0000-0000-0000-000000000000');

-- Times are microseconds since 1970. `body` comes last: a filter is decided without reading through it.
CREATE TABLE events (
    source         INTEGER NOT NULL REFERENCES sources (id),
    id             TEXT NOT NULL,
    event_time     INTEGER NOT NULL,
    recorded_at    INTEGER,
    plugin_id      TEXT,
    event_id       TEXT,
    severity_level TEXT,
    actor_id       TEXT,
    actor_type     TEXT,
    status         TEXT,
    request_method TEXT,
    request_url    TEXT,
    action_type    TEXT,
    query_type     TEXT,
    entity_ref     TEXT,
    body           TEXT NOT NULL,
    UNIQUE (id, source)
) STRICT;

-- The order of every answer, read from its end.
CREATE INDEX events_by_time ON events (event_time, id, source);
