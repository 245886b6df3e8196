// What a person did from the page, out of the JSON that the lab recorded it as.

/** execLine is the line of an exec command. */
export function execLine(json: string): string {
  const { argv, line } = recorded(json);
  if (typeof line === "string") return line;
  if (!Array.isArray(argv)) return json;
  return argv.map((w) => (typeof w === "string" && /^[^\s'"\\]+$/.test(w) ? w : JSON.stringify(w))).join(" ");
}

/** typed is what was typed at a program, as a terminal echoes it. */
export function typed(json: string): string {
  const { text } = recorded(json);
  return typeof text === "string" ? text.replaceAll("\u0003", "^C").replaceAll("\u0004", "^D") : "";
}

/** doorSays is who came to a door, or why one went and how many frames were lost there. */
export function doorSays(op: string, json: string): string {
  const { port, by, why, dropped } = recorded(json);
  if (op === "open-door") return `${port} is open: ${by}`;
  const lost = Object.entries(dropped ?? {}).map(([reason, n]) => `${n} ${reason}`);
  return `${port} is closed: ${why}${lost.length === 0 ? "" : `; lost there: ${lost.join(", ")}`}`;
}

/** A Recorded is what there may be in the JSON of a command; nobody has checked its types. */
interface Recorded {
  readonly argv?: unknown;
  readonly line?: unknown;
  readonly text?: unknown;
  readonly port?: unknown;
  readonly by?: unknown;
  readonly why?: unknown;
  readonly dropped?: object;
}

function recorded(json: string): Recorded {
  try {
    const raw: unknown = JSON.parse(json);
    if (typeof raw === "object" && raw !== null) return raw;
  } catch {
    // Not JSON: nothing is known of it.
  }
  return {};
}
