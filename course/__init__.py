"""The course: what checks a step and talks to the reader."""
