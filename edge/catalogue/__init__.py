"""Products and stock: what a shop says of them, and how they are found by what somebody types."""
