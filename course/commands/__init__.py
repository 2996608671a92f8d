"""What the course's commands do; imported only when they are called."""
