-- The public key that a tablet made when it was paired over HTTPS; NULL: it came without one, its cookie is all it has.
ALTER TABLE tablet ADD COLUMN device_key BLOB;
