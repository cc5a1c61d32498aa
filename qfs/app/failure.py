"""How a command can fail, for the terminal: the exception roots and the exit codes."""

from qfs.errors import EnvironmentFault, InputError, ProviderFault, QFSError, UsageError
from qfs.halt import EXIT_HALTED, Halt

EXIT_CLEAN = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_BUG = 70
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count
EXIT_UNREAD = 141  # 128 + SIGPIPE

__all__ = [
    "EXIT_BUG",
    "EXIT_CLEAN",
    "EXIT_FINDINGS",
    "EXIT_HALTED",
    "EXIT_INTERRUPTED",
    "EXIT_UNREAD",
    "EXIT_USAGE",
    "EnvironmentFault",
    "Halt",
    "InputError",
    "ProviderFault",
    "QFSError",
    "UsageError",
]
