"""Other right answers for step 16."""

ALTERNATIVES = {}
