"""From a token to a customer who may be recognised, a stranger, or somebody who wants to be left alone."""
