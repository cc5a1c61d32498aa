"""The scanner: from source bytes to findings about determinism, without touching the outside.

- ``extract`` turns one file into facts; trees are never kept, facts may be cached by content.
- ``link`` joins the facts of many files; ``solve`` finds what each function returns and does.
- ``verdict`` walks from the entry points to every effect, and says how certain the way is.
- Rules and summaries are data (``rules/``); the engine knows mechanisms, data knows names.
- Everything is bounded by structure, never by time: the same bytes in give the same bytes out.
"""
