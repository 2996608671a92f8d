"""Other right answers for step 19."""

ALTERNATIVES = {}
