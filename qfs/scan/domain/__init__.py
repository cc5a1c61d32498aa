"""The abstract domain: what the engine knows of a value, and how values are joined and bounded."""
