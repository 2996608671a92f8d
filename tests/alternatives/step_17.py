"""Other right answers for step 17."""

ALTERNATIVES = {}
