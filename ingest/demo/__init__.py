"""The demonstration feed: leads written for this project, of buyers that do not exist."""
