-- Who came before what somebody comes with was a line gets that line, once (sync/hub/first_lines.py).
ALTER TABLE hub ADD COLUMN opened TEXT;  -- the customer, in hex, up to whom that is done; NULL: all have theirs
UPDATE hub SET opened='' WHERE EXISTS (SELECT 1 FROM customer);
