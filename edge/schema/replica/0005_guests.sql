-- Members of another shop who are here for a visit; with its end everything about them goes.
CREATE TABLE guest (
    customer_id BLOB PRIMARY KEY,
    since_ms    INTEGER NOT NULL    -- names the stay, by the hub's clock
) WITHOUT ROWID;
