"""Readers of the formats in which sources publish: one module a format."""
