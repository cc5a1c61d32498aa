"""The terminal: parse, call qfs.app, print, exit."""
