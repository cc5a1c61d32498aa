"""Fuzzing of every decoder that reads what strangers wrote: targets, seeds, and the Atheris run."""
