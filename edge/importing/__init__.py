"""Reading headquarters' files of customers, balances and staff, a line at a time however long they are."""
