// The card of a token: how likely it was, and what else might have stood there.

import { isPart, make, percent, visible } from "./tokens.js";

const WAIT = 90; // milliseconds that the pointer rests on a token before its card opens
const STAY = 260; // milliseconds in which the pointer can go from a token to its card

export class Card {
  #element;
  #sheet;
  #choose;
  #place = null; // of the token whose card is open
  #isPinned = false; // it stays when the pointer leaves
  #timer = 0;

  /** choose: called with the place of a token and another one for it. */
  constructor(element, sheetElement, sheet, choose) {
    this.#element = element;
    this.#sheet = sheet;
    this.#choose = choose;
    sheetElement.addEventListener("pointerover", (event) => this.#hover(event));
    sheetElement.addEventListener("pointerleave", (event) => this.#leave(event));
    sheetElement.addEventListener("click", (event) => this.#click(event));
    sheetElement.addEventListener("focusin", (event) => this.#focus(event));
    sheetElement.addEventListener("keydown", (event) => this.#enter(event));
    element.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    element.addEventListener("pointerleave", (event) => this.#leave(event));
    element.addEventListener("keydown", (event) => this.#walk(event));
    for (const part of [sheetElement, element]) {
      part.addEventListener("focusout", ({ relatedTarget }) => {
        if (!sheetElement.contains(relatedTarget) && !element.contains(relatedTarget)) this.close();
      });
    }
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!element.contains(target) && !sheetElement.contains(target)) this.close();
    });
  }

  close() {
    clearTimeout(this.#timer);
    if (this.#place === null) return;
    const node = this.#sheet.node(this.#place);
    const place = this.#place;
    this.#place = null; // first, for what follows moves the focus
    if (this.#element.contains(document.activeElement)) this.#quietly(() => this.#sheet.focus(place));
    node?.classList.remove("open");
    node?.removeAttribute("aria-describedby");
    this.#element.hidden = true;
  }

  /** Focuses a token without its card. */
  rest(place) {
    this.#quietly(() => this.#sheet.focus(place));
  }

  #isQuiet = false;

  #quietly(act) {
    this.#isQuiet = true;
    act();
    this.#isQuiet = false;
  }

  #open(place, isPinned) {
    clearTimeout(this.#timer);
    if (this.#place !== place) {
      this.#isQuiet = true;
      this.close();
      this.#isQuiet = false;
      this.#place = place;
      this.#fill(this.#sheet.branch.tokens[place]);
      const node = this.#sheet.node(place);
      node.classList.add("open");
      node.setAttribute("aria-describedby", "card-title");
      this.#element.hidden = false;
      this.#put(node);
    }
    this.#isPinned = isPinned;
  }

  #fill(token) {
    const told = token.others.reduce((sum, { probability }) => sum + probability, 0);
    const rest = Math.max(1 - told, 0);
    const rows = token.others.map((other) => this.#row(other, other.id === token.id));
    const others = make("li", { class: "rest" }, ...cells("all others", rest, false));
    const title = make("p", { id: "card-title" }, make("code", {}, visible(token)), " had ");
    title.append(percent(token.probability));
    if (isPart(token)) title.append(make("small", {}, "These bytes are a part of a character."));
    if (token.isCut) title.append(make("small", {}, "It belongs to the stop text."));
    const hint = "As the model has it, before temperature and limits. Choose one to go on from it.";
    this.#element.replaceChildren(
      title,
      make("ol", {}, ...rows, others),
      make("p", { class: "hint" }, hint),
    );
  }

  #row(other, isWritten) {
    const parts = cells(visible(other), other.probability, true);
    if (isWritten) {
      const written = make("div", { class: "written" }, ...parts);
      written.append(make("span", { class: "unseen" }, " stands here"));
      return make("li", {}, written);
    }
    const button = make("button", { type: "button" }, ...parts);
    button.addEventListener("click", () => {
      const place = this.#place;
      this.close();
      this.#choose(place, other);
    });
    return make("li", {}, button);
  }

  /** Below the token's line, or above it where the window ends. */
  #put(node) {
    const desk = this.#element.parentElement.getBoundingClientRect();
    const { left, top, bottom } = node.getClientRects()[0];
    const { width, height } = this.#element.getBoundingClientRect();
    const isAbove = bottom + height > innerHeight && top - height > 0;
    const x = Math.max(Math.min(left - desk.left - 14, desk.width - width), 0);
    const y = isAbove ? top - desk.top - height - 3 : bottom - desk.top + 3;
    this.#element.style.left = `${x}px`;
    this.#element.style.top = `${y}px`;
  }

  #hover({ target, pointerType, buttons }) {
    if (pointerType !== "mouse" || buttons || (this.#isPinned && this.#place !== null)) return;
    const place = this.#sheet.placeOf(target);
    clearTimeout(this.#timer);
    if (place === this.#place) return;
    this.#timer = place === undefined
      ? setTimeout(() => this.close(), STAY)
      : setTimeout(() => this.#open(place, false), this.#place === null ? WAIT : STAY / 2);
  }

  #leave({ pointerType }) {
    if (pointerType !== "mouse") return;
    clearTimeout(this.#timer);
    if (!this.#isPinned) this.#timer = setTimeout(() => this.close(), STAY);
  }

  #click({ target, detail }) {
    const place = this.#sheet.placeOf(target);
    if (place === undefined) return this.close();
    if (!getSelection().isCollapsed) return;
    this.#open(place, true);
    if (detail === 0) this.#first(); // a screen reader's click
  }

  #focus({ target }) {
    const place = this.#sheet.placeOf(target);
    if (place === undefined || this.#isQuiet || !target.matches(":focus-visible")) return;
    this.#open(place, true);
  }

  #enter(event) {
    const place = this.#sheet.placeOf(event.target);
    if (place === undefined || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    this.#open(place, true);
    this.#first();
  }

  #first() {
    this.#element.querySelector("button")?.focus();
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = Array.from(this.#element.querySelectorAll("button"));
    const place = buttons.indexOf(document.activeElement) + step;
    buttons[(place + buttons.length) % buttons.length].focus();
  }
}

/** A name, a bar, and a number. */
function cells(name, probability, isCode) {
  const bar = make("i");
  bar.style.width = `${100 * probability}%`;
  return [
    make(isCode ? "code" : "span", { class: "name" }, name),
    make("span", { class: "bar", "aria-hidden": "true" }, bar),
    make("span", { class: "number" }, percent(probability)),
  ];
}
