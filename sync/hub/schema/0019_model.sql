-- What headquarters learnt of how people buy, by name; nobody's purchases stand in it. One for all shops.
CREATE TABLE model (
    name TEXT PRIMARY KEY,
    ver  INTEGER NOT NULL,           -- of the feed row
    d    BLOB NOT NULL               -- the body of the feed row, JSON
) WITHOUT ROWID;
