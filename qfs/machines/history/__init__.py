"""Machines that keep what happened elsewhere."""
