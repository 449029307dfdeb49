"""Evaluations: what each step of ingestion is worth, measured on labelled data."""
