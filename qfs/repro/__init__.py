"""The room repro."""
