"""A whole invented shop in one process, for people who want to see it and for tests that want all of it."""
