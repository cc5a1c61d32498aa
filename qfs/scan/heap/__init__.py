"""What statements change: variables, attributes, items, and the other ways that lead there."""
