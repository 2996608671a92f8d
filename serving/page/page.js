// The page of `gpt2 serve`: asks for texts, and shows them as they come.

import { Branch, mark } from "./branches.js";
import { Card } from "./card.js";
import * as controls from "./controls.js";
import * as server from "./server.js";
import { Sheet } from "./sheet.js";
import { asCurl, asPython } from "./snippets.js";
import { tokensOf } from "./tokens.js";

const LIKELIEST = 5; // that are told of each place
const CALM = 250; // milliseconds between two figures of the speed

const find = (id) => document.getElementById(id);
const sheet = new Sheet(find("sheet"), () => sheet.branch.tell());
const card = new Card(find("card"), find("sheet"), sheet, (place, other) => {
  const branch = new Branch(sheet.branch.prompt, sheet.branch, place, other);
  write(branch, () => card.rest(place));
});
let model = null; // its name
let running = null; // what is being written: {branch, controller}

async function meet() {
  model = await server.modelName();
  find("model").textContent = model;
  document.title = `${model} · gpt2 serve`;
}

/** Writes a text, or more of it; shown: called when it is. */
async function write(branch, shown = () => {}) {
  const mine = { branch, controller: new AbortController() };
  running?.controller.abort("another");
  running = mine;
  const first = branch.tokens.length;
  const clock = { asked: performance.now(), told: 0 };
  let text = "";
  branch.ending = null;
  say("Writing.");
  tell(null);
  find("speed").textContent = "…";
  find("halt").disabled = false;
  try {
    if (model === null) await meet();
    branch.body = {
      model,
      prompt: branch.promptIds ? branch.ids : branch.prompt,
      ...controls.sampling(),
      stream: true,
      stream_options: { include_usage: true },
      logprobs: LIKELIEST,
      return_token_ids: true,
    };
    for await (const part of server.parts(branch.body, mine.controller.signal)) {
      const isFirst = clock.first === undefined;
      clock.last = performance.now();
      clock.first ??= clock.last;
      branch.usage = part.usage ?? null;
      for (const choice of part.choices) {
        branch.promptIds ??= choice.prompt_token_ids;
        branch.tokens.push(...tokensOf(choice));
        branch.ending = choice.finish_reason;
        text += choice.text;
      }
      if (isFirst) begin(branch, shown);
      sheet.update(branch);
      const count = branch.tokens.length - first;
      if (part.choices.length && clock.last - clock.told > CALM) tellSpeed(clock, count);
    }
    branch.end(first, text.length);
    tellSpeed(clock, branch.tokens.length - first);
    say(`Ended after ${branch.tokens.length - first} tokens.`);
  } catch (error) {
    if (mine.controller.signal.aborted) {
      branch.ending = "stopped";
      if (running === mine) say("Stopped.");
    } else {
      branch.ending = "broken";
      tell(error);
    }
    if (!clock.first && running === mine) find("speed").textContent = "";
  }
  if (running === mine) {
    running = null;
    if (document.activeElement === find("halt")) find("write").focus();
    find("halt").disabled = true;
  }
  if (sheet.branch === branch) {
    sheet.cut();
    below();
  }
}

/** Lists a text whose first token is there, and shows it. */
function begin(branch, shown) {
  for (const token of branch.tokens) token.isCut = false;
  if (!branch.isListed) {
    branch.list();
    branch.button.addEventListener("click", () => show(branch));
    find("branches").hidden = false;
  }
  show(branch);
  shown();
}

function show(branch) {
  card.close();
  sheet.show(branch);
  mark(branch);
  below();
}

function say(words) {
  find("status").textContent = words;
}

/** Shows what went wrong; null: nothing. */
function tell(error) {
  find("error").hidden = error === null;
  find("error").textContent = error?.message ?? "";
  if (error !== null) say("");
  if (error instanceof server.Locked) {
    find("locked").hidden = false;
    find("key").focus();
  }
}

function tellSpeed(clock, count) {
  clock.told = clock.last;
  const speed = (1000 * (count - 1)) / (clock.last - clock.first);
  find("speed").textContent = count > 2 ? `${Math.round(speed)} tokens per second` : "";
}

const ENDINGS = {
  stop: "The model ended it.",
  cut: "It ended before a stop text.",
  length: "It has the length that was asked for.",
  full: "The model can see no more tokens than these.",
  stopped: "You stopped it.",
  broken: "It broke off.",
};

/** Says what stands below the text that is shown. */
function below() {
  const { body, ending, usage, tokens } = sheet.branch;
  const read = usage?.prompt_tokens;
  const cached = usage?.prompt_tokens_details.cached_tokens;
  find("colophon").textContent = [
    ending ? `${tokens.length} tokens.` : "",
    `Temperature ${body.temperature}, seed ${body.seed}.`,
    ENDINGS[ending] ?? "",
    cached ? `Of the ${read} tokens before, ${cached} were still in the cache.` : "",
  ].join(" ");
  find("below").hidden = false;
  find("more").hidden = ending === null;
  find("request").hidden = true;
  find("copied").textContent = "";
}

async function copy(snippet) {
  const code = snippet(sheet.branch.body, server.hasKey());
  find("request").textContent = code;
  find("request").hidden = false;
  try {
    await navigator.clipboard.writeText(code);
    find("copied").textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(find("request"));
    find("copied").textContent = "The browser leaves the copying to you: it is selected.";
  }
}

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  write(new Branch(controls.prompt()));
});
find("prompt").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  find("ask").requestSubmit();
});
find("halt").addEventListener("click", () => running?.controller.abort("stopped"));
find("more").addEventListener("click", () => write(sheet.branch));
find("as-curl").addEventListener("click", () => copy(asCurl));
find("as-python").addEventListener("click", () => copy(asPython));
find("locked").addEventListener("submit", async (event) => {
  event.preventDefault();
  server.keep(find("key").value);
  tell(null);
  await meet().then(() => (find("locked").hidden = true), tell);
  if (find("locked").hidden) find("write").focus();
});

controls.start();
meet().catch(tell);
