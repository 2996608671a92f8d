"""Step 15: the cache of keys and values."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.caches import any_cache, cached_in_graph, in_pieces, in_turns, left_behind
from course.lessons.tiny import PLAIN, WIDE

THREE_HEADS = Construction("CachedAttention(config)", lambda step: step.CachedAttention(WIDE))
TWO_HEADS = Construction("CachedAttention(other)", lambda step: step.CachedAttention(PLAIN))
START = "start, end = TensorValue(total - new), TensorValue(total)"
PLACES = "(slice(start, end), new)"
FILLED = "(slice(0, end), total)"
KEYS, VALUES = "keys[places] = key\n", "values[places] = value\n"
ATTEND = "super().attend(query, keys[filled], values[filled], mask)"

LESSON = Lesson(
    number=15,
    title="The cache",
    defines={"LayerCache": Kind.DATACLASS, "CachedAttention": Kind.MODULE},
    hints=(
        "Everything but the place of keys and values is step 7's already. Of new tokens it makes "
        "queries, keys and values; the new keys and values have to go behind those of the earlier "
        "tokens, and the queries have to meet all of them. How many tokens there are in all, the "
        "last axis of the cache's mask says; how many are new, the query.",
        "`keys[slices] = key` writes into a tensor in place, and `keys[slices]` reads a part. A "
        "slice for each axis: `slice(None)` for batch and heads. In a graph sizes are names, so "
        "the third is a pair: `slice(TensorValue(start), TensorValue(end))`, and how long it is. "
        "`super().attend` is step 7's.",
        "`new, total = query.shape[2], mask.shape[-1]`. The new ones go to the places "
        "`(slice(TensorValue(total - new), TensorValue(total)), new)`; what is attended to are the "
        "places `(slice(0, TensorValue(total)), total)`, of keys and of values, under the cache's "
        "mask.",
    ),
    kernels=11,
    constructions=(THREE_HEADS, TWO_HEADS),
    experiments=(
        in_pieces(THREE_HEADS, WIDE, 5),
        in_pieces(THREE_HEADS, WIDE, 4, 1, 1),
        in_pieces(THREE_HEADS, WIDE, 1, 3),
        in_pieces(TWO_HEADS, PLAIN, 2, 3, 1),
        in_turns(THREE_HEADS, WIDE),
        left_behind(THREE_HEADS, WIDE, "keys", 3, 2),
        left_behind(THREE_HEADS, WIDE, "values", 3, 2),
    ),
    symbolic=Symbolic(
        lambda subject: cached_in_graph(subject, THREE_HEADS), lambda: any_cache(WIDE)
    ),
    misconceptions=(
        Misconception(
            "The new keys and values overwrite the first ones: their place is behind those of the "
            "earlier tokens.",
            {
                START: f"{START}; zero = TensorValue(new)",
                PLACES: "(slice(0, zero), new)",
            },
        ),
        Misconception(
            "The new tokens see themselves alone: those in the cache are never looked at.",
            {ATTEND: "super().attend(query, key, value, mask[:, (slice(start, end), new)])"},
        ),
        Misconception(
            "Keys and values are swapped in the cache.",
            {KEYS: "keys[places] = value\n", VALUES: "values[places] = key\n"},
        ),
        Misconception(
            "The new keys are not stored: the next step will not find them.",
            {KEYS: "pass\n"},
        ),
        Misconception(
            "The new values are not stored: the next step will not find them.",
            {VALUES: "pass\n"},
        ),
        Misconception(
            "Queries are stored in the place of keys: nobody needs a query again, but everybody "
            "who comes later needs the keys.",
            {KEYS: "keys[places] = query\n"},
        ),
        Misconception(
            "The whole buffer is attended to, empty places too: only total of them are filled.",
            {FILLED: "slice(None)"},
        ),
        Misconception(
            "Step 7's mask is used: it is for the new tokens alone, and has no columns for the "
            "earlier ones. The cache has its own.",
            {
                "keys, values, mask = self.cache.keys, self.cache.values, self.cache.mask": (
                    "keys, values = self.cache.keys, self.cache.values"
                ),
                "mask.shape[-1]": "self.cache.mask.shape[-1]",
            },
        ),
        Misconception(
            "There is no mask: within the new tokens, each sees those that come after it.",
            {ATTEND: ATTEND.replace("mask)", "mask * 0.0)")},
        ),
        Misconception(
            "Keys and values are attended to before the new ones are stored: a token has to see "
            "itself.",
            {
                KEYS: "filled = (slice(None), slice(None), (slice(0, end), total)); "
                "before = keys[filled] * 1.0, values[filled] * 1.0; keys[places] = key\n",
                ATTEND: "super().attend(query, *before, mask)",
            },
        ),
        Misconception(
            "The keys of all are mixed with values of the cache's beginning only, or the other way "
            "round: both have the same places.",
            {ATTEND: ATTEND.replace("values[filled]", "values[places]")},
        ),
        Misconception(
            "The cache is scaled away: keys are stored divided by the root of head_dim, and step 7 "
            "divides once more.",
            {KEYS: "keys[places] = key / self.head_dim**0.5\n"},
        ),
        Misconception(
            "What attention returns is the new values: the queries have to choose among all.",
            {ATTEND: "value"},
        ),
    ),
)
