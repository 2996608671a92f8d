"""How quantized weights lie in memory, and how 32 of an output become bytes and scales.

A panel has the weights of 16 outputs, 32 of each in a block, as ggml's formats round them: a
scale and a small integer for each weight. Within a block lie the scales of all outputs, and then
the integers: four weights of each output, the next four, and so on, as registers take them.
"""

from std.memory import bitcast

from .dot import Fours, TAKES_SIGNS, WIDTH
from .product import LANES

comptime BLOCK = 32  # weights of an output
comptime FOURS = BLOCK // 4
comptime SCALES = 2 * LANES  # bytes of 16 scales, float16
comptime QUARTER = 4 * LANES  # bytes of four weights of 16 outputs
comptime Panel = Pointer[UInt8, MutUntrackedOrigin]
comptime Scales = SIMD[DType.float32, WIDTH]


struct Weights[GROUPS: Int](Movable):
    """A block of as many outputs as a register has lanes."""

    var fours: Array[Fours, FOURS]
    var scales: Array[Scales, Self.GROUPS]  # each of BLOCK / GROUPS weights

    def __init__(out self):
        self.fours = Array[Fours, FOURS](fill=0)
        self.scales = Array[Scales, Self.GROUPS](fill=0)


trait Format:
    """A way to round weights."""

    comptime BYTES: Int  # of a block of 16 outputs
    comptime GROUPS: Int  # of weights with a scale of their own, in a block
    comptime ZERO: Int  # the byte that stands for 0
    comptime SIGNED: Bool  # whether bytes have signs

    @staticmethod
    def unpack[part: Int](panel: Panel, block: Int) -> Weights[Self.GROUPS]:
        """The weights of one part of the outputs."""
        ...


struct Q4_0(Format):
    """Four bits for each weight: those of weight i and of weight i + 16 share a byte."""

    comptime BYTES = SCALES + 4 * QUARTER
    comptime GROUPS = 1
    comptime ZERO = 8
    comptime SIGNED = False

    @staticmethod
    @always_inline
    def unpack[part: Int](panel: Panel, block: Int) -> Weights[Self.GROUPS]:
        var begin = panel.unsafe_offset(block * Self.BYTES)
        var weights = Weights[Self.GROUPS]()
        weights.scales[0] = scales[part](begin)
        comptime for four in range(4):
            var pairs = load[part](begin.unsafe_offset(SCALES), four)
            weights.fours[four] = pairs & 0x0F0F0F0F
            weights.fours[four + 4] = (pairs >> 4) & 0x0F0F0F0F
        return weights^


struct Q8_0(Format):
    """Eight bits for each weight."""

    comptime BYTES = SCALES + 8 * QUARTER
    comptime GROUPS = 1
    comptime ZERO = 0 if TAKES_SIGNS else 128
    comptime SIGNED = TAKES_SIGNS

    @staticmethod
    @always_inline
    def unpack[part: Int](panel: Panel, block: Int) -> Weights[Self.GROUPS]:
        comptime SIGN: Int32 = 0 if TAKES_SIGNS else -0x7F7F7F80  # flips the sign bit of each byte
        var begin = panel.unsafe_offset(block * Self.BYTES)
        var weights = Weights[Self.GROUPS]()
        weights.scales[0] = scales[part](begin)
        comptime for four in range(8):
            weights.fours[four] = load[part](begin.unsafe_offset(SCALES), four) ^ Fours(SIGN)
        return weights^


struct Q6_K(Format):
    """Six bits for each weight: four as in Q4_0, then the upper two of weights i, i + 8, i + 16
    and i + 24 in a byte.

    Eight blocks share the scales of their scales: these are integers, one for each 16 weights.
    """

    comptime OWN = 2 * LANES + 6 * QUARTER
    comptime BLOCKS = 8
    comptime BYTES = Self.OWN + SCALES // Self.BLOCKS
    comptime GROUPS = 2
    comptime ZERO = 32
    comptime SIGNED = False

    @staticmethod
    @always_inline
    def unpack[part: Int](panel: Panel, block: Int) -> Weights[Self.GROUPS]:
        var eight, own = divmod(block, Self.BLOCKS)
        var begin = panel.unsafe_offset(eight * Self.BLOCKS * Self.BYTES)
        var scale = scales[part](begin)
        begin = begin.unsafe_offset(SCALES + own * Self.OWN)
        var weights = Weights[Self.GROUPS]()
        comptime for group in range(2):
            var at = begin.unsafe_offset(group * LANES + part * WIDTH).unsafe_bitcast[Int8]()
            var integers = at.unsafe_load[width=WIDTH](0).cast[DType.float32]()
            weights.scales[group] = scale * integers
        begin = begin.unsafe_offset(2 * LANES)
        comptime for half in range(2):
            var upper = load[part](begin, 4 + half)
            comptime for pair in range(2):
                comptime four = 2 * pair + half
                var pairs = load[part](begin, four)
                var low, high = (upper << 4, upper) if pair == 0 else (upper << 2, upper >> 2)
                weights.fours[four] = pairs & 0x0F0F0F0F | low & 0x30303030
                weights.fours[four + 4] = (pairs >> 4) & 0x0F0F0F0F | high & 0x30303030
        return weights^


@always_inline
def scales[part: Int](begin: Panel) -> Scales:
    """Those of one part of 16 outputs."""
    var halves = begin.unsafe_bitcast[Float16]().unsafe_load[width=WIDTH](part * WIDTH)
    return halves.cast[DType.float32]()


@always_inline
def load[part: Int](begin: Panel, quarter: Int) -> Fours:
    """The bytes of four weights, or what there is in their places."""
    return begin.unsafe_bitcast[Int32]().unsafe_load[width=WIDTH](quarter * LANES + part * WIDTH)
