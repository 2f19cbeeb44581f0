"""Every page in its states, on invented data: a file a page, for `welkom gallery` and its tests."""
