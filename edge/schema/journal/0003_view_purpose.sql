-- Looking into the wallet is another purpose than recognising someone: a line of its own in the view log.

CREATE TABLE view_log_by_purpose (
    visit_id    BLOB NOT NULL,
    role        TEXT NOT NULL,
    purpose     TEXT NOT NULL,
    customer_id BLOB NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (visit_id, role, purpose)
) WITHOUT ROWID;
INSERT INTO view_log_by_purpose (visit_id, role, purpose, customer_id, at_ms)
    SELECT visit_id, role, purpose, customer_id, at_ms FROM view_log;
DROP TABLE view_log;
ALTER TABLE view_log_by_purpose RENAME TO view_log;
