// The text, token by token: one stop for Tab, in which arrow keys go on.

import { isPart, make, newDecoder, shade, spoken, visible } from "./tokens.js";

export class Sheet {
  #element;
  #grew;
  #branch = null;
  #nodes = [];
  #line = null; // the element of the last one; what is added changes no earlier one
  #current = 0; // the token that Tab finds
  #decode = null;
  #frame = 0; // the request for one, while it waits

  /** grew: called when tokens were added. */
  constructor(element, grew) {
    this.#element = element;
    this.#grew = grew;
    element.addEventListener("keydown", (event) => this.#go(event));
    element.addEventListener("copy", (event) => {
      event.preventDefault(); // the browser's own would have a line break more behind each line
      const text = getSelection().getRangeAt(0).cloneContents().textContent;
      event.clipboardData.setData("text/plain", text);
    });
    element.addEventListener("focusin", ({ target }) => this.#setCurrent(this.placeOf(target)));
  }

  get branch() {
    return this.#branch;
  }

  /** Shows another text, whole. */
  show(branch) {
    this.#branch = branch;
    this.#nodes = [];
    this.#current = 0;
    this.#decode = newDecoder();
    this.#line = make("div", {}, make("span", { class: "prompt" }, branch.prompt));
    this.#element.replaceChildren(this.#line);
    this.#append();
  }

  /** Adds what a text has more than before, if it is shown, when the browser draws next. */
  update(branch) {
    if (branch !== this.#branch || this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#append();
    });
  }

  /** Marks the tokens that are not in the answer. */
  cut() {
    this.#append();
    this.#branch.tokens.forEach((token, place) => {
      this.#nodes[place].classList.toggle("cut", Boolean(token.isCut));
    });
  }

  /** Where in the text the token of an element is; undefined for other elements. */
  placeOf(element) {
    const place = element.closest?.(".token")?.dataset.place;
    return place === undefined ? undefined : Number(place);
  }

  node(place) {
    return this.#nodes[place];
  }

  focus(place) {
    this.#nodes[place]?.focus();
  }

  #append() {
    const fresh = this.#branch.tokens.slice(this.#nodes.length);
    if (!fresh.length) return;
    const seen = this.#endIsSeen();
    for (const token of fresh) {
      if (this.#nodes.at(-1)?.textContent.endsWith("\n")) {
        this.#line = this.#element.appendChild(make("div"));
      }
      this.#line.append(this.#make(token));
    }
    if (seen) this.#nodes.at(-1).scrollIntoView({ block: "nearest" });
    this.#grew();
  }

  #endIsSeen() {
    if (!this.#nodes.length) return false;
    const { top, bottom } = this.#nodes.at(-1).getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  #make(token) {
    const place = this.#nodes.length;
    const text = this.#decode(token);
    const node = make("span", {
      class: "token",
      role: "button",
      tabindex: place === this.#current ? "0" : "-1",
      "data-place": String(place),
      "data-shade": String(shade(token.probability)),
      "aria-label": spoken(token),
    });
    node.textContent = text;
    if (!text) node.dataset.mark = "◌"; // the character ends in a later token
    else if (spoken(token) && !isPart(token)) node.dataset.mark = visible(token);
    if (token.isChosen) node.classList.add("chosen");
    if (token.isCut) node.classList.add("cut");
    this.#nodes.push(node);
    return node;
  }

  #setCurrent(place) {
    if (place === undefined) return;
    this.#nodes[this.#current].tabIndex = -1;
    this.#nodes[place].tabIndex = 0;
    this.#current = place;
  }

  #go(event) {
    const last = this.#nodes.length - 1;
    const place = {
      ArrowRight: () => this.#current + 1,
      ArrowLeft: () => this.#current - 1,
      ArrowDown: () => this.#beside(1),
      ArrowUp: () => this.#beside(-1),
      Home: () => 0,
      End: () => last,
    }[event.key]?.();
    if (place === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.focus(Math.min(Math.max(place, 0), last));
  }

  /** The nearest token on the next line, or on the one before. */
  #beside(direction) {
    const box = (place) => this.#nodes[place].getClientRects()[0];
    const from = box(this.#current);
    const isOn = (one, other) => Math.abs(one.bottom - other.bottom) < from.height / 2;
    let [nearest, found] = [this.#current, null];
    for (let place = this.#current + direction; this.#nodes[place]; place += direction) {
      const there = box(place);
      if (isOn(there, from)) continue;
      if (found && !isOn(there, found)) break;
      if (!found || Math.abs(there.left - from.left) < Math.abs(found.left - from.left)) {
        [nearest, found] = [place, there];
      }
    }
    return nearest;
  }
}
