// The widget "sampling": shakespeare runs in the page, and the reader draws its next tokens.
//
// The model is a file of 5.8 MB, so it is loaded when the widget comes into view. The attribute
// data-seed makes the draws repeatable.
(function () {
  "use strict";
  const DATA = new URL("shakespeare_data.js", document.currentScript.src);
  const SHOWN = 12; // of the likeliest tokens
  const PAUSE = 60; // milliseconds between two of many draws, so that one can read along
  const TOP_K = [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 70, 100, 200, 300, 500, 700, 1024];

  const MARKUP = `
    <div class="widget-controls">
      <label>Prompt <select></select></label>
      <label>Temperature
        <input type="range" name="temperature" min="0" max="2" step="0.05" value="1">
        <output aria-hidden="true"></output></label>
      <label>Top-k
        <input type="range" name="top-k" min="0" max="${TOP_K.length - 1}" value="${TOP_K.length - 1}">
        <output aria-hidden="true"></output></label>
      <label>Top-p
        <input type="range" name="top-p" min="0.05" max="1" step="0.01" value="1">
        <output aria-hidden="true"></output></label>
    </div>
    <ol class="sampling-tokens" aria-label="The likeliest next tokens"></ol>
    <div class="widget-buttons">
      <button type="button" name="draw">Draw</button>
      <button type="button" name="draw-20">Draw 20</button>
      <button type="button" name="back">Back to the prompt</button>
    </div>
    <p class="widget-status" role="status"></p>
    <p class="sampling-text" role="group" aria-label="The text so far"></p>`;

  // logits [vocab_size] -> every token, likeliest first: its probability before the cuts, and
  // after them; is it kept? Temperature, then top-k, then top-p, as in transformers.
  function distribution(logits, { temperature, topK, topP }) {
    const order = Array.from(logits.keys()).sort((one, other) => logits[other] - logits[one]);
    const probabilities = temperature
      ? GPT2.softmax(order.map((id) => logits[id] / temperature))
      : order.map((_, rank) => (rank === 0 ? 1 : 0)); // greedy
    const leftByTopK = sum(probabilities.slice(0, topK));
    let kept = topK;
    if (topP < 1) {
      // A token stays while those before it do not reach topP: the likeliest always stays.
      for (let mass = 0, rank = 0; rank < kept; rank++) {
        if (mass >= topP * leftByTopK) kept = rank;
        mass += probabilities[rank];
      }
    }
    const left = sum(probabilities.slice(0, kept));
    return order.map((id, rank) => {
      const isKept = rank < kept;
      const before = probabilities[rank];
      return { id, isKept, before, after: isKept ? before / left : 0 };
    });
  }

  function sum(numbers) {
    return numbers.reduce((total, number) => total + number, 0);
  }

  // Numbers from 0 to 1, by Lehmer's generator with the constants of Park, Miller and Stockmeyer.
  function randomNumbers(seed) {
    let state = 1 + (seed % 2147483646);
    return () => (state = (state * 48271) % 2147483647) / 2147483647;
  }

  function percent(probability) {
    if (probability > 0 && probability < 0.0005) return "< 0.1 %";
    return `${(100 * probability).toFixed(1)} %`;
  }

  function start(root) {
    root.innerHTML = MARKUP;
    const find = (selector) => root.querySelector(selector);
    const prompt = find("select");
    const [temperature, topK, topP] = root.querySelectorAll("input");
    const tokens = find("ol");
    const status = find("[role=status]");
    const random = randomNumbers(Number(root.dataset.seed ?? Date.now()));
    let data; // from here on unset until the model is there
    let model;
    let drawn; // ids after the prompt
    let logits;
    let candidates;
    let drawsLeft = 0;

    for (let i = 0; i <= SHOWN; i++) {
      const item = document.createElement("li");
      item.innerHTML = `<code></code><span class="widget-bar"><i></i></span><span></span>`;
      tokens.append(item);
    }
    tokens.lastElementChild.className = "others";

    function text(ids) {
      const bytes = ids.map((id) => data.vocabulary[id]).join("");
      return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    }

    function settings() {
      return {
        temperature: Number(temperature.value),
        topK: TOP_K[topK.value],
        topP: Number(topP.value),
      };
    }

    function showSettings() {
      const values = settings();
      label(temperature, values.temperature ? values.temperature.toFixed(2) : "0 (greedy)");
      label(topK, Number(topK.value) < TOP_K.length - 1 ? `${values.topK}` : `${values.topK} (all)`);
      label(topP, values.topP < 1 ? values.topP.toFixed(2) : "1 (all)");
    }

    function label(slider, value) {
      slider.parentElement.querySelector("output").textContent = value;
      slider.setAttribute("aria-valuetext", value);
    }

    function showTokens() {
      candidates = distribution(logits, settings());
      const others = candidates.slice(SHOWN);
      candidates.slice(0, SHOWN).forEach(({ id, isKept, before, after }, rank) => {
        const value = isKept ? percent(after) : "cut off";
        showRow(rank, Widget.visible(text([id])), isKept ? after : before, value, isKept);
      });
      const rest = sum(others.map(({ after }) => after));
      showRow(SHOWN, `${others.length} others`, rest, percent(rest), true);
    }

    function showRow(rank, name, length, value, isKept) {
      const [token, bar, number] = tokens.children[rank].children;
      tokens.children[rank].classList.toggle("cut-off", !isKept);
      token.textContent = name;
      bar.firstElementChild.style.width = `${100 * length}%`;
      number.textContent = value;
    }

    function showText() {
      const ids = data.prompts[prompt.value].ids;
      const parts = [["b", ids], ["span", drawn.slice(0, -1)], ["mark", drawn.slice(-1)]];
      find(".sampling-text").replaceChildren(
        ...parts.map(([tag, part]) => {
          const element = document.createElement(tag);
          element.textContent = text(part);
          return element;
        }),
      );
    }

    function back() {
      drawsLeft = 0;
      drawn = [];
      model.length = 0;
      for (const id of data.prompts[prompt.value].ids) logits = model.forward(id);
      showTokens();
      showText();
      showChoice();
    }

    function showChoice() {
      const kept = candidates.filter(({ after }) => after > 0).length;
      status.textContent = `${kept} of ${logits.length} tokens can be drawn.`;
    }

    function drawOne() {
      let remaining = random();
      const kept = candidates.filter(({ after }) => after > 0);
      const chosen = kept.find(({ after }) => (remaining -= after) < 0) ?? kept.at(-1);
      drawn.push(chosen.id);
      logits = model.forward(chosen.id);
      showTokens();
      showText();
      return chosen;
    }

    function draw(count) {
      const isRunning = drawsLeft > 0;
      drawsLeft = count;
      if (!isRunning) drawNext();
    }

    // One of the draws that are left, then the next after a pause; `back` ends them.
    function drawNext() {
      if (drawsLeft === 0) return;
      if (model.length === model.config.n_positions) {
        drawsLeft = 0;
        status.textContent = `The model sees ${model.length} tokens, and these are full.`;
        return;
      }
      drawsLeft -= 1;
      const { id, after } = drawOne();
      if (drawsLeft > 0) setTimeout(drawNext, PAUSE);
      else status.textContent = `Drew ‘${Widget.visible(text([id]))}’, which had ${percent(after)}.`;
    }

    function ready() {
      data = window.shakespeareData;
      model = new GPT2(data);
      prompt.append(...data.prompts.map(({ text }, i) => new Option(Widget.visible(text), i)));
      back();
      prompt.addEventListener("change", back);
      find("[name=draw]").addEventListener("click", () => draw(1));
      find("[name=draw-20]").addEventListener("click", () => draw(20));
      find("[name=back]").addEventListener("click", back);
    }

    showSettings();
    root.addEventListener("input", ({ target }) => {
      if (target.type !== "range") return;
      showSettings();
      if (!model) return;
      showTokens();
      showChoice();
    });
    whenWanted(root, () => {
      status.textContent = "Loading the model, 5.8 MB …";
      load().then(ready, () => (status.textContent = "The model could not be loaded."));
    });
  }

  function whenWanted(root, callback) {
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && want(),
      { rootMargin: "200px" },
    );
    function want() {
      observer.disconnect();
      root.removeEventListener("focusin", want);
      callback();
    }
    observer.observe(root);
    root.addEventListener("focusin", want);
  }

  let loading; // one promise, however many widgets there are
  function load() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = DATA;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  Widget.start("sampling", start);
})();
