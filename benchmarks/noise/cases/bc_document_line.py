"""The same text parsed in another folder names another file."""

from beancount.parser import parser

entries, _, _ = parser.parse_string('2026-01-01 document Assets:Cash "bill"\n')
print([each.filename for each in entries])
