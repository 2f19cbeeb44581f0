"""HTTPS of the box itself: its own authority, its name on the network, and how a tablet comes to trust it."""
