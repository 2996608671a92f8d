"""Running the model of `solutions/`: checkpoints, tokenizer, text, command line."""

__version__ = "0.1.0"
