"""A model on disk: found, its sizes and weights read, its tokenizer, its graph compiled."""
