"""The room machines."""
