"""Duplicates: which notices, of any source and in any language, speak of one demand, and why."""
