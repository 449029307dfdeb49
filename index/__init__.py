"""What a lead is, where it is recorded, and how it is found."""
