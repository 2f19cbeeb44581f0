-- What headquarters learnt of how people buy, by name; the page that brought it was signed. Nobody's purchases.
CREATE TABLE model (
    name   TEXT PRIMARY KEY,
    packed BLOB NOT NULL,            -- edge/advice/ranking/packing.py
    sha256 TEXT NOT NULL,
    ver    INTEGER NOT NULL
) WITHOUT ROWID;
