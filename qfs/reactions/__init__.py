"""The room reactions."""
