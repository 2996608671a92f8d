"""OpenAI's protocol: what is asked, and what is answered."""
