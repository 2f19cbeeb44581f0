"""What each word after `welkom` does: one file a command,

Each has `add(parser)` and `run(words) -> exit status`.
"""
