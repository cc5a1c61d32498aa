"""Named attacks and mistakes, each with the exact refusal, error or CIR code that it must get."""
