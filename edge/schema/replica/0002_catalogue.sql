-- What the shop sells, and how many there were when somebody counted. Nothing here is about a person.

CREATE TABLE product (
    item           TEXT PRIMARY KEY,
    gtin           TEXT NOT NULL,    -- 14 digits, or empty
    title          TEXT NOT NULL,
    brand          TEXT NOT NULL,
    category       TEXT NOT NULL,
    department     TEXT NOT NULL,
    price_cents    INTEGER NOT NULL,
    vat            INTEGER,          -- per cent; NULL: nobody said
    description    TEXT NOT NULL,
    sizes          TEXT NOT NULL,    -- a line each
    care           TEXT NOT NULL,
    origin         TEXT NOT NULL,
    sustainability TEXT NOT NULL,
    picture        TEXT NOT NULL,    -- a drawing of staff_ui/static/products.svg
    colour         TEXT NOT NULL,
    place          TEXT NOT NULL,
    durable        INTEGER NOT NULL,
    sensitive      INTEGER NOT NULL,
    alternatives   TEXT NOT NULL,    -- items, a line each
    ver            INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX product_gtin ON product (gtin) WHERE gtin != '';

CREATE TABLE stock (
    item     TEXT PRIMARY KEY,
    count    INTEGER NOT NULL,
    as_of_ms INTEGER NOT NULL,       -- when it was counted; the age is said with it
    ver      INTEGER NOT NULL
) WITHOUT ROWID;
