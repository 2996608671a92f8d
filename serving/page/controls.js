// The controls: what they say as a request, kept for the next visit.

const KEPT = "gpt2-serve-controls"; // in localStorage
const NUMBERS = ["temperature", "top_k", "top_p", "min_p", "max_tokens"];
const LARGEST_SEED = 2 ** 31;

const form = document.getElementById("ask");

/** Shows what was kept, and keeps what is changed. */
export function start() {
  try {
    for (const [name, value] of Object.entries(JSON.parse(localStorage.getItem(KEPT)) ?? {})) {
      if (form.elements[name]) form.elements[name].value = value;
    }
  } catch {
    // nothing was kept, or the browser keeps nothing
  }
  form.addEventListener("input", changed); // those that stand elsewhere do not bubble to it
  document.querySelector(".controls").addEventListener("input", changed);
  document.getElementById("defaults").addEventListener("click", () => {
    const prompt = form.elements.prompt.value;
    form.reset();
    form.elements.prompt.value = prompt;
    changed();
  });
  showNumbers();
}

/** The fields of a request but the model and the prompt. */
export function sampling() {
  const { elements } = form;
  const numbers = NUMBERS.map((name) => [name, Number(elements[name].value)]);
  const stop = elements.stop.value.split("\n").filter(Boolean);
  return {
    ...Object.fromEntries(numbers),
    seed: elements.seed.value
      ? Number(elements.seed.value)
      : Math.floor(LARGEST_SEED * Math.random()),
    ...(stop.length && { stop: stop.map((text) => text.replaceAll("\\n", "\n")) }),
  };
}

export function prompt() {
  return form.elements.prompt.value;
}

function changed() {
  showNumbers();
  const values = Array.from(form.elements)
    .filter((element) => element.name)
    .map((element) => [element.name, element.value]);
  try {
    localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(values)));
  } catch {
    // the browser keeps nothing
  }
}

function showNumbers() {
  for (const output of document.querySelectorAll("output")) {
    output.value = Number(form.elements[output.htmlFor].value).toFixed(2);
  }
}
