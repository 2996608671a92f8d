// GPT-2 in plain JavaScript: a token goes in, the scores of the next one come out.
//
// It computes what the twelve steps compute, one position at a time. Of the earlier positions
// only the keys and values are needed again, so these are kept: the key/value cache.
(function () {
  "use strict";
  if (window.GPT2) return; // a page of several chapters has this script several times

  class GPT2 {
    // config: the fields of step 01; weights: by the checkpoint's names, as the data file has them.
    constructor({ config, weights }) {
      this.config = config;
      this.weights = {}; // a matrix [rows, columns] is one flat array, row after row
      for (const name in weights) this.weights[name] = decode(weights[name]);
      const emptyCache = () => new Float32Array(config.n_positions * config.n_embd);
      this.keys = Array.from({ length: config.n_layer }, emptyCache); // [n_positions, n_embd] each
      this.values = Array.from({ length: config.n_layer }, emptyCache);
      this.length = 0; // how many positions the cache holds; set it to 0 to begin a new text
    }

    // The id of the next token of the text -> logits [vocab_size] about the token after it.
    forward(id) {
      const { n_embd, n_layer } = this.config;
      const { "wte.weight": wte, "wpe.weight": wpe } = this.weights;
      let x = add(row(wte, id, n_embd), row(wpe, this.length, n_embd)); // [n_embd]
      for (let layer = 0; layer < n_layer; layer++) {
        x = add(x, this.attention(this.layerNorm(x, `h.${layer}.ln_1`), layer));
        x = add(x, this.mlp(this.layerNorm(x, `h.${layer}.ln_2`), layer));
      }
      this.length += 1;
      return multiply(wte, this.layerNorm(x, "ln_f")); // the head is the token embedding
    }

    // x [n_embd] -> [n_embd], mean 0 and variance 1, then scaled and shifted.
    layerNorm(x, name) {
      const weight = this.weights[`${name}.weight`];
      const bias = this.weights[`${name}.bias`];
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      const deviation = Math.sqrt(variance + this.config.layer_norm_epsilon);
      return x.map((value, i) => ((value - mean) / deviation) * weight[i] + bias[i]);
    }

    // x [in] -> [out]
    linear(x, name) {
      return add(multiply(this.weights[`${name}.weight`], x), this.weights[`${name}.bias`]);
    }

    // x [n_embd] -> [n_embd]
    mlp(x, layer) {
      const hidden = this.linear(x, `h.${layer}.mlp.c_fc`).map(gelu); // [4 * n_embd]
      return this.linear(hidden, `h.${layer}.mlp.c_proj`);
    }

    // x [n_embd] -> [n_embd]. No mask is needed: the cache holds no later position.
    attention(x, layer) {
      const { n_embd, n_head } = this.config;
      const width = n_embd / n_head;
      const keys = this.keys[layer];
      const values = this.values[layer];
      const qkv = this.linear(x, `h.${layer}.attn.c_attn`); // [3 * n_embd]
      keys.set(qkv.subarray(n_embd, 2 * n_embd), this.length * n_embd);
      values.set(qkv.subarray(2 * n_embd), this.length * n_embd);

      const mixed = new Float32Array(n_embd);
      for (let first = 0; first < n_embd; first += width) {
        const scores = new Float32Array(this.length + 1); // one head's, for every position
        for (let position = 0; position <= this.length; position++) {
          for (let i = first; i < first + width; i++) {
            scores[position] += qkv[i] * keys[position * n_embd + i];
          }
        }
        const weights = softmax(scores.map((score) => score / Math.sqrt(width)));
        for (let position = 0; position <= this.length; position++) {
          for (let i = first; i < first + width; i++) {
            mixed[i] += weights[position] * values[position * n_embd + i];
          }
        }
      }
      return this.linear(mixed, `h.${layer}.attn.c_proj`);
    }
  }

  // scores -> probabilities; the largest exponential is 1, so nothing overflows.
  function softmax(scores) {
    const largest = scores.reduce((one, other) => Math.max(one, other), -Infinity);
    const exponentials = scores.map((score) => Math.exp(score - largest));
    const total = exponentials.reduce((sum, value) => sum + value, 0);
    return exponentials.map((value) => value / total);
  }

  function gelu(x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  }

  function add(x, y) {
    return x.map((value, i) => value + y[i]);
  }

  function row(matrix, index, width) {
    return matrix.subarray(index * width, (index + 1) * width);
  }

  // matrix [out, in] times x [in] -> [out]
  function multiply(matrix, x) {
    const product = new Float32Array(matrix.length / x.length);
    for (let out = 0, next = 0; out < product.length; out++) {
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += matrix[next++] * x[i];
      product[out] = sum;
    }
    return product;
  }

  // One weight of the data file -> float32: vectors are stored so, matrices as integers with a
  // scale for each row.
  function decode({ values, integers, scales }) {
    if (values) return new Float32Array(bytes(values).buffer);
    const matrix = new Float32Array(new Int8Array(bytes(integers).buffer));
    const rowScales = new Float32Array(bytes(scales).buffer);
    const width = matrix.length / rowScales.length;
    rowScales.forEach((scale, index) => {
      for (let i = index * width; i < (index + 1) * width; i++) matrix[i] *= scale;
    });
    return matrix;
  }

  function bytes(base64) {
    const text = atob(base64); // one character for each byte
    const array = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) array[i] = text.charCodeAt(i);
    return array;
  }

  GPT2.softmax = softmax;
  window.GPT2 = GPT2;
})();
