"""The room scan."""
