"""Other right answers for step 14."""

ALTERNATIVES = {}
