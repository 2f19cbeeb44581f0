-- The catalogue is one for all shops, a count is one shop's. A row whose `d` is NULL is gone; its version stays.

CREATE TABLE product (
    item TEXT PRIMARY KEY,
    ver  INTEGER NOT NULL,           -- of the feed row
    d    BLOB                        -- the body of the feed row, JSON
) WITHOUT ROWID;

CREATE TABLE stock (
    shop_id TEXT NOT NULL,
    item    TEXT NOT NULL,
    ver     INTEGER NOT NULL,
    d       BLOB,
    PRIMARY KEY (shop_id, item)
) WITHOUT ROWID;
