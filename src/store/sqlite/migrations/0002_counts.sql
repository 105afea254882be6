-- Texts are escaped so that a piece is found in the escaped text just where it is in the text (see text.rs).
-- The program fills the new tables from `old_events`, and drops that.
DROP INDEX events_by_time;
ALTER TABLE events RENAME TO old_events;

-- What the counted fields of events hold together, as JSON. Rows are never changed or taken away.
CREATE TABLE kinds (
    id     INTEGER PRIMARY KEY CHECK (id > 0),
    fields TEXT NOT NULL UNIQUE
) STRICT;

-- Times are microseconds since 1970. `body` comes last: a filter is decided without reading through it.
CREATE TABLE events (
    source      INTEGER NOT NULL REFERENCES sources (id),
    id          TEXT NOT NULL,
    event_time  INTEGER NOT NULL,
    recorded_at INTEGER,
    kind        INTEGER NOT NULL,
    actor_id    TEXT,
    request_url TEXT,
    entity_ref  TEXT,
    body        TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX events_by_id ON events (id, source);
-- The order of every answer, read from its end; with the kind, so that a filter needs no event.
CREATE INDEX events_by_time ON events (event_time, id, source, kind);
CREATE INDEX events_by_kind ON events (kind, event_time, id, source);
-- Fields of many values are counted by these, together with any kind.
CREATE INDEX events_by_actor ON events (actor_id, event_time, id, source, kind) WHERE actor_id IS NOT NULL;
CREATE INDEX events_by_url ON events (request_url, event_time, id, source, kind) WHERE request_url IS NOT NULL;
CREATE INDEX events_by_entity ON events (entity_ref, event_time, id, source, kind) WHERE entity_ref IS NOT NULL;

-- How many events of a kind lie in each hour (grain 0), day (1) and month (2) of UTC. `start` is its first hour, in hours
-- since 1970; kind 0 is all kinds together. Always equal to what counting the events would give.
CREATE TABLE counts (
    grain INTEGER NOT NULL,
    kind  INTEGER NOT NULL,
    start INTEGER NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (grain, kind, start)
) STRICT, WITHOUT ROWID;
