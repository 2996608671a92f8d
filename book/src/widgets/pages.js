// The widget "pages": requests come, pages fill, are shared and become unused, moment by moment.
//
// window.pagesData, made by book/make_widget_data.py, has a recording for each scene: what the
// page table and the scheduler of step 19 did. Nothing is decided here.
(function () {
  "use strict";
  const SIZE = 4; // tokens in a page
  const PAUSE = 2200; // milliseconds from moment to moment, so that one can read along
  const LETTERS = "abcd";

  const MARKUP = `
    <div class="widget-controls">
      <label>Scene <select></select></label>
      <label>Moment <input type="range" min="0" value="0"></label>
    </div>
    <div class="widget-buttons">
      <button type="button" name="step" aria-keyshortcuts="ArrowRight">Step</button>
      <button type="button" name="back" aria-keyshortcuts="ArrowLeft">Back</button>
      <button type="button" name="play">Play</button>
      <button type="button" name="reset" aria-keyshortcuts="Home">Reset</button>
      <small>or the keys ← and →, and space to play</small>
    </div>
    <p class="widget-status" role="status"></p>
    <p class="pages-title"><b></b><span>underlined: by the model</span></p>
    <ul class="pages-texts" aria-label="The texts"></ul>
    <p class="pages-title"><b>Memory</b><span></span></p>
    <ol class="pages-memory" aria-label="The pages"></ol>`;

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  }

  // A text: its letter, how it stands, its pages, and its words, those that the model wrote marked.
  function textItem(letter, { prompt, tokens }, [state, length, read, pages]) {
    const words = (from, to) => Widget.visible(tokens.slice(from, to).join(""));
    const stands = state === "runs" ? `${read} of ${length} read` : state;
    const chips = pages.map((page) => make("span", "pages-chip", String(page)));
    const item = make("li", `pages-${letter}`,
      make("b", "", letter),
      make("span", "", stands),
      make("span", "pages-list", chips.length ? make("small", "", "pages ") : "", ...chips),
      make("code", ""),
    );
    if (state !== "will come") {
      item.lastChild.append(words(0, prompt), make("mark", "", words(prompt, length)));
    }
    item.classList.toggle("absent", state === "will come" || state === "has ended");
    return item;
  }

  // The colours of all who hold a page, one below the other; strong where the token is read.
  function stripes(letters, isRead) {
    const colours = letters.map((letter, i) => {
      const colour = `color-mix(in srgb, var(--pages-${letter}) ${isRead ? 45 : 14}%, transparent)`;
      return `${colour} ${(100 * i) / letters.length}% ${(100 * (i + 1)) / letters.length}%`;
    });
    return `linear-gradient(${colours.join(", ")})`;
  }

  // A page: who holds it, how many that are, and its tokens.
  function pageItem(page, scene, { texts, holders }) {
    const who = texts.map((_, i) => i).filter((i) => texts[i][3].includes(page));
    const letters = who.map((i) => LETTERS[i]);
    const item = make("li", "",
      make("span", "pages-number", `page ${page}`),
      make("span", "pages-who", letters.join(", ") || "unused", make("b", "", String(holders[page]))),
    );
    const [, length, read, pages] = texts[who[0]] ?? [, 0, 0, []];
    for (let place = 0; place < SIZE; place++) {
      const index = pages.indexOf(page) * SIZE + place;
      const isThere = who.length > 0 && index < length;
      const cell = make("code", "", isThere ? Widget.visible(scene.texts[who[0]].tokens[index]) : "");
      if (isThere) cell.style.background = stripes(letters, index < read);
      item.append(cell);
    }
    return item;
  }

  function start(root) {
    root.innerHTML = MARKUP;
    root.tabIndex = -1; // a click anywhere, and the keys are the widget's
    const scenes = Object.values(window.pagesData);
    const [select, slider, list, memory] = root.querySelectorAll("select, input, ul, ol");
    const [step, back, play, reset] = root.querySelectorAll("button");
    const [stepTitle, , , unused] = root.querySelectorAll(".pages-title > *");
    const status = root.querySelector("[role=status]");
    let scene;
    let now; // which moment is shown
    let timer;

    select.append(...scenes.map(({ title }, i) => new Option(title, i)));

    function show(moment) {
      const { moments } = scene;
      now = Math.min(Math.max(moment, 0), moments.length - 1);
      const { step: number, says, texts, holders } = moments[now];
      const before = moments[Math.max(now - 1, 0)].holders;
      list.replaceChildren(...texts.map((text, i) => textItem(LETTERS[i], scene.texts[i], text)));
      memory.replaceChildren(...holders.map((count, page) => {
        const item = pageItem(page, scene, moments[now]);
        item.classList.toggle("changed", count !== before[page]);
        return item;
      }));
      stepTitle.textContent = `Step ${number}`;
      const free = holders.filter((count) => count === 0).length;
      unused.textContent = `${free} of ${holders.length} unused; pale: unread`;
      slider.value = now;
      slider.ariaValueText = `${now + 1} of ${moments.length}`;
      step.ariaDisabled = String(now === moments.length - 1);
      back.ariaDisabled = reset.ariaDisabled = String(now === 0);
      status.textContent = says;
    }

    function pause() {
      clearInterval(timer);
      timer = undefined;
      play.textContent = "Play";
    }

    function go(moment) {
      pause();
      show(moment);
    }

    function toggle() {
      if (timer) return pause();
      play.textContent = "Pause";
      show(now === scene.moments.length - 1 ? 0 : now + 1);
      timer = setInterval(() => {
        show(now + 1);
        if (now === scene.moments.length - 1) pause();
      }, PAUSE);
    }

    function choose() {
      scene = scenes[select.value];
      slider.max = scene.moments.length - 1;
      go(0);
    }

    step.addEventListener("click", () => go(now + 1));
    back.addEventListener("click", () => go(now - 1));
    reset.addEventListener("click", () => go(0));
    play.addEventListener("click", toggle);
    slider.addEventListener("input", () => go(Number(slider.value)));
    select.addEventListener("change", choose);
    root.addEventListener("keydown", (event) => {
      if (event.target.matches("select, input")) return; // they have keys of their own
      const places = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: scene.moments.length };
      const isSpace = event.key === " " && event.target === root; // a button is pressed by it
      if (!isSpace && !(event.key in places)) return;
      event.preventDefault();
      if (isSpace) toggle();
      else go(places[event.key]);
    });
    choose();
  }

  Widget.start("pages", start);
})();
