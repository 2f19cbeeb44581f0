"""The appliance: what runs on the mini-PC in a shop. README.md has the map."""
