"""Step 13: loading a checkpoint."""

from course.lesson import Kind, Lesson, Misconception
from course.lessons.checkpoints import (
    PREFIX,
    SHAPES,
    all_names,
    bfloat16,
    converted,
    how_many_are_not_0,
    loaded,
    names,
    refused,
    turned,
)
from course.lessons.tiny import features

BLOCK = [name for name in SHAPES if ".h." in name]
MATRICES = [name for name in BLOCK if ".c_" in name and name.endswith("weight")]
OTHERS = [name for name in SHAPES if name not in MATRICES]
C_PROJ = "h.0.attn.c_proj.weight"

REMOVED = "name = stored.removeprefix(PREFIX)"
PUT_BACK = "return PREFIX + name"
MASKS = r'or re.fullmatch(r"h\.\d+\.attn\.(masked_)?bias", name)'
MATCHED = r'return re.search(r"\.(c_attn|c_fc|c_proj)\.weight$", name) is not None'
WIDENED = "(stored.astype(np.uint32) << 16).view(np.float32)"
CONVERTED = "return stored.astype(np.float32, copy=False)"
TURNED = "array.T if is_conv1d(name) else array"
UNEXPECTED = 'raise ValueError(f"{stored_name} {list(array.shape)} is unexpected")'
MISSING = """raise ValueError(f"missing: {', '.join(missing)}")"""
MISSHAPEN = 'raise ValueError(f"{name} is {found}, expected {expected}")'

BY_SHAPE = (
    "What is turned is decided by the shape. A square matrix fits either way, so attn.c_proj stays "
    "as it was, and the model talks nonsense: ask the name."
)
ONE_MISSING = (
    "One of Conv1D's layers is not turned: there are four in a block, c_attn, c_fc, and c_proj "
    "twice."
)
BIASES_DROPPED = (
    "Biases of linear layers are dropped with the masks: behind the block's number, a mask is "
    "called attn.bias or attn.masked_bias, and no more than that. attn.c_attn.bias is a parameter."
)
ALL_TURNED = (
    "Every matrix is turned, the two embeddings with them: those are tables with a row for each "
    "token or position, and are stored as the model has them."
)
NOT_NAMED = (
    "The error does not say which array it is about. A file of GPT-2 has 148 of them at least: "
    "the message has to name it."
)

LESSON = Lesson(
    number=13,
    title="Loading a checkpoint",
    defines={
        "parameter_name": Kind.FUNCTION,
        "is_conv1d": Kind.FUNCTION,
        "to_float32": Kind.FUNCTION,
        "load_weights": Kind.FUNCTION,
    },
    hints=(
        "Ask three questions of each stored array: what does the model call it, which way round "
        "does it lie, and what are its bits? Each has a function, and load_weights asks all three, "
        "then complains of what does not fit. Only names can tell which way round an array lies: "
        "attn.c_proj is square, and its shape is right either way.",
        "`name.removeprefix(PREFIX)` takes the prefix away where there is one. "
        r"`re.fullmatch(pattern, name)` wants the whole name to fit; `\d+` is a number of any "
        "length, `(masked_)?` may be there or not. `array.T` is the array turned. "
        "`bits.astype(np.uint32)` makes room for 32 bits, `<< 16` moves them up by 16, and "
        "`.view(np.float32)` reads the same bits as another type.",
        "`lm_head.weight`, and what fits `h.<number>.attn.bias` or `h.<number>.attn.masked_bias` "
        "in full, is None. Yes of is_conv1d: names that end in c_attn, c_fc or c_proj, a point, "
        "and weight. load_weights: pass over None; ValueError if the name is not in shapes; turn, "
        "convert, keep; ValueError if its shape is not shapes[name]. Behind the loop, "
        "`shapes.keys() - weights.keys()` is what is missing.",
    ),
    kernels=0,
    experiments=(
        names("names with the prefix", *SHAPES),
        names("names without it", *(name.removeprefix(PREFIX) for name in SHAPES)),
        names("block 11", "h.11.attn.bias", "h.11.attn.c_attn.bias", "h.11.attn.masked_bias"),
        names("masks", "h.0.attn.bias", "transformer.h.2.attn.bias", "h.3.attn.masked_bias"),
        names("the head", "lm_head.weight"),
        turned("the matrices of a block", *MATRICES),
        turned("block 11", *(name.replace(".0.", ".11.") for name in MATRICES)),
        turned("all else", *OTHERS),
        converted("float32", features(3, 5)),
        converted("float16", features(4, 5).astype("float16")),
        converted("bfloat16's bits", bfloat16(features(2, 7))),
        how_many_are_not_0("bfloat16's bits", bfloat16(features(2, 7))),
        loaded("table", "wte.weight"),
        loaded("square", C_PROJ),
        all_names("old"),
        all_names("float16"),
        loaded("old", "wte.weight"),
        loaded("old", "h.0.attn.c_attn.weight"),
        loaded("old", C_PROJ),
        loaded("old", "h.0.attn.c_attn.bias"),
        loaded("float16", "h.0.mlp.c_proj.weight"),
        loaded("float16", "ln_f.weight"),
        loaded("bfloat16", "h.0.mlp.c_fc.weight"),
        refused("missing", "ln_f.bias", None),
        refused("not expected", "h.1.ln_1.weight", (4,)),
        refused("too long", "ln_f.weight", (5,)),
        refused("turned", "wpe.weight", (4, 5)),
        refused("as Linear has it", "h.0.mlp.c_fc.weight", (6, 4)),
    ),
    misconceptions=(
        Misconception(
            "attn.c_proj is not turned. It is square, so nothing complains and the model talks "
            "nonsense: only its name tells that Conv1D stored it.",
            {MATCHED: MATCHED.replace("c_proj", r"(?<=mlp\.)c_proj")},
        ),
        Misconception(BY_SHAPE, {TURNED: "array if array.shape == shapes[name] else array.T"}),
        Misconception(
            BY_SHAPE,
            {TURNED: "array.T if is_conv1d(name) and array.shape != shapes[name] else array"},
        ),
        Misconception(
            "No c_proj is turned: there are two in every block, and Conv1D stored both.",
            {MATCHED: MATCHED.replace("|c_proj", "")},
        ),
        Misconception(ONE_MISSING, {MATCHED: MATCHED.replace("c_attn|", "")}),
        Misconception(ONE_MISSING, {MATCHED: MATCHED.replace("|c_fc", "")}),
        Misconception(
            "From block 10 on nothing is turned: a block's number may have more than one digit.",
            {MATCHED: MATCHED.replace(r"\.(c_attn", r"h\.\d\.\w+\.(c_attn")},
        ),
        Misconception(
            "is_conv1d says yes to biases: they are vectors, and have no way round.",
            {MATCHED: MATCHED.replace(r"\.weight$", r"\.(weight|bias)$")},
        ),
        Misconception(ALL_TURNED, {MATCHED: 'return name.endswith(".weight")'}),
        Misconception(ALL_TURNED, {TURNED: "array.T if array.ndim == 2 else array"}),
        Misconception(
            "It is the wrong way round: yes is for what Conv1D stored, [in, out].",
            {MATCHED: MATCHED.replace("is not None", "is None")},
        ),
        Misconception(
            "The names of weights come out with two prefixes where the file had one already.",
            {REMOVED: "name = stored"},
        ),
        Misconception(
            "The prefix is taken away and not put back: all names in the model have it.",
            {PUT_BACK: "return name"},
        ),
        Misconception(
            "A name comes out as it was stored: where the file has no prefix, the model has one.",
            {PUT_BACK: "return stored"},
        ),
        Misconception(
            "The first part of every name is cut off: some files have no prefix, and there it is a "
            "part of the name.",
            {REMOVED: 'name = stored.split(".", 1)[1]'},
        ),
        Misconception(
            "The masks get a name: they were once a part of the program, and the model has no "
            "parameter for them.",
            {MASKS: ""},
        ),
        Misconception(
            "masked_bias gets a name: old files hold two masks for each block, and this is one.",
            {MASKS: MASKS.replace("(masked_)?", "")},
        ),
        Misconception(
            "Masks of blocks from 10 on get a name: a block's number may have more than one digit.",
            {MASKS: MASKS.replace(r"\d+", r"\d")},
        ),
        Misconception(BIASES_DROPPED, {MASKS: 'or name.endswith(("attn.bias", "masked_bias"))'}),
        Misconception(BIASES_DROPPED, {MASKS: r'or re.match(r"h\.\d+\.attn\..*bias", name)'}),
        Misconception(
            "The head gets a name: it is the token embedding once more, and the model has that "
            "already.",
            {'name == "lm_head.weight" or': "", MASKS: MASKS.removeprefix("or ")},
        ),
        Misconception(
            "bfloat16's bits are taken for whole numbers: uint16 is only the box they come in.",
            {WIDENED: "stored.astype(np.float32)"},
        ),
        Misconception(
            "bfloat16's bits are moved up in 16 bits, where there is no room above: they fall out.",
            {WIDENED: "(stored << 16).astype(np.uint32).view(np.float32)"},
        ),
        Misconception(
            "The bits of bfloat16 become the lower half of a float32: sign and exponent stand in "
            "the upper one.",
            {WIDENED: "stored.astype(np.uint32).view(np.float32)"},
        ),
        Misconception(
            "The moved bits are converted, as a large whole number is: they are a float32 already, "
            "and only have to be read as one.",
            {WIDENED: WIDENED.replace("view", "astype")},
        ),
        Misconception(
            "bfloat16 is read as float16: both have 16 bits, but shared out in another way between "
            "exponent and digits.",
            {WIDENED: "stored.view(np.float16).astype(np.float32)"},
        ),
        Misconception(
            "float16 is taken for bfloat16: both have 16 bits, but here dtype says which it is.",
            {
                "stored.dtype == np.uint16": "stored.dtype.itemsize == 2",
                WIDENED: WIDENED.replace("stored", "stored.view(np.uint16)"),
            },
        ),
        Misconception(
            "float16 stays float16: the model computes in float32.",
            {CONVERTED: "return stored"},
        ),
        Misconception(
            "to_float32 is right, but load_weights does not use it.",
            {f"to_float32({TURNED})": TURNED},
        ),
        Misconception(
            "Nothing is turned: what Conv1D stored is [in, out], and Linear wants [out, in].",
            {TURNED: "array"},
        ),
        Misconception(
            "The matrices are reshaped instead of turned: the shape is right then, and the numbers "
            "are in the wrong places.",
            {TURNED: "array.reshape(shapes[name]) if is_conv1d(name) else array"},
        ),
        Misconception(
            "The shape is compared before the array is turned: shapes are the model's.",
            {"if weights[name].shape != shapes[name]": "if array.shape != shapes[name]"},
        ),
        Misconception(
            "The loading stops at masks or the head: what has no name in the model is passed over.",
            {"if name is None:": "if not name and name is not None:"},
        ),
        Misconception(
            "An array that the model has no parameter for is passed over: it is a sign that file "
            "and model do not belong together.",
            {UNEXPECTED: "continue"},
        ),
        Misconception(
            "A KeyError is raised for an unexpected array: look whether shapes has the name before "
            "you use it.",
            {UNEXPECTED: "pass"},
        ),
        Misconception(
            "Nobody notices that an array is missing: that part of the model would keep the random "
            "numbers it began with.",
            {MISSING: "pass"},
        ),
        Misconception(
            "Shapes are not compared: an array of another shape comes through.",
            {MISSHAPEN: "pass"},
        ),
        Misconception(NOT_NAMED, {MISSING: 'raise ValueError("an array is missing")'}),
        Misconception(NOT_NAMED, {UNEXPECTED: 'raise ValueError("unexpected array")'}),
        Misconception(NOT_NAMED, {MISSHAPEN: 'raise ValueError(f"{found}, not {expected}")'}),
    ),
)
