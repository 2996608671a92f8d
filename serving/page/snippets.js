// A request as somebody else would send it: by curl, and by OpenAI's client for Python.

const OURS = ["top_k", "min_p", "return_token_ids"]; // no parameters of OpenAI's client

export function asCurl(body, hasKey) {
  return [
    `curl -N ${location.origin}/v1/completions \\`,
    "  -H 'Content-Type: application/json' \\",
    ...(hasKey ? ['  -H "Authorization: Bearer $GPT2_API_KEY" \\'] : []),
    `  -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
  ].join("\n");
}

export function asPython(body, hasKey) {
  const entries = Object.entries(body);
  const extra = Object.fromEntries(entries.filter(([name]) => OURS.includes(name)));
  const named = entries.filter(([name]) => !OURS.includes(name));
  const key = hasKey ? 'os.environ["GPT2_API_KEY"]' : '"none"';
  return [
    ...(hasKey ? ["import os", ""] : []),
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${location.origin}/v1", api_key=${key})`,
    "stream = client.completions.create(",
    ...named.map(([name, value]) => `    ${name}=${python(value)},`),
    `    extra_body=${python(extra)},`,
    ")",
    "for part in stream:",
    "    for choice in part.choices:",
    '        print(choice.text, end="", flush=True)',
    "",
  ].join("\n");
}

function python(value) {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value); // a text, or a number
  const entries = Object.entries(value).map(([name, one]) => `"${name}": ${python(one)}`);
  return `{${entries.join(", ")}}`;
}
