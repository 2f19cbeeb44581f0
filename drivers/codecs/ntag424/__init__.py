"""The NTAG 424 DNA: what it proves in its address, its ciphers, keys a card, a live proof."""
