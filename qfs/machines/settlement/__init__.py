"""The machines of the group settlement."""
