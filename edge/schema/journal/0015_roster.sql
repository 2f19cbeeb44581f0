-- Staff that headquarters keeps the list of: their personnel number. Empty `pin_hash`: no PIN was given here yet.
ALTER TABLE staff ADD COLUMN number TEXT;
CREATE UNIQUE INDEX staff_number ON staff (number) WHERE number IS NOT NULL;
