// The texts that were written: a tree, each branch its parent's tokens up to another one.

import { make, newDecoder, visible } from "./tokens.js";

const list = document.getElementById("list");
const all = []; // in the order of the list: a branch behind its parent and the parent's branches

export class Branch {
  /** A text of its own, or, with a parent, what follows its first `place` tokens and another. */
  constructor(prompt, parent = null, place = 0, other = null) {
    this.prompt = prompt;
    this.parent = parent;
    this.place = place;
    this.promptIds = parent && parent.promptIds;
    this.tokens = parent ? begun(parent, place, other) : [];
    this.depth = parent ? parent.depth + 1 : 0;
    this.number = null; // in the list
    this.body = null; // of the request
    this.usage = null; // what the server says of how many tokens were read
    this.ending = null; // why it ended
    this.button = make("button", { type: "button" });
  }

  get isRoot() {
    return this.parent === null;
  }

  get isListed() {
    return this.number !== null;
  }

  /** The ids that a request for what follows begins with. */
  get ids() {
    return [...this.promptIds, ...this.tokens.map((token) => token.id)];
  }

  /** Ends it. A stop text's own tokens are behind the end of the answer, whose length is told. */
  end(first, length) {
    if (this.ending === "length" && this.tokens.length - first < this.body.max_tokens) {
      this.ending = "full";
    }
    if (this.ending !== "stop") return;
    const decode = newDecoder();
    let end = 0;
    this.tokens.forEach((token, place) => {
      const text = decode(token);
      if (place < first) return;
      end += text.length;
      token.isCut = end > length;
    });
    if (this.tokens.at(-1)?.isCut) this.ending = "cut";
  }

  /** Adds it to the list. */
  list() {
    this.number = all.length + 1;
    const depth = String(Math.min(this.depth, 5));
    const item = make("li", { "data-depth": depth }, this.button);
    let place = this.isRoot ? all.length : all.indexOf(this.parent) + 1;
    while (place < all.length && all[place].depth > this.parent.depth) place += 1;
    list.insertBefore(item, list.children[place] ?? null);
    all.splice(place, 0, this);
    this.tell();
  }

  /** Says in the list how it differs, and how long it is. */
  tell() {
    const { temperature, seed } = this.body;
    const count = `${this.tokens.length} ${this.tokens.length === 1 ? "token" : "tokens"}`;
    const [first, second] = this.isRoot
      ? [[this.prompt.trim()], `temperature ${temperature}, seed ${seed}`]
      : [
          [
            make("code", {}, visible(this.tokens[this.place])),
            " instead of ",
            make("code", {}, visible(this.parent.tokens[this.place])),
          ],
          `${this.place} as in ${this.parent.number}`,
        ];
    this.button.replaceChildren(
      make("b", {}, String(this.number)),
      make("span", { class: "name" }, ...first),
      make("small", {}, `${count}; ${second}`),
    );
  }
}

function begun(parent, place, other) {
  const { others } = parent.tokens[place];
  const kept = parent.tokens.slice(0, place).map((token) => ({ ...token, isCut: false }));
  return [...kept, { ...other, others, isChosen: true }];
}

/** Marks the one that is shown. */
export function mark(shown) {
  for (const branch of all) {
    if (branch === shown) branch.button.setAttribute("aria-current", "true");
    else branch.button.removeAttribute("aria-current");
  }
}
