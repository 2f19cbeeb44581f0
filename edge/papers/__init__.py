"""The retailer's papers: written from the settings and tables of one installation, to be signed or hung on a door."""
