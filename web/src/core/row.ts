// A row of the time line: an event, or a note of the page's own about the stream.

import type { CallEvent, ConsoleEvent, Event, LeftEvent, LinkType, Summary, TreeEvent } from "../protocol/types";
import { callText } from "./calls";
import { doorSays, execLine, typed } from "./command";
import { bytes, count, grouped, span } from "./format";
import { utf8 } from "./hex";
import { printable } from "./inert";

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

/** rowText says a row in words, on one line, whatever a guest put into them. */
export function rowText(row: Row): RowText {
  const t = words(row);
  return { ...t, who: printable(t.who), what: printable(t.what), more: printable(t.more), error: printable(t.error) };
}

function words(row: Row): RowText {
  switch (row.kind) {
    case "lab":
      return text("lab", `lab ${row.text} begins`, `seed ${row.seed}`, "note");
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
        ...text(hop(row.port, row.peer), summaryText(row.sum), bytes(row.size), "plain"),
        error: row.sum?.bad ?? "",
      };
    case "drop":
      return {
        ...text(row.port || row.node, `drop ${summaryText(row.sum)}`, "", "error"),
        error: `${row.op}${row.text === "" ? "" : `: ${row.text}`}`,
      };
    case "learn":
      return text(row.node, `learn ${row.text}`, `is at ${row.port}${inVLAN(row.vlan)}`, "dim");
    case "forget":
      return text(row.node, `forget ${row.text}`, `was at ${row.port}${inVLAN(row.vlan)}`, "dim");
    case "tree":
      return text(row.port || row.node, treeWords(row), "", "dim");
    case "iface":
      return text(row.port || row.node, row.text, "", "dim");
    case "console":
      return consoleText(row);
    case "left":
      return {
        ...text(row.port || procName(row) || "lab", `… ${leftWords(row)} left out …`, LEFT_WHY, "warn"),
      };
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
      return row.errno === ""
        ? text("scenario", `check ${row.op} passed`, `${count(row.points, "point")} ${row.text}`, "note")
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

/** Why something is left out, and where it is. */
export const LEFT_WHY = "faster than people read; the recording has them all";
/** Characters of a text in its row: a row is one line. */
const ONE_LINE = 400;

/** leftWords says what is left out: 3,412 lines, 1.2 MB; 20 frames, 30 kB. */
export function leftWords(l: Pick<LeftEvent, "of" | "events" | "lines" | "bytes">): string {
  const what = l.of === "console" ? (l.lines > 0 ? count(l.lines, "line") : "") : count(l.events, NOUNS[l.of] ?? l.of);
  return [what, l.bytes > 0 ? bytes(l.bytes) : ""].filter((s) => s !== "").join(", ");
}

/** inVLAN says which VLAN an address was learned in, where the switch knows VLANs. */
export function inVLAN(vlan: number): string {
  return vlan === 0 ? "" : ` in VLAN ${vlan}`;
}

/** treeWords says what changed in a spanning tree. */
export function treeWords(e: Pick<TreeEvent, "op" | "text" | "n" | "node">): string {
  switch (e.op) {
    case "state":
      return `is ${e.text}`;
    case "role":
      return `is ${e.text === "alternate" ? "an" : "a"} ${e.text} port`;
    case "root":
      return `${e.node} takes ${e.text} for the root, at a cost of ${e.n}`;
    case "flush":
      return `forgets what it learned here (${e.n}): the topology has changed`;
    case "short-age":
      return `addresses age after ${e.text}: the topology has changed`;
    case "proposal":
    case "agreement":
    case "topology-change":
      return `${e.op.replace("-", " ")} ${e.text}`;
    default: // a guard's
      return e.text;
  }
}

/** What events of a kind are called where the kind's name is no noun. */
const NOUNS: { readonly [kind: string]: string } = {
  learn: "learned address",
  tree: "change of the spanning tree",
  forget: "forgotten address",
  iface: "interface change",
  log: "kernel message",
};

function consoleText(e: ConsoleEvent): RowText {
  const tone = e.fd === 2 ? "warn" : "note";
  const all = e.text.replace(/\n$/, "");
  const shown = printable(all.length > ONE_LINE ? `${all.slice(0, ONE_LINE)}…` : all);
  if (e.left === undefined) return text(procName(e), shown, "", tone);
  return text(procName(e), shown, `… and ${leftWords({ of: "console", events: 0, ...e.left })} left out`, tone);
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
      if (e.code === 0) return text(procName(e), "exit 0", used, "note");
      return { ...text(procName(e), `exit ${e.code}`, used, "error"), error: e.text };
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
    case "open-door":
    case "close-door":
      return text("door", printable(doorSays(e.op, e.text)), "", "note");
    default:
      return text("you", whom === "" ? e.op : `${e.op} ${whom}`, "", "note");
  }
}

function hop(port: string, peer: string): string {
  return peer === "" ? port : `${port} → ${peer}`;
}

function procName(e: Pick<ConsoleEvent, "node" | "proc">): string {
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
      return row.data;
    case "console":
      return row.data !== "" ? row.data : utf8(row.text);
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
      add("why", row.text, row.op !== "exit" || row.code !== 0);
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
      if (row.events > 1) add("stands for", `${count(row.events, "write")}, up to event ${grouped(row.to)}`);
      if (row.left !== undefined) add("left out", leftWords({ of: "console", events: 0, ...row.left }));
      break;
    case "left":
      add("left out", leftWords(row));
      add("events", `${grouped(row.seq)} to ${grouped(row.to)}`);
      add("why", "they came faster than people read: the page got their number only");
      add("where", "the recording has them all, the capture its frames");
      break;
    default:
      add("what", t.what);
      add("more", t.more);
      add("why", t.error, t.tone === "error");
  }
  const frame = frameOf(row);
  if (frame !== 0) add("frame", `#${grouped(frame)}`);
  const shown = dataOf(row).length / 2;
  const size = "size" in row ? row.size : shown;
  if (size > shown) add("size", `${bytes(size)}, of which the page got the first ${grouped(shown)}`);
  else if (size > 0) add("size", bytes(size));
  return facts;
}

/** absurd marks what the types say cannot be. */
export function absurd(x: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(x)}`);
}
