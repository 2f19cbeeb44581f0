-- What this box knows of its hub. Not of the replica: a rebuilt one must not believe another hub.

CREATE TABLE hub (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    epoch    INTEGER NOT NULL,       -- as it last said; a higher one: it was restored from a backup. 0: never heard
    key      TEXT NOT NULL,          -- its public keys, hex: what it signs with now, and next; empty: never heard
    next_key TEXT NOT NULL
);
INSERT INTO hub VALUES (1, 0, '', '');
