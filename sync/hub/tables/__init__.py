"""Every SQL statement of the hub, beside the function that needs it."""
