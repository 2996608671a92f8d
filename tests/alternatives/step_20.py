"""Other right answers for step 20."""

ALTERNATIVES = {
    "two sums, of the even and of the odd rows": {
        1: """
            var even, odd = Lanes(0), Lanes(0)
            var i = 0
            while i + 1 < k:
                even += panel.unsafe_load[width=LANES](i * LANES) * x.unsafe_load(i)
                odd += panel.unsafe_load[width=LANES]((i + 1) * LANES) * x.unsafe_load(i + 1)
                i += 2
            if i < k:
                even += panel.unsafe_load[width=LANES](i * LANES) * x.unsafe_load(i)
            return even + odd
        """,
        2: """
            var panel, place = panels, output
            for _ in range(count):
                place.unsafe_store(0, multiply(x, panel, k))
                panel = panel.unsafe_offset(k * LANES)
                place = place.unsafe_offset(LANES)
        """,
    },
    "one number after the other": {
        1: """
            var sums = Lanes(0)
            for lane in range(LANES):
                var total: Float64 = 0
                for i in reversed(range(k)):
                    total += Float64(x[i]) * Float64(panel[i * LANES + lane])
                sums[lane] = Float32(total)
            return sums
        """,
        2: """
            for p in range(count):
                var sums = multiply(x, panels.unsafe_offset(k * LANES * p), k)
                for lane in range(LANES):
                    output[p * LANES + lane] = sums[lane]
        """,
    },
    "four panels at a time": {
        2: """
            comptime FOUR = 4
            var p = 0
            while p + FOUR <= count:
                var sums = Array[Lanes, FOUR](fill=0)
                for i in range(k):
                    var number = Lanes(x.unsafe_load(i))
                    comptime for j in range(FOUR):
                        var place = ((p + j) * k + i) * LANES
                        sums[j] = number.fma(panels.unsafe_load[width=LANES](place), sums[j])
                comptime for j in range(FOUR):
                    output.unsafe_store((p + j) * LANES, sums[j])
                p += FOUR
            while p < count:
                var panel = panels.unsafe_offset(p * k * LANES)
                output.unsafe_store(p * LANES, multiply(x, panel, k))
                p += 1
        """,
    },
}
