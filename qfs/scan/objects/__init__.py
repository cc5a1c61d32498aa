"""How objects answer: calls that nobody writes, comparing, names of types, classes and scopes."""
