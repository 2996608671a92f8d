"""Other right answers for step 13."""

ALTERNATIVES = {
    "parts of names, halves side by side, sets compared first": {
        1: """
            parts = stored.split(".")
            if parts[0] == "transformer":
                parts = parts[1:]
            is_mask = parts[0] == "h" and parts[2:] in (["attn", "bias"], ["attn", "masked_bias"])
            if is_mask or parts[0] == "lm_head":
                return None
            return ".".join(["transformer", *parts])
        """,
        2: """
            layer, kind = name.split(".")[-2:]
            return layer in ("c_attn", "c_proj", "c_fc") and kind == "weight"
        """,
        3: """
            if stored.dtype != np.uint16:
                return np.array(stored, dtype=np.float32)
            halves = np.zeros((*stored.shape, 2), np.uint16)
            halves[..., 1] = stored  # the upper half, on a little-endian machine
            return halves.view(np.float32)[..., 0]
        """,
        4: """
            found = {parameter_name(name): to_float32(array) for name, array in stored.items()}
            found.pop(None, None)
            if wrong := found.keys() ^ shapes.keys():
                raise ValueError(f"missing or unexpected: {wrong}")
            for name, array in found.items():
                if is_conv1d(name):
                    found[name] = np.ascontiguousarray(np.swapaxes(array, 0, 1))
                if found[name].shape != tuple(shapes[name]):
                    raise ValueError(f"the shape of {name} is wrong")
            return found
        """,
    },
    "the model's names looked up, bits as arithmetic": {
        1: """
            match = re.fullmatch(r"(?:transformer\\.)?(.*)", stored)
            for unwanted in (r"lm_head\\..*", r".*\\.attn\\.bias", r".*\\.attn\\.masked_bias"):
                if re.fullmatch(unwanted, match[1]):
                    return None
            return f"transformer.{match[1]}"
        """,
        2: 'return ".c_" in name and "bias" not in name',
        3: """
            if stored.dtype.kind == "u":
                bits = stored.astype(np.int64)
                sign, exponent, digits = bits >> 15, (bits >> 7) & 255, bits & 127
                size = np.where(exponent == 0, digits / 64, 1 + digits / 128)
                return ((-1.0) ** sign * size * 2.0 ** (exponent - 127)).astype(np.float32)
            return np.float32(1) * stored
        """,
        4: """
            names = {parameter_name(name): name for name in stored}
            for name in names.keys() - shapes.keys() - {None}:
                raise ValueError(f"what is {names[name]}?")
            weights = {}
            for name, shape in shapes.items():
                if name not in names:
                    raise ValueError(f"no {name}")
                array = stored[names[name]]
                array = array.transpose() if is_conv1d(name) else array
                if list(array.shape) != list(shape):
                    raise ValueError(f"{names[name]}: {array.shape} is not {shape}")
                weights[name] = to_float32(array)
            return weights
        """,
    },
}
