"""What travels with a request from the server's process to the model's."""

from dataclasses import dataclass, field

from max.pipelines.context import TextContext

from gpt2.text.options import Options


@dataclass(kw_only=True)
class Request(TextContext):
    """A text to be continued.

    Attributes:
        prompt_tokens: how many of its tokens are the prompt's, also after the scheduler had to
            take its pages away and counts all as prompt.
        options: how tokens are chosen.
        logit_bias: what is added to the logits of some ids.
    """

    prompt_tokens: int
    options: Options
    logit_bias: dict[int, float] = field(default_factory=dict)
    top_logprobs: int = 0
    echo: bool = False
