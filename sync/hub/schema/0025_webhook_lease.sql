-- One hub at a time tells a webhook, so that its messages are told in their order.
ALTER TABLE webhook ADD COLUMN leased_ms INTEGER NOT NULL DEFAULT 0;  -- so long another hub tells it
