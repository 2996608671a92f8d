// Tokens as the server spells them, and as a reader sees them.

const BYTES = /^bytes:(?:\\x[0-9a-f]{2})+$/; // a part of a character
const encoder = new TextEncoder();

/** The tokens of a part of an answer: `{id, spelled, probability, others}`, others likeliest first. */
export function tokensOf(choice) {
  const told = choice.logprobs;
  return choice.token_ids.map((id, place) => ({
    id,
    spelled: told.tokens[place],
    probability: Math.exp(told.token_logprobs[place]),
    others: othersOf(told.top_logprobs[place], told.top_token_ids[place]),
  }));
}

/** The ids are in the order of their probabilities; an object has keys like "7" in front. */
function othersOf(logprobs, ids) {
  const spelled = Object.entries(logprobs).sort(([, one], [, other]) => other - one);
  return spelled.map(([text, logprob], place) => ({
    id: ids[place],
    spelled: text,
    probability: Math.exp(logprob),
  }));
}

/** A function that takes one token after the other, and returns the text that each completes. */
export function newDecoder() {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (token) => decoder.decode(bytesOf(token.spelled), { stream: true });
}

function bytesOf(spelled) {
  if (!BYTES.test(spelled)) return encoder.encode(spelled);
  return Uint8Array.from(spelled.matchAll(/\\x(..)/g), ([, digits]) => parseInt(digits, 16));
}

export function isPart(token) {
  return BYTES.test(token.spelled);
}

/** A token's text with nothing in it that one cannot see. */
export function visible({ spelled }) {
  if (BYTES.test(spelled)) return spelled.slice("bytes:".length);
  return spelled
    .replaceAll(" ", "␣")
    .replaceAll("\n", "⏎")
    .replace(/[\p{C}\p{Z}\s]/gu, (one) => `\\u${one.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** What a screen reader says of a token that has no letters; null for others. */
export function spoken(token) {
  if (isPart(token)) return "part of a character";
  if (/^\n+$/.test(token.spelled)) return token.spelled === "\n" ? "line break" : "line breaks";
  if (/^\s+$/.test(token.spelled)) return "space";
  return null;
}

/** How dark a token's ground is, from 0, expected, to 4. */
export function shade(probability) {
  return [0.5, 0.2, 0.05, 0.01].filter((least) => probability < least).length;
}

export function percent(probability) {
  if (probability > 0 && probability < 0.0005) return "< 0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}

/** An element with text in it, or others. */
export function make(tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...content);
  return element;
}
