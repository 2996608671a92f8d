// The widget "attention": where each token of a sentence looks, in every head of shakespeare.
//
// window.attentionData, made by book/make_widget_data.py, has the tokens [seq] and the weights
// [layer, head, query, key], key up to query.
(function () {
  "use strict";
  const WORTH_A_NUMBER = 0.05;
  const FIRST_SIGHT = { layer: 3, head: 3, query: 8 }; // a head that looks at the token before
  const SVG = "http://www.w3.org/2000/svg";

  const MARKUP = `
    <div class="attention-views">
      <div>
        <div class="widget-controls">
          <label>Layer <select name="layer"></select></label>
          <label>Head <select name="head"></select></label>
        </div>
        <div class="attention-tokens" role="group" aria-label="The sentence"></div>
        <p class="widget-status" role="status"></p>
      </div>
      <svg class="attention-map" aria-hidden="true"></svg>
    </div>`;

  function percent(weight) {
    return `${Math.round(100 * weight)} %`;
  }

  // ‘o’ looks at ‘␣Rome’ 59 %, ‘␣Rome’ 39 %: the heaviest first.
  function sentence(tokens, query, row) {
    const seen = Array.from(row.keys())
      .filter((key) => row[key] > WORTH_A_NUMBER)
      .sort((one, other) => row[other] - row[one])
      .map((key) => `${key === query ? "itself" : `‘${Widget.visible(tokens[key])}’`} ${percent(row[key])}`);
    return `‘${Widget.visible(tokens[query])}’ looks at ${seen.join(", ")}.`;
  }

  function tokenButton(token) {
    const button = document.createElement("button");
    const weight = document.createElement("small");
    button.type = "button";
    weight.ariaHidden = "true"; // the line below the tokens says it
    button.append(Widget.visible(token), weight);
    return button;
  }

  function draw(tag, attributes, text = "") {
    const element = document.createElementNS(SVG, tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.textContent = text;
    return element;
  }

  // A triangle of cells, one unit wide, row under row; each row ends with its token's name.
  function heatMap(svg, tokens, head, query) {
    const cells = head.flatMap((row, y) =>
      row.map((weight, x) =>
        draw("rect", { x, y, width: 1, height: 1, "fill-opacity": weight, "data-query": y }),
      ),
    );
    const names = tokens.map((token, i) =>
      draw("text", { x: i + 1.4, y: i + 0.75, "data-query": i }, Widget.visible(token)),
    );
    const mark = draw("rect", { class: "mark", x: 0, y: query, width: query + 1, height: 1 });
    svg.setAttribute("viewBox", `-0.1 -0.1 ${tokens.length + 2.7} ${tokens.length + 0.2}`);
    svg.replaceChildren(...cells, ...names, mark);
  }

  function start(root) {
    root.innerHTML = MARKUP;
    const { tokens, weights } = window.attentionData;
    const [layer, head] = root.querySelectorAll("select");
    const row = root.querySelector(".attention-tokens");
    const map = root.querySelector("svg");
    const status = root.querySelector("[role=status]");
    let query = FIRST_SIGHT.query;

    layer.append(...weights.map((_, i) => new Option(`h.${i}`, i)));
    head.append(...weights[0].map((_, i) => new Option(i, i)));
    layer.value = FIRST_SIGHT.layer;
    head.value = FIRST_SIGHT.head;
    row.append(...tokens.map(tokenButton));

    function show() {
      const triangle = weights[layer.value][head.value]; // [query, key]
      Array.from(row.children).forEach((button, key) => {
        const weight = triangle[query][key] ?? 0; // nobody looks at a later token
        button.style.setProperty("--weight", weight);
        button.lastElementChild.textContent = weight > WORTH_A_NUMBER ? weight.toFixed(2) : "";
        button.classList.toggle("later", key > query);
        button.ariaPressed = String(key === query);
        button.tabIndex = key === query ? 0 : -1; // Tab finds one button, the arrows the others
      });
      heatMap(map, tokens, triangle, query);
      status.textContent = sentence(tokens, query, triangle[query]);
    }

    function choose(newQuery) {
      if (newQuery === query) return;
      query = newQuery;
      show();
    }

    function chooseToken({ target }) {
      const button = target.closest("button");
      if (button) choose(Array.from(row.children).indexOf(button));
    }

    function move({ key }) {
      const places = { ArrowLeft: query - 1, ArrowRight: query + 1, Home: 0, End: tokens.length - 1 };
      row.children[places[key]]?.focus(); // which chooses it
    }

    for (const event of ["pointerover", "focusin", "click"]) row.addEventListener(event, chooseToken);
    row.addEventListener("keydown", move);
    map.addEventListener("pointerover", ({ target }) => {
      if (target.dataset.query) choose(Number(target.dataset.query));
    });
    root.addEventListener("change", show);
    show();
  }

  Widget.start("attention", start);
})();
