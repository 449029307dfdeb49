"""One declaration a source."""
