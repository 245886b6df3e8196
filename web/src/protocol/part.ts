// The events of a message in short, as the Go side writes them: internal/protocol/part.go says how. They are
// made objects here, which the guards then read as any other.
import { type Dict, dict, num, text, wrong } from "./read";

/** plain is a message of events with all of them as objects. */
export function plain(message: Dict): Dict {
  const { parts } = message;
  if (parts === undefined) return message;
  const events: unknown[] = [...array(message.events, "events.events")];
  array(parts, "events.parts").forEach((raw, i) => {
    const at = `events.parts[${i}]`;
    const part = dict(raw, at);
    const seq = num(part, "seq", at);
    const t = num(part, "t", at);
    const shapes = array(part.shapes, `${at}.shapes`).map((s, j) => shaped(s, `${at}.shapes[${j}]`));
    const rows = array(part.rows, `${at}.rows`);
    for (let j = 0; j < rows.length; j++) {
      const row = rows[j];
      if (Array.isArray(row)) events.push(event(row, seq, t, shapes, () => `${at}.rows[${j}]`));
      else events.push(row);
    }
  });
  return { ...message, events };
}

interface Shape {
  readonly same: Dict;
  readonly names: readonly string[];
}

function shaped(raw: unknown, at: string): Shape {
  const [same, ...names] = array(raw, at);
  return { same: dict(same, `${at}[0]`), names: names.map((n, i) => text(n, `${at}[${i + 1}]`)) };
}

function event(row: readonly unknown[], seq: number, t: number, shapes: readonly Shape[], at: () => string): Dict {
  const shape = shapes[number(row[0], at)];
  if (shape === undefined) return wrong(`${at()} has the shape ${row[0]}, and there are ${shapes.length}`);
  const now = t + number(row[2], at);
  const e: { [key: string]: unknown } = { seq: seq + number(row[1], at), t: now, ...shape.same };
  let i = 3;
  for (const name of shape.names) {
    if (i >= row.length) return wrong(`${at()} ends before its ${name}`);
    if (name.startsWith("-")) e[name.slice(1)] = now - number(row[i], at);
    else e[name] = row[i];
    i++;
  }
  if (i < row.length) frame(e, row[i], seq, at);
  return e;
}

/** frame gives an event what is said of the frame that it is about. */
function frame(e: { [key: string]: unknown }, raw: unknown, seq: number, at: () => string): void {
  if (!Array.isArray(raw)) {
    e.as = seq + number(raw, at);
    return;
  }
  const [data, sum, link, head, size] = raw as readonly unknown[];
  const [proto, src, dst, info, bad] = array(sum, `${at()}'s summary`);
  e.data = data;
  e.sum = { proto, src, dst, info, bad };
  if (link) e.link = link;
  if (head) e.head = head;
  if (size) e.size = size;
}

function array(raw: unknown, at: string): readonly unknown[] {
  return Array.isArray(raw) ? raw : wrong(`${at} is not a list`);
}

function number(raw: unknown, at: () => string): number {
  return typeof raw === "number" && Number.isFinite(raw) ? raw : wrong(`${at()} has what is no number`);
}
