-- What customers asked for on their own page in the shop and headquarters did not carry out yet.
CREATE TABLE own_request (
    customer_id BLOB NOT NULL,
    kind        TEXT NOT NULL,           -- forget, name, birthday
    shown       TEXT NOT NULL,           -- what their card or phone proved: strong, unlocked
    sealed      BLOB NOT NULL,           -- what is right, opened by the customer's own key alone; empty: forget
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (customer_id, kind)
) WITHOUT ROWID;
