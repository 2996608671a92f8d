"""What travels with a text from the server's process to the model's."""

from dataclasses import dataclass, field

import numpy as np
from max.pipelines.context import EOSTracker, TextContext, TokenBuffer

from gpt2.text.options import Options


@dataclass(kw_only=True)
class Request(TextContext):
    """A text to be continued.

    Attributes:
        prompt_length: how many tokens the prompt has. MAX's own count grows where its scheduler
            takes a text's pages away, and has it read again.
        options: how tokens are chosen.
        logit_bias: what is added to the logits of some ids.
        top_logprobs: of how many of the likeliest tokens the log-probabilities are asked for,
            besides that of the token itself; None for none at all.
        echo: whether those of the prompt's tokens are asked for, too.
    """

    prompt_length: int
    options: Options
    logit_bias: dict[int, float] = field(default_factory=dict)
    top_logprobs: int | None = None
    echo: bool = False


def new_request(
    ids: list[int],
    options: Options,
    *,
    n_positions: int,
    end_of_text: int | None,
    logit_bias: dict[int, float],
    top_logprobs: int | None,
    echo: bool,
) -> Request:
    """A text that begins with ids, at most n_positions of them; options have a seed."""
    # The last token that fits is chosen when n_positions are read, and is never read itself.
    most = min(len(ids) + options.max_new_tokens, n_positions + 1)
    request = Request(
        max_length=most,
        tokens=TokenBuffer(np.array(ids, np.int64)),
        eos_tracker=EOSTracker(eos_token_ids=set() if end_of_text is None else {end_of_text}),
        prompt_length=len(ids),
        options=options,
        logit_bias=logit_bias,
        top_logprobs=top_logprobs,
        echo=echo,
    )
    if echo:  # pages of another text would spare the reading that the logits come from
        request.cache_salt = str(request.request_id)
    return request
