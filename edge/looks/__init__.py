"""View receipts: each look at a customer's data is a line of one chain a box, whose head the hub holds."""
