"""Other right answers for step 18."""

ALTERNATIVES = {}
