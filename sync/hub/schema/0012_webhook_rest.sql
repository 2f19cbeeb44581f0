-- An address that takes nothing rests with all its messages, and holds up no other.
ALTER TABLE webhook ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;    -- that failed in a row
ALTER TABLE webhook ADD COLUMN next_ms INTEGER NOT NULL DEFAULT 0;  -- it is told nothing before
DROP INDEX webhook_message_next;
CREATE INDEX webhook_message_due ON webhook_message (webhook_id, next_ms, id);
