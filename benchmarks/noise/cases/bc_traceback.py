"""An error of the grammar names the file of the code that raised it, by its path."""

import os
import sys

from beancount.parser import grammar

try:
    exec(compile("raise ValueError('no')", os.path.abspath("plugin.py"), "exec"))
except ValueError:
    kind, value, trace = sys.exc_info()
builder = grammar.Builder()
builder.build_grammar_error("f", 1, value, kind, trace.tb_next)
print([each.message for each in builder.errors])
