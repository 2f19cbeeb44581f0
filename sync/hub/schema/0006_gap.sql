-- Empty fields of products that shops met when somebody asked for them; about nobody.
CREATE TABLE product_gap (
    item    TEXT NOT NULL,
    shop_id TEXT NOT NULL,
    lacking TEXT NOT NULL,               -- names with a space between
    at_ms   INTEGER NOT NULL,
    PRIMARY KEY (item, shop_id)
) WITHOUT ROWID;
