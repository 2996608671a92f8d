"""The texts that the figures run the model on, and the model's run on them."""

from functools import cache

from drawing.values import Layer, encode, layers, spell

SHAKESPEARE = "shakespeare"
WHEREFORE = "JULIET:\nO Romeo, Romeo! wherefore art thou Romeo?\n"
# "Romeo and Juliet", act 2, scene 2.
PASSAGE = """JULIET:
O Romeo, Romeo! wherefore art thou Romeo?
Deny thy father and refuse thy name;
Or, if thou wilt not, be but sworn my love,
And I'll no longer be a Capulet.

ROMEO:
Shall I hear more, or shall I speak at this?

JULIET:
'Tis but thy name that is my enemy;
Thou art thyself, though not a Montague.
What's Montague? it is nor hand, nor foot,
Nor arm, nor face, nor any other part
Belonging to a man. O, be some other name!
"""


@cache
def followed(text: str) -> tuple[list[int], list[str], list[Layer]]:
    """A text's ids and their spelling, both of length seq, and what each block does with it."""
    ids = encode(SHAKESPEARE, text)
    return ids, spell(SHAKESPEARE, ids), layers(SHAKESPEARE, ids)
