"""The room trail."""
