"""The terminal view of a log through time: keys and colours over the values of `qfs.app.browsing`.

- Imports Textual, the extra ``tui``; nothing else of the program imports this package at its start.
"""
