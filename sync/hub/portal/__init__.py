"""The customer's own page, and headquarters' pane: what the hub shows to people."""
