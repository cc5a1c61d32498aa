"""The main job of QFS from end to end, on real input: what ``make demo`` shows."""
