"""Machines that say who vouched for what."""
