-- What was noted first is told first.
ALTER TABLE webhook_message ADD COLUMN n INTEGER NOT NULL DEFAULT 0;  -- 1, 2, … as they were noted
DROP INDEX webhook_message_due;
CREATE INDEX webhook_message_due ON webhook_message (webhook_id, next_ms, n, id);
CREATE INDEX webhook_message_n ON webhook_message (n);
