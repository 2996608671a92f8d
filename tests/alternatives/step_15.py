"""Other right answers for step 15."""

ALTERNATIVES = {}
