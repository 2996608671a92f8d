"""The command line: `app` and a file for each command, imported only when it is called."""
