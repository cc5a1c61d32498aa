"""The room crypto."""
