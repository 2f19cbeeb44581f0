"""What people see in a shop: tablets, the stage, the display at the counter. README.md says how a page is made."""
