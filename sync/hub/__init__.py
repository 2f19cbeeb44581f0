"""The central wallet: takes in the facts of the shops and sends each shop what concerns its residents."""
