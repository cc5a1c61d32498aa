"""What is known from data: rules, and summaries of code outside the program (``rules/``).

- ``matchers`` are the few kinds of check; a rule chooses one and names its targets.
"""
