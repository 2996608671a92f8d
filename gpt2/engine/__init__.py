"""The engine: step 11's model with a cache, run as fast as the machine allows."""
