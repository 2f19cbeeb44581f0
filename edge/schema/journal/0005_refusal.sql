-- What a customer said no to: not suggested again for 14 days, and then forgotten. Purpose: profiling.

CREATE TABLE refusal (
    customer_id BLOB NOT NULL,
    item        TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    PRIMARY KEY (customer_id, item)
) WITHOUT ROWID;
CREATE INDEX refusal_at ON refusal (at_ms);
