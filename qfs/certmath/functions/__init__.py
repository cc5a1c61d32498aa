"""The functions on ``Fixed``: thin, one shape each, over the raw functions of this room."""
