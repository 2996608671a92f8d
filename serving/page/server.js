// Asking the server. What goes wrong is an Error whose message is a sentence.

const KEY = "gpt2-serve-key"; // in the tab's sessionStorage

export class Locked extends Error {}

export function keep(key) {
  sessionStorage.setItem(KEY, key);
}

export function hasKey() {
  return Boolean(sessionStorage.getItem(KEY));
}

/** The name of the model. */
export async function modelName() {
  const answer = await ask("v1/models");
  return (await answer.json()).data[0].id;
}

/** Yields the parts of a stream as they come. */
export async function* parts(body, signal) {
  const answer = await ask("v1/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let waiting = ""; ; ) {
    const { value, done } = await reader.read().catch(broken);
    if (done) break;
    const events = (waiting + value).split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const part = JSON.parse(data);
      if (part.error) throw new Error(sentence(part.error.message));
      yield part;
    }
  }
  throw new Error("The server ended before the text did.");
}

function broken(error) {
  if (error.name === "AbortError") throw error;
  throw new Error("The connection broke before the text ended: is the server still running?");
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (hasKey()) headers.Authorization = `Bearer ${asLatin1(sessionStorage.getItem(KEY))}`;
  const answer = await fetch(path, { ...options, headers }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error(`No server answers at ${location.host}: start it with gpt2 serve.`);
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  const message = sentence(told?.error?.message ?? `the server answers ${answer.status}`);
  throw answer.status === 401 ? new Locked(message) : new Error(message);
}

/** A header has bytes only: those of the text in UTF-8, a character each. */
function asLatin1(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

function sentence(message) {
  return message[0].toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? "" : ".");
}
