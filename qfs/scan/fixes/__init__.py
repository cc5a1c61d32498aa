"""Mending findings: edits of bytes, and of trees where the structure changes."""
