"""Other right answers for the twelve steps of the model."""

ALTERNATIVES = {
    1: {
        "fields in another order, a division with remainder": {
            1: """
                layer_norm_epsilon: float = 1e-5
                n_inner: int | None = None
                n_head: int = 12
                n_layer: int = 12
                n_embd: int = 768
                n_positions: int = 1024
                vocab_size: int = 50257
            """,
            2: """
                if divmod(self.n_embd, self.n_head)[1]:
                    raise ValueError(f"{self.n_head} heads cannot share {self.n_embd}")
            """,
        },
        "an int of a division, a plain if": {
            3: "return int(self.n_embd / self.n_head)",
            4: """
                if self.n_inner is not None:
                    return self.n_inner
                return self.n_embd * 4
            """,
        },
    },
    2: {
        "positions compared, and where": {
            1: """
                total = Dim(sequence_length) + past_length
                query = Tensor.arange(sequence_length, dtype=DType.int64, device=device)
                key = Tensor.arange(total, dtype=DType.int64, device=device)
                last = query.reshape([sequence_length, 1]) + past_length
                visible = key.reshape([1, total]) <= last
                zero = Tensor(0.0, dtype=dtype, device=device)
                hidden = Tensor(float("-inf"), dtype=dtype, device=device)
                return F.where(visible, zero, hidden)
            """,
        },
        "the logarithm of a band of ones": {
            1: """
                shape = [sequence_length, Dim(sequence_length) + past_length]
                ones = Tensor.ones(shape, dtype=dtype, device=device)
                return F.log(F.band_part(ones, num_upper=past_length))
            """,
        },
    },
    3: {
        "MAX's own": {2: "return F.layer_norm(x, self.weight, self.bias, self.eps)"},
        "a division by the root": {
            2: """
                mean = F.mean(x, axis=-1)
                variance = F.mean((x - mean) ** 2, axis=-1)
                return self.weight * ((x - mean) / F.sqrt(variance + self.eps)) + self.bias
            """,
        },
        "the mean of squares minus the square of the mean": {
            1: """
                self.bias = Tensor.full([dim], 0.0)
                self.weight = Tensor.full([dim], 1.0)
                self.epsilon = eps
            """,
            2: """
                mean = F.mean(x, axis=-1)
                variance = F.mean(x * x, axis=-1) - mean * mean
                return (x - mean) * F.rsqrt(variance + self.epsilon) * self.weight + self.bias
            """,
        },
    },
    4: {
        "GELU written out": {
            2: """
                x = self.c_fc(x)
                inner = (2 / 3.141592653589793) ** 0.5 * (x + 0.044715 * x * x * x)
                return self.c_proj(0.5 * x * (1 + F.tanh(inner)))
            """,
        },
        "the matrices by hand": {
            2: """
                wide = x @ self.c_fc.weight.T + self.c_fc.bias
                wide = F.gelu(wide, approximate="tanh")
                return wide @ self.c_proj.weight.T + self.c_proj.bias
            """,
        },
    },
    5: {
        "one long row of ids": {
            2: """
                batch, length = input_ids.shape
                rows = F.gather(self.weight, input_ids.reshape([batch * length]), axis=0)
                return rows.reshape([batch, length, self.weight.shape[1]])
            """,
        },
        "MAX's module inside out": {
            1: """
                import numpy as np

                shape = (config.vocab_size, config.n_embd)
                table = np.random.default_rng().normal(0, 0.02, shape).astype(np.float32)
                self.weight = Tensor.from_dlpack(table)
            """,
            2: "return F.gather(self.weight, input_ids, 0)",
        },
    },
    6: {
        "positions gathered": {
            2: """
                from max.dtype import DType
                from max.experimental import functional as F

                length = input_ids.shape[1]
                places = Tensor.arange(length, dtype=DType.int64, device=input_ids.device)
                return F.gather(self.weight, places, axis=0)
            """,
        },
        "a slice of both axes": {2: "return self.weight[0 : input_ids.shape[-1], :]"},
    },
    7: {
        "permute, and all in forward": {
            5: """
                batch, length, width = x.shape
                parts = self.c_attn(x).reshape([batch, length, 3, self.n_head, self.head_dim])
                parts = parts.permute([2, 0, 3, 1, 4])
                query, key, value = parts[0], parts[1], parts[2]
                scores = query * (self.head_dim ** -0.5) @ key.permute([0, 1, 3, 2])
                scores = scores + causal_mask(length, 0, dtype=x.dtype, device=x.device)
                mixed = F.softmax(scores, axis=-1) @ value
                return self.c_proj(mixed.permute([0, 2, 1, 3]).reshape([batch, length, width]))
            """,
        },
        "one head after the other, softmax written out": {
            5: """
                qkv = self.c_attn(x)
                width, d = self.n_head * self.head_dim, self.head_dim
                mask = causal_mask(x.shape[1], dtype=x.dtype, device=x.device)
                heads = []
                for start in range(0, width, d):
                    query, key, value = (
                        qkv[:, :, part + start : part + start + d] for part in (0, width, 2 * width)
                    )
                    scores = query @ key.transpose(-1, -2) / d**0.5 + mask
                    powers = F.exp(scores - F.max(scores, axis=-1))
                    heads.append(powers / F.sum(powers, axis=-1) @ value)
                return self.c_proj(F.concat(heads, axis=-1))
            """,
        },
    },
    8: {
        "the sum the other way round": {1: "return sublayer(norm(x)) + x"},
        "a line each": {
            1: """
                from max.experimental import functional as F

                normalized = norm(x)
                change = sublayer(normalized)
                return F.add(x, change)
            """,
        },
    },
    9: {
        "without step 8": {
            2: """
                x = x + self.attn(self.ln_1(x))
                x = x + self.mlp(self.ln_2(x))
                return x
            """,
        },
        "the children in another order": {
            1: """
                width, eps = config.n_embd, config.layer_norm_epsilon
                self.mlp = GPT2MLP(config.inner_dim, config)
                self.attn = GPT2MultiHeadAttention(config)
                self.ln_2 = LayerNorm(width, eps=eps)
                self.ln_1 = LayerNorm(width, eps=eps)
            """,
        },
    },
    10: {
        "a plain list": {
            1: """
                self.ln_f = LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
                self.h = [GPT2Block(config) for _ in range(config.n_layer)]
                self.wpe = PositionEmbedding(config)
                self.wte = TokenEmbedding(config)
            """,
        },
        "a fold": {
            2: """
                import functools

                embedded = self.wpe(input_ids) + self.wte(input_ids)
                return self.ln_f(functools.reduce(lambda x, block: block(x), self.h, embedded))
            """,
        },
    },
    11: {
        "a matrix product by name": {
            2: """
                from max.experimental import functional as F

                table = self.transformer.wte.weight
                return F.matmul(self.transformer(input_ids), F.transpose(table, 0, 1))
            """,
        },
        "the table first": {
            2: """
                columns = self.transformer(input_ids).transpose(1, 2)
                return (self.transformer.wte.weight @ columns).transpose(1, 2)
            """,
        },
    },
    12: {
        "cropped in generate, drawn by the cumulative sum": {
            1: """
                if temperature < 0:
                    raise ValueError("a negative temperature")
                logits = np.from_dlpack(model(input_ids).to(CPU()))[0, -1].astype(np.float64)
                if temperature == 0 or not do_sample:
                    token = logits.argmax()
                else:
                    powers = np.exp((logits - logits.max()) / temperature)
                    rng = rng or np.random.default_rng()
                    token = np.searchsorted(np.cumsum(powers), rng.random() * powers.sum())
                return Tensor.from_dlpack(np.array(token, dtype=np.int64))
            """,
            2: """
                n = model.config.n_positions
                for _ in range(max_new_tokens):
                    seen = input_ids[:, max(int(input_ids.shape[1]) - n, 0) :]
                    token = generate_next_token(
                        model, seen, temperature=temperature, do_sample=do_sample, rng=rng
                    )
                    input_ids = F.concat([input_ids, token.reshape([1, 1])], axis=1)
                return input_ids
            """,
        },
        "drawn by Gumbel noise": {
            1: """
                if temperature < 0:
                    raise ValueError(temperature)
                n = model.config.n_positions
                length = int(input_ids.shape[1])
                seen = input_ids if length <= n else input_ids[:, length - n :]
                logits = np.from_dlpack(model(seen).to(CPU()))[0, -1].astype(np.float64)
                if do_sample and temperature > 0:
                    rng = np.random.default_rng() if rng is None else rng
                    logits = logits / temperature + rng.gumbel(size=len(logits))
                return Tensor.from_dlpack(np.array(np.argmax(logits)))
            """,
        },
    },
}
