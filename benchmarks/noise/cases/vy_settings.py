"""The settings that code generation reads are those that were set last."""

import sys

from vyper.compiler import settings

settings.set_global_settings(settings.Settings(evm_version="cancun"))
if sys.argv[1] == "2":
    settings.set_global_settings(settings.Settings(evm_version="london"))
print(settings.get_global_settings().evm_version)
