"""Other right answers for step 20."""

ALTERNATIVES = {}
