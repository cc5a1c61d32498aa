"""The room certmath."""
