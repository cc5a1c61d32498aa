"""A reset in between gives a label, and an allocation, a number that was given before."""

import sys

from vyper.codegen import context, core

made = [core._freshname("a"), context._generate_alloca_id()]
if sys.argv[1] == "2":
    core.reset_names()
print(core._freshname("a"), context._generate_alloca_id())
