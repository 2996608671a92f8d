"""The model behind MAX's server: its architecture, the protocol, and a page to play with."""
