"""The book's figures: what they show, and how it is drawn."""
