"""Members of another shop: known here for a visit, and served without a line as well."""
