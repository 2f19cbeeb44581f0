"""Visits: somebody enters, is greeted once, is helped, and leaves; and who looked at what meanwhile."""
