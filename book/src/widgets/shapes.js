// The widget "shapes": the model as a flow of boxes, and what each box makes, keeps and costs.
(function () {
  "use strict";
  const OPENAI = { vocab_size: 50257, n_positions: 1024 };
  const SIZES = {
    "gpt2 (124M)": { ...OPENAI, n_layer: 12, n_embd: 768, n_head: 12 },
    "gpt2-medium (355M)": { ...OPENAI, n_layer: 24, n_embd: 1024, n_head: 16 },
    "gpt2-large (774M)": { ...OPENAI, n_layer: 36, n_embd: 1280, n_head: 20 },
    "gpt2-xl (1.5B)": { ...OPENAI, n_layer: 48, n_embd: 1600, n_head: 25 },
    shakespeare: { vocab_size: 1024, n_positions: 256, n_layer: 5, n_embd: 256, n_head: 4 },
  };
  const LARGEST_BATCH = 1024;

  const STREAM = ["batch", "seq", "n_embd"];
  const SCORES = ["batch", "n_head", "seq", "seq"];

  const norm = (name) => ({
    output: STREAM,
    parameters: { [`${name}.weight`]: ["n_embd"], [`${name}.bias`]: ["n_embd"] },
  });
  const linear = (name, from, to) => ({
    output: ["batch", "seq", to],
    parameters: { [`${name}.weight`]: [to, from], [`${name}.bias`]: [to] },
    product: ["batch", "seq", from, to],
    isTransposed: true,
  });

  // In the order of the computation. place: which frame the box stands in. product: the sizes
  // whose product counts the multiply-adds of its matrix product.
  const BOXES = [
    { place: "flow", name: "ids", output: ["batch", "seq"], text: "The text, as token ids." },
    { place: "flow", name: "wte", output: STREAM,
      parameters: { "wte.weight": ["vocab_size", "n_embd"] },
      text: "Looks up a row for each token: which token it is." },
    { place: "flow", name: "wpe", output: ["seq", "n_embd"],
      parameters: { "wpe.weight": ["n_positions", "n_embd"] },
      text: "Looks up a row for each position: where it stands." },
    { place: "flow", name: "wte + wpe", output: STREAM,
      text: "The sum starts the residual stream, which runs through all blocks." },
    { place: "attn", name: "ln_1", ...norm("h.*.ln_1"),
      text: "Normalizes each vector of the stream." },
    { place: "attn", name: "c_attn", ...linear("h.*.attn.c_attn", "n_embd", "3 · n_embd"),
      text: "Queries, keys and values of all heads, in one linear layer." },
    { place: "attn", name: "scores", output: SCORES, product: [...SCORES, "head_dim"],
      text: "Each query times each key: how well they fit. Grows with the square of the length." },
    { place: "attn", name: "softmax", output: SCORES,
      text: "Masks what is later, and makes weights of the scores: each row sums to 1." },
    { place: "attn", name: "mix", output: ["batch", "n_head", "seq", "head_dim"],
      product: [...SCORES, "head_dim"], text: "Mixes the values of each head by the weights." },
    { place: "attn", name: "c_proj", ...linear("h.*.attn.c_proj", "n_embd", "n_embd"),
      text: "Merges the heads, and brings them back to the stream." },
    { place: "attn", name: "+ residual", output: STREAM,
      text: "Adds what attention found to the stream." },
    { place: "mlp", name: "ln_2", ...norm("h.*.ln_2"),
      text: "Normalizes each vector of the stream." },
    { place: "mlp", name: "c_fc", ...linear("h.*.mlp.c_fc", "n_embd", "4 · n_embd"),
      text: "Widens each vector to four times its size." },
    { place: "mlp", name: "gelu", output: ["batch", "seq", "4 · n_embd"],
      text: "Bends each number; without it the two linear layers would be one." },
    { place: "mlp", name: "c_proj", ...linear("h.*.mlp.c_proj", "4 · n_embd", "n_embd"),
      text: "Brings each vector back to the width of the stream." },
    { place: "mlp", name: "+ residual", output: STREAM,
      text: "Adds what the feed-forward network found to the stream." },
    { place: "end", name: "ln_f", ...norm("ln_f"), text: "Normalizes once more after the blocks." },
    { place: "end", name: "head", output: ["batch", "seq", "vocab_size"],
      product: ["batch", "seq", "n_embd", "vocab_size"],
      text: "Compares with each row of wte.weight. That table is shared, so the head has no " +
        "parameters of its own." },
    { place: "end", name: "logits", output: ["batch", "seq", "vocab_size"],
      text: "For each position, a score for each token to be the next." },
  ];

  const MARKUP = `
    <div class="widget-controls">
      <label>Size <select></select></label>
      <label>Batch <input type="number" name="batch" min="1" max="${LARGEST_BATCH}" value="1"></label>
      <label>Length <input type="number" name="length" min="1" value="16"></label>
    </div>
    <p class="widget-status" role="status"></p>
    <div class="shapes-views">
      <div class="shapes-flow" data-place="flow">
        <div class="shapes-block" role="group" aria-label="block">
          <span class="shapes-times"></span>
          <div class="shapes-sublayer" data-place="attn"></div>
          <div class="shapes-sublayer" data-place="mlp"></div>
        </div>
        <div data-place="end"></div>
      </div>
      <div class="shapes-details" aria-live="polite"></div>
    </div>`;

  const product = (numbers) => numbers.reduce((result, number) => result * number, 1);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  const grouped = (number) => number.toLocaleString("en");
  const inBlock = ({ place }) => place === "attn" || place === "mlp";

  // What the names in BOXES mean at these settings.
  function numbersFor(size, batch, seq) {
    const { n_embd, n_head } = size;
    const head_dim = n_embd / n_head;
    return { ...size, batch, seq, head_dim, "3 · n_embd": 3 * n_embd, "4 · n_embd": 4 * n_embd };
  }

  function start(root) {
    root.innerHTML = MARKUP;
    const [size, batch, length] = root.querySelectorAll("select, input");
    const status = root.querySelector("[role=status]");
    const details = root.querySelector(".shapes-details");
    const block = root.querySelector(".shapes-block");
    let numbers;
    let chosen = BOXES.find(({ name }) => name === "c_attn");

    size.append(...Object.keys(SIZES).map((name) => new Option(name)));
    const buttons = BOXES.map((box) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(box.name, document.createElement("code"));
      button.addEventListener("click", () => {
        chosen = box;
        show();
      });
      if (box.place === "flow") block.before(button);
      else root.querySelector(`[data-place=${box.place}]`).append(button);
      return button;
    });

    const inNumbers = (shape) => `[${shape.map((name) => numbers[name]).join(", ")}]`;
    const bothShapes = (shape) => `<code>[${shape.join(", ")}] = ${inNumbers(shape)}</code>`;
    const times = (box) => (inBlock(box) ? numbers.n_layer : 1);
    const count = (shape) => product(shape.map((name) => numbers[name]));
    const parameters = (box) => times(box) * sum(Object.values(box.parameters ?? {}).map(count));
    const multiplyAdds = (box) => (box.product ? times(box) * count(box.product) : 0);

    // A number, and its share of the sum over all boxes, as a bar too.
    function share(measure) {
      const part = measure(chosen) / sum(BOXES.map(measure));
      return `<strong>${grouped(measure(chosen))}</strong>, ${(100 * part).toFixed(1)} % of all
        ${grouped(sum(BOXES.map(measure)))}
        <span class="widget-bar"><i style="width: ${100 * part}%"></i></span>`;
    }

    function parameterRows() {
      const shapes = Object.entries(chosen.parameters ?? {});
      if (shapes.length === 0) return "none";
      const rows = shapes.map(
        ([name, shape]) => `<code>${name}</code><br>${bothShapes(shape)}`,
      );
      const stored = chosen.isTransposed ? "<br><small>The file has the matrix transposed.</small>" : "";
      return `${rows.join("<br>")}${stored}`;
    }

    function showDetails() {
      const path = inBlock(chosen) ? `h.* › ${chosen.place} › ` : "";
      const repeats = inBlock(chosen) ? `, all ${numbers.n_layer} blocks` : "";
      details.innerHTML = `
        <p><strong>${path}${chosen.name}</strong></p>
        <p>${chosen.text}</p>
        <dl>
          <dt>Output</dt>
          <dd>${bothShapes(chosen.output)}</dd>
          <dt>Parameters${repeats}</dt>
          <dd>${parameterRows()}</dd><dd>${share(parameters)}</dd>
          <dt>Multiply-adds${repeats}</dt>
          <dd>${chosen.product ? `<code>${chosen.product.join(" · ")}</code>` : "no matrix product"}</dd>
          <dd>${share(multiplyAdds)}</dd>
        </dl>`;
    }

    function show() {
      BOXES.forEach((box, i) => {
        buttons[i].lastElementChild.textContent = inNumbers(box.output);
        buttons[i].ariaPressed = String(box === chosen);
      });
      root.querySelector(".shapes-times").textContent = `block × ${numbers.n_layer}`;
      showDetails();
    }

    // A whole number from 1 to the largest; what does not fit is cropped, and the reader told.
    function crop(input, largest, reason) {
      const number = Math.min(Math.max(Math.floor(Number(input.value)), 1), largest);
      const isTooLong = Number(input.value) > largest;
      input.value = number;
      return [number, isTooLong ? `${reason} ${largest}, so the ${input.name} is too.` : ""];
    }

    function readControls() {
      const sizes = SIZES[size.value];
      length.max = sizes.n_positions;
      const [batchSize, batchMessage] = crop(batch, LARGEST_BATCH, "The largest batch here is");
      const [seq, lengthMessage] = crop(length, sizes.n_positions, "n_positions is");
      numbers = numbersFor(sizes, batchSize, seq);
      const total = grouped(sum(BOXES.map(parameters)));
      status.textContent = `${total} parameters. ${batchMessage} ${lengthMessage}`.trim();
      show();
    }

    root.addEventListener("change", readControls);
    readControls();
  }

  Widget.start("shapes", start);
})();
