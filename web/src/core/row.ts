// A row of the time line: an event, or a note of the page's own about the stream.
import { callText } from "./calls";
import { execLine, typed } from "./command";
import { bytes, count, grouped, printable, span } from "./format";
import type { CallEvent, Event, LinkType, Summary } from "./protocol";

export type Row =
  | Event
  /** Events that this page never got: the stream moved on without it. */
  | { readonly kind: "missed"; readonly at: number; readonly count: number; readonly why: "earlier" | "slow" };

/** How a row is coloured; never the only thing that says so. */
export type Tone = "plain" | "dim" | "error" | "warn" | "note";

export interface RowText {
  readonly who: string;
  /** The verb: what stands out. */
  readonly what: string;
  /** What follows it, quieter. */
  readonly more: string;
  /** What went wrong, in red. */
  readonly error: string;
  readonly tone: Tone;
}

/** rowText says a row in words. */
export function rowText(row: Row): RowText {
  switch (row.kind) {
    case "lab":
      return text("lab", `lab ${row.text} begins`, `seed ${row.n}`, "note");
    case "command":
      return commandRow(row);
    case "start":
      return text(procName(row), `start ${row.text}`, `pid ${row.pid}`, "note");
    case "exit":
      return exitText(row);
    case "call":
      return callRow(row);
    case "frame":
      return {
        ...text(hop(row.port, row.peer), summaryText(row.sum), bytes(row.data.length / 2), "plain"),
        error: row.sum?.bad ?? "",
      };
    case "drop":
      return {
        ...text(row.port || row.node, `drop ${summaryText(row.sum)}`, "", "error"),
        error: `${row.op}${row.text === "" ? "" : `: ${row.text}`}`,
      };
    case "learn":
      return text(row.node, `learn ${row.text}`, `is at ${row.port}`, "dim");
    case "forget":
      return text(row.node, `forget ${row.text}`, `was at ${row.port}`, "dim");
    case "iface":
      return text(row.port || row.node, row.text, "", "dim");
    case "console":
      return text(procName(row), printable(row.text.replace(/\n$/, "")), "", row.fd === 2 ? "warn" : "note");
    case "signal":
      return text(procName(row), `--- ${row.op} ---`, row.text, "plain");
    case "log":
      return text(row.node, printable(row.text), "kernel", "dim");
    case "panic":
      return { ...text(row.node, "panic", "this kernel would have stopped here", "error"), error: row.text };
    case "limit":
      return {
        ...text(procName(row) || "lab", `limit ${row.op}`, row.n === 0 ? "" : grouped(row.n), "error"),
        error: row.text,
      };
    case "step":
      return text("scenario", `step ${row.op}`, row.text, "note");
    case "check":
      return row.passed
        ? text("scenario", `check ${row.op} passed`, `${count(row.n, "point")} ${row.text}`, "note")
        : { ...text("scenario", `check ${row.op} failed`, "", "error"), error: row.text };
    case "missed":
      return text(
        "page",
        row.why === "earlier"
          ? `${count(row.count, "earlier event")} no longer kept by the server`
          : `${count(row.count, "event")} missed: the stream went on without this page`,
        "the capture and the recording have them all",
        "warn",
      );
    case "other":
      return text(row.node || "lab", row.name, row.text, "dim");
    default:
      return absurd(row);
  }
}

function callRow(e: CallEvent): RowText {
  // The bytes of a frame are told by its summary, and shown in full beside it.
  const c = callText(e, e.frame === 0);
  const waited = e.began > 0 && e.at > e.began ? `after ${span(e.at - e.began)}` : "";
  const sum = e.frame === 0 || e.sum === undefined ? "" : summaryText(e.sum);
  const more = [sum, waited].filter((s) => s !== "").join("  ");
  return { ...text(procName(e), c.text, more, c.error === "" ? "plain" : "error"), error: c.error };
}

function exitText(e: Extract<Event, { kind: "exit" }>): RowText {
  const used = `${grouped(e.fuel)} fuel`;
  switch (e.op) {
    case "killed":
      return text(procName(e), "killed", used, "warn");
    case "trap":
    case "limit":
      return { ...text(procName(e), e.op === "trap" ? "trapped" : "stopped at a limit", used, "error"), error: e.text };
    default:
      if (e.n === 0) return text(procName(e), "exit 0", used, "note");
      return { ...text(procName(e), `exit ${e.n}`, used, "error"), error: e.text };
  }
}

/** summaryText is a frame in one line. */
export function summaryText(sum: Summary | undefined): string {
  if (sum === undefined) return "frame";
  const ends = sum.src === "" && sum.dst === "" ? "" : `${sum.src} → ${sum.dst}`;
  return printable([sum.proto, ends, sum.info].filter((s) => s !== "").join("  "));
}

function commandRow(e: Extract<Event, { kind: "command" }>): RowText {
  const whom = procName(e);
  switch (e.op) {
    case "exec":
      return text("you", `${e.node}$ ${printable(execLine(e.text))}`, "", "note");
    case "stdin":
      return text("you", `type ${printable(typed(e.text))}`, `at ${whom}`, "note");
    default:
      return text("you", whom === "" ? e.op : `${e.op} ${whom}`, "", "note");
  }
}

function hop(port: string, peer: string): string {
  return peer === "" ? port : `${port} → ${peer}`;
}

function procName(e: { readonly node: string; readonly proc: string }): string {
  return e.proc === "" ? e.node : `${e.node}:${e.proc}`;
}

function text(who: string, what: string, more: string, tone: Tone): RowText {
  return { who, what, more, error: "", tone };
}

/** frameOf is the frame a row is about, 0 for none: rows of one frame belong together. */
export function frameOf(row: Row): number {
  switch (row.kind) {
    case "frame":
    case "drop":
    case "call":
      return row.frame;
    default:
      return 0;
  }
}

/** dataOf is a row's bytes in hex. */
export function dataOf(row: Row): string {
  switch (row.kind) {
    case "frame":
    case "drop":
    case "call":
    case "console":
      return row.data;
    default:
      return "";
  }
}

/** headOf is how many of a row's bytes stand before its packet. */
export function headOf(row: Row): number {
  switch (row.kind) {
    case "frame":
    case "drop":
    case "call":
      return row.head;
    default:
      return 0;
  }
}

/** linkOf says what a row's bytes begin with behind headOf, where they are a frame or a packet. */
export function linkOf(row: Row): LinkType | undefined {
  switch (row.kind) {
    case "frame":
    case "drop":
    case "call":
      return row.link;
    default:
      return undefined;
  }
}

export type Proto = "arp" | "icmp" | "tcp" | "udp" | "ip6" | "other" | "none";

/** protoOf is the colour of a row's stripe, and of its dot. */
export function protoOf(row: Row): Proto {
  switch (row.kind) {
    case "frame":
    case "drop":
    case "call":
      return row.sum === undefined ? "none" : protoClass(row.sum.proto);
    default:
      return "none";
  }
}

export function protoClass(proto: string): Proto {
  const p = proto.toLowerCase();
  if (p.startsWith("arp")) return "arp";
  if (p.startsWith("icmp")) return "icmp";
  if (p.startsWith("tcp") || p.startsWith("http")) return "tcp";
  if (p.startsWith("udp") || p.startsWith("dns") || p.startsWith("dhcp")) return "udp";
  if (p.startsWith("ipv6")) return "ip6";
  return "other";
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly bad?: boolean;
}

/** rowFacts is all that a row knows, for the detail pane. */
export function rowFacts(row: Row): readonly Fact[] {
  const facts: Fact[] = [];
  const add = (name: string, value: string, bad = false): void => {
    if (value !== "") facts.push(bad ? { name, value, bad } : { name, value });
  };
  const t = rowText(row);
  if (row.kind === "missed") {
    add("missed", count(row.count, "event"));
    return facts;
  }
  add("event", `${row.kind === "other" ? row.name : row.kind}, number ${grouped(row.seq)}`);
  add("who", t.who);
  switch (row.kind) {
    case "call":
      add("call", t.what);
      add("pid", String(row.pid));
      if (row.errno !== "") add("error", t.error, true);
      if (row.began > 0 && row.at > row.began) add("waited", span(row.at - row.began));
      add("fuel so far", grouped(row.fuel));
      break;
    case "frame":
      add("sent at", row.port);
      add("arrives at", row.peer);
      add("link delay", span(row.delay));
      break;
    case "drop":
      add("dropped at", row.port);
      add("why", t.error, true);
      break;
    case "exit":
      add("how", t.what);
      add("why", row.text, row.op !== "exit" || row.n !== 0);
      add("fuel used", grouped(row.fuel));
      break;
    case "start":
      add("program", row.text);
      add("pid", String(row.pid));
      add("its hash", row.path);
      break;
    case "command":
      add("command", row.text);
      break;
    case "console":
      add("stream", row.fd === 2 ? "standard error" : "standard output");
      break;
    default:
      add("what", t.what);
      add("more", t.more);
      add("why", t.error, t.tone === "error");
  }
  const frame = frameOf(row);
  if (frame !== 0) add("frame", `#${grouped(frame)}`);
  const size = dataOf(row).length / 2;
  if (size > 0) add("size", bytes(size));
  return facts;
}

/** absurd marks what the types say cannot be. */
export function absurd(x: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(x)}`);
}
