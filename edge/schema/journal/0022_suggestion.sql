-- What was suggested at a visit and what became of it, while its customer may be profiled; never who of the staff it was.
CREATE TABLE suggestion (
    visit_id    BLOB NOT NULL,
    item        TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    reason      TEXT NOT NULL,           -- its code
    shown_ms    INTEGER NOT NULL,
    said        INTEGER NOT NULL DEFAULT 0,
    away        TEXT NOT NULL DEFAULT '',  -- why it was put away; empty: it was not
    PRIMARY KEY (visit_id, item)
) WITHOUT ROWID;
CREATE INDEX suggestion_customer ON suggestion (customer_id);
CREATE INDEX suggestion_shown ON suggestion (shown_ms);
