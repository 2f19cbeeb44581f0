"""What every part needs and nobody is proud of: clock, ids, SQLite, errors, log, sealing, sd_notify."""
