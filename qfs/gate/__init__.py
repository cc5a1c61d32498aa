"""The room gate."""
