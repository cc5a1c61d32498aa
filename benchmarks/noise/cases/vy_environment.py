"""The compiler's settings come from the environment, at import."""

import os
import sys

for name in ("VYPER_COLOR_OUTPUT", "VYPER_ERROR_CONTEXT_LINES", "VYPER_TRACEBACK_LIMIT"):
    os.environ[name] = sys.argv[1]
os.environ["VYPER_ERROR_LINE_NUMBERS"] = sys.argv[1]
os.environ["VENOM_ENABLE_LEGACY_OPTIMIZER"] = str(int(sys.argv[1]) - 1)
from vyper.compiler import settings

asked = sys.argv[2] if len(sys.argv) > 2 else ""
print(
    settings.VYPER_COLOR_OUTPUT, settings.VYPER_ERROR_CONTEXT_LINES,
    settings.VYPER_ERROR_LINE_NUMBERS, settings.VYPER_TRACEBACK_LIMIT,
    settings.VENOM_ENABLE_LEGACY_OPTIMIZER,
)  # fmt: skip
