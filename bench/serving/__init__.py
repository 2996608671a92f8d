"""`gpt2 bench --serve`: this project's server beside llama.cpp's, under the same load.

The load is MAX's own load generator, `max benchmark`, whose clients measure what they wait for.
"""
