"""What is measured: this project beside its peers, and how long a reader waits."""
