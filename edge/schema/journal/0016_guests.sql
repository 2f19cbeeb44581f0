-- What a card earned here that could not be asked about: that a form was written already, and nothing of the card.
CREATE TABLE guest_line (
    line_id    BLOB PRIMARY KEY,
    instrument TEXT NOT NULL,
    delta      INTEGER NOT NULL,
    at_ms      INTEGER NOT NULL
) WITHOUT ROWID;
