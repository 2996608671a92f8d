"""The code of a step, ours or the reader's, runs in a process of its own, and is asked from here.

`client` asks `server`, which answers with the outcomes of a `trial`, as data; `process` is the
server's process seen from outside, and `keeper` its parent, which ends all that it started.
"""
