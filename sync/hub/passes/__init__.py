"""A customer's pass on their own phone: a page whose code changes, a file for Apple Wallet, a link to Google's."""
