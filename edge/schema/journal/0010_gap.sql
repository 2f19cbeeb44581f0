-- Which empty fields of a product headquarters was told of, so that it hears of each once.
CREATE TABLE product_gap (
    item    TEXT PRIMARY KEY,
    lacking TEXT NOT NULL                -- names with a space between, in the order of the page
) WITHOUT ROWID;
