"""From what a source said to a normalised lead."""
