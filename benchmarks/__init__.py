"""Speed and memory, measured by hand, never by tests: one command each, see README.md."""
