-- Whom a kept answer and a waiting message are about, so that an erasure finds them.

ALTER TABLE api_answer ADD COLUMN customer_id BLOB;
ALTER TABLE webhook_message ADD COLUMN customer_id BLOB;
CREATE INDEX api_answer_customer ON api_answer (customer_id);
CREATE INDEX webhook_message_customer ON webhook_message (customer_id);
