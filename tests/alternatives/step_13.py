"""Other right answers for step 13."""

ALTERNATIVES = {}
