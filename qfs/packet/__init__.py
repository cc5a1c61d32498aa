"""The room packet."""
