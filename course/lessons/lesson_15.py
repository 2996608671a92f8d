"""Step 15: the cache of keys and values."""

from course.lesson import Construction, Kind, Lesson, Misconception, Symbolic
from course.lessons.caches import (
    any_cache,
    cached_in_graph,
    in_masks,
    in_pieces,
    in_turns,
    left_behind,
)
from course.lessons.tiny import PLAIN, WIDE

THREE_HEADS = Construction("CachedAttention(config)", lambda step: step.CachedAttention(WIDE))
TWO_HEADS = Construction("CachedAttention(other)", lambda step: step.CachedAttention(PLAIN))
CACHE = "keys, values, mask = self.cache.keys, self.cache.values, self.cache.mask"
SIZES = "new, total = query.shape[2], mask.shape[-1]"
PLACES = "slice(TensorValue(total - new), TensorValue(total))"
KEYS = "keys[:, :, (places, new)] = key\n"
VALUES = "values[:, :, (places, new)] = value\n"
ALL_KEYS, ALL_VALUES = "keys[:, :, :total]", "values[:, :, :total]"
ATTEND = f"super().attend(query, {ALL_KEYS}, {ALL_VALUES}, mask)"
STEP_7 = "super().attend(query, key, value, mask)"
NO_MASK = {CACHE: "keys, values = self.cache.keys, self.cache.values"}
NOT_STORED = {KEYS: "pass\n", VALUES: "pass\n"}
JOIN = "from max.experimental import functional as F; return super().attend"

LESSON = Lesson(
    number=15,
    title="The cache",
    defines={"LayerCache": Kind.DATACLASS, "CachedAttention": Kind.MODULE},
    hints=(
        "Everything but the place of keys and values is step 7's already. Of new tokens it makes "
        "queries, keys and values; the new keys and values have to go behind those of the earlier "
        "tokens, and the queries have to meet all of them. How many tokens there are in all, the "
        "last axis of the cache's mask says; how many are new, the query.",
        "`keys[:, :, 2:5] = key` writes into a tensor in place, and `keys[:, :, :5]` reads a part. "
        "In a graph sizes are names: reading takes them as they are, `keys[:, :, :total]`. Storing "
        "wants a pair instead of `start:end`: `(slice(TensorValue(start), TensorValue(end)), "
        "length)`. `super().attend` is step 7's.",
        "`new, total = query.shape[2], mask.shape[-1]`, with the cache's mask. The new ones go to "
        "the places from total - new to total, of keys and of values; what is attended to are the "
        "places up to total, of both, under that mask.",
    ),
    kernels=10,
    constructions=(THREE_HEADS, TWO_HEADS),
    experiments=(
        in_pieces(THREE_HEADS, WIDE, 5),
        in_pieces(THREE_HEADS, WIDE, 4, 1, 1),
        in_pieces(THREE_HEADS, WIDE, 1, 3),
        in_pieces(TWO_HEADS, PLAIN, 2, 3, 1),
        in_masks(THREE_HEADS, WIDE, 3, 2),
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
            {PLACES: "slice(0, TensorValue(new))"},
        ),
        *(
            Misconception(
                "total counts the new tokens already: they take the last of its places, not those "
                "behind them.",
                {PLACES: "slice(TensorValue(total), TensorValue(total + new))", **reading},
            )
            for reading in (
                {},
                {ALL_KEYS: "keys[:, :, : total + new]", ALL_VALUES: "values[:, :, : total + new]"},
            )
        ),
        Misconception(
            "The new ones are a place too far: counted from 0, the earlier tokens end one before "
            "their number, and the first new one has that place.",
            {PLACES: "slice(TensorValue(total - new + 1), TensorValue(total + 1))"},
        ),
        Misconception(
            "The new ones are stored at the end of the buffer: there is room between the tokens "
            "and its end.",
            {PLACES: "slice(TensorValue(keys.shape[2] - new), TensorValue(keys.shape[2]))"},
        ),
        Misconception(
            "Only the last of the new tokens is stored: a prompt brings many at once.",
            {
                PLACES: "slice(TensorValue(total - 1), TensorValue(total))",
                KEYS: "keys[:, :, (places, 1)] = key[:, :, -1:]\n",
                VALUES: "values[:, :, (places, 1)] = value[:, :, -1:]\n",
            },
        ),
        *(
            Misconception(
                "The new tokens see themselves alone: those in the cache are never looked at.",
                {ATTEND: attend},
            )
            for attend in (STEP_7, STEP_7.replace("mask)", "mask[..., (places, new)])"))
        ),
        Misconception(
            "The cache is left alone: this is step 7's attention, in which the new tokens see "
            "only themselves.",
            {CACHE: "pass", SIZES: f"return {STEP_7}"},
        ),
        Misconception(
            "Keys and values are swapped in the cache.",
            {KEYS: KEYS.replace("= key", "= value"), VALUES: VALUES.replace("= value", "= key")},
        ),
        Misconception(
            "Keys and values are swapped on their way out: step 7 takes the keys first.",
            {ALL_KEYS: ALL_VALUES, ALL_VALUES: ALL_KEYS},
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
            "Neither keys nor values are stored: the next step will not find them.", NOT_STORED
        ),
        Misconception(
            "Old and new ones are joined for this step alone: the next one looks into the buffers, "
            "so they have to be written.",
            {
                KEYS: f"{JOIN}(query, F.concat([keys[:, :, : total - new], key], axis=2), "
                "F.concat([values[:, :, : total - new], value], axis=2), mask)\n"
            },
        ),
        Misconception(
            "The new ones are joined to the whole buffer: only its beginning is filled, and the "
            "rest of it is room for them.",
            {
                KEYS: f"{JOIN}(query, F.concat([keys, key], axis=2), "
                "F.concat([values, value], axis=2), mask)\n"
            },
        ),
        Misconception(
            "The cache gets another tensor, which it refuses: who calls keeps the buffers, and "
            "finds only what is written into them.",
            {KEYS: "self.cache.keys = key\n"},
        ),
        Misconception(
            "Queries are stored in the place of keys: nobody needs a query again, but everybody "
            "who comes later needs the keys.",
            {KEYS: KEYS.replace("= key", "= query")},
        ),
        Misconception(
            "The whole buffer is attended to, empty places too: only total of them are filled.",
            {ALL_KEYS: "keys[:]", ALL_VALUES: "values[:]"},
        ),
        *(
            Misconception(
                "Step 7's mask is used: it is for the new tokens alone, and has no columns for the "
                "earlier ones. The cache has its own.",
                NO_MASK | {SIZES: sizes},
            )
            for sizes in (SIZES, SIZES.replace("mask", "self.cache.mask"))
        ),
        Misconception(
            "A mask is made anew: the cache's own may hide more, such as the padding of a text.",
            {
                SIZES: f"{SIZES}\n        from solutions.solution_02 import causal_mask",
                f"{ALL_VALUES}, mask": f"{ALL_VALUES}, causal_mask(new, total - new, "
                "dtype=query.dtype, device=query.device)",
            },
        ),
        *(
            Misconception(
                "The mask is taken to have two axes: there may be others in front of them, for "
                "texts and heads.",
                {SIZES: sizes},
            )
            for sizes in (
                "new, total = query.shape[2], mask.shape[1]",
                "new, total = mask.shape[0], mask.shape[-1]",
                "new, total = mask.shape",
            )
        ),
        Misconception(
            "There is no mask: within the new tokens, each sees those that come after it.",
            {f"{ALL_VALUES}, mask": f"{ALL_VALUES}, query[:, :1, :, :1] * 0.0"},
        ),
        *(
            Misconception(
                "The ends of a slice are computed from sizes here: to store, they have to be "
                "TensorValues, and the slice comes in a pair with its size.",
                change,
            )
            for change in (
                {KEYS: "keys[:, :, total - new : total] = key\n"},
                {KEYS: "keys[:, :, places] = key\n"},
                {PLACES: "slice(total - new, total)"},
            )
        ),
        Misconception(
            "The sizes are made numbers by int: in a graph they are names, and are computed with "
            "as they are.",
            {SIZES: "new, total = int(query.shape[2]), int(mask.shape[-1])"},
        ),
        Misconception(
            "Keys and values are attended to before the new ones are stored: a token has to see "
            "itself.",
            {
                KEYS: f"before = {ALL_KEYS} * 1.0, {ALL_VALUES} * 1.0; {KEYS}",
                f"(query, {ALL_KEYS}, {ALL_VALUES}": "(query, *before",
            },
        ),
        Misconception(
            "Only the earlier keys and values are attended to: a token has to see itself, too.",
            {ALL_KEYS: "keys[:, :, : total - new]", ALL_VALUES: "values[:, :, : total - new]"},
        ),
        Misconception(
            "All keys are looked at, but only the new values are there to be mixed: both come "
            "from all places.",
            {ALL_VALUES: "value"},
        ),
        *(
            Misconception(
                "The scores are scaled twice: step 7 divides them by the root of head_dim already.",
                change,
            )
            for change in (
                {KEYS: "keys[:, :, (places, new)] = key / self.head_dim**0.5\n"},
                {f"query, {ALL_KEYS}": f"query / self.head_dim**0.5, {ALL_KEYS}"},
            )
        ),
        Misconception(
            "The scores are not scaled: step 7 divides them by the root of head_dim.",
            {f"query, {ALL_KEYS}": f"query * self.head_dim**0.5, {ALL_KEYS}"},
        ),
        Misconception(
            "What attention returns is the new values: the queries have to choose among all.",
            {ATTEND: "value"},
        ),
    ),
)
