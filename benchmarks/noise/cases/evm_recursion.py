"""Importing the package changes the interpreter's limit, unless it was higher already."""

import sys

if sys.argv[1] == "2":
    sys.setrecursionlimit(10_000_000)
import eth

print(sys.getrecursionlimit())
