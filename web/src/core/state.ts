// What the page knows of its lab: a value, and pure functions from it and a
// message to the next.
import { type Console, noConsole, type Output, write } from "./console";
import type { CallEvent, Event, Hello, Lab, Status, Topology } from "./protocol";
import { absurd, type Row } from "./row";
import { append, noRows, type Rows } from "./rows";

/** Rows kept of the time line, and calls kept of each process. */
export const ROWS = 100_000;
export const CALLS = 2_000;
/** Processes, ports and addresses that are counted apart; a lab has far fewer. */
const KEYS = 1_024;

export interface Traffic {
  readonly frames: number;
  readonly bytes: number;
}

export interface State {
  readonly lab: Lab | undefined;
  readonly topology: Topology;
  readonly status: Status | undefined;
  readonly rows: Rows<Row>;
  /** The event that comes next, if none is missed. */
  readonly expected: number;
  /** Newest virtual time seen. */
  readonly at: number;
  readonly missed: number;
  /** By "node:proc". */
  readonly calls: ReadonlyMap<string, Rows<CallEvent>>;
  /** By node. */
  readonly consoles: ReadonlyMap<string, Console>;
  /** Sent, by port. */
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** By switch, then address: the port it was learned at. */
  readonly learned: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Processes that were started and are not in the topology, by node. */
  readonly extra: ReadonlyMap<string, readonly string[]>;
}

export const initial: State = {
  lab: undefined,
  topology: { nodes: [], switches: [], links: [] },
  status: undefined,
  rows: noRows<Row>(ROWS),
  expected: 0,
  at: 0,
  missed: 0,
  calls: new Map(),
  consoles: new Map(),
  traffic: new Map(),
  learned: new Map(),
  extra: new Map(),
};

export function procKey(node: string, proc: string): string {
  return `${node}:${proc}`;
}

/** greet takes a hello in: the first one, or that of a resumed stream. */
export function greet(state: State, hello: Hello): State {
  const same = state.lab !== undefined && state.lab.id === hello.lab.id && hello.next >= state.expected;
  const base = same ? state : { ...initial, expected: hello.first };
  const next = { ...base, lab: hello.lab, topology: hello.topology };
  if (same || hello.first <= 1) return next;
  return {
    ...next,
    rows: append<Row>(next.rows, [{ kind: "missed", at: 0, count: hello.first - 1, why: "earlier" }]),
  };
}

export function observe(state: State, status: Status): State {
  return { ...state, status, at: Math.max(state.at, status.at) };
}

/** apply takes a batch of events in. Repeated ones are ignored; a gap becomes a row that says how long it is. */
export function apply(state: State, events: readonly Event[]): State {
  const rows: Row[] = [];
  const calls = new Map<string, CallEvent[]>();
  const outputs = new Map<string, Output[]>();
  const traffic = new Map<string, Traffic>();
  let learned = state.learned;
  let extra = state.extra;
  let { expected, at, missed } = state;

  for (const e of events) {
    if (e.seq < expected) continue;
    if (e.seq > expected && expected > 0) {
      missed += e.seq - expected;
      rows.push({ kind: "missed", at: e.at, count: e.seq - expected, why: "slow" });
    }
    expected = e.seq + 1;
    at = Math.max(at, e.at);
    rows.push(e);
    switch (e.kind) {
      case "call":
        push(calls, procKey(e.node, e.proc), e);
        break;
      case "console":
        push(outputs, e.node, { from: e.proc, err: e.fd === 2, text: e.text });
        break;
      case "exit":
        push(outputs, e.node, { from: "!", err: e.op !== "exit" || e.n !== 0, text: `${farewell(e)}\n` });
        break;
      case "command":
        if (e.op === "exec") push(outputs, e.node, { from: "$", err: false, text: `${execLine(e.text)}\n` });
        if (e.op === "stdin") push(outputs, e.node, { from: e.proc, err: false, text: echo(e.text) });
        break;
      case "frame": {
        const t = traffic.get(e.port) ?? state.traffic.get(e.port) ?? { frames: 0, bytes: 0 };
        traffic.set(e.port, { frames: t.frames + 1, bytes: t.bytes + e.data.length / 2 });
        break;
      }
      case "learn":
        learned = learn(learned, e.node, e.text, e.port);
        break;
      case "forget":
        learned = learn(learned, e.node, e.text, undefined);
        break;
      case "start":
        extra = noteProc(state.topology, extra, e.node, e.proc);
        break;
      case "lab":
      case "drop":
      case "iface":
      case "signal":
      case "log":
      case "panic":
      case "limit":
      case "step":
      case "check":
      case "other":
        break;
      default:
        absurd(e);
    }
  }
  if (rows.length === 0) return state;
  return {
    ...state,
    expected,
    at,
    missed,
    learned,
    extra,
    rows: append(state.rows, rows),
    calls: merge(state.calls, calls, (old, add) => append(old ?? noRows<CallEvent>(CALLS), add)),
    consoles: merge(state.consoles, outputs, (old, add) => write(old ?? noConsole, add)),
    traffic: merge(state.traffic, traffic, (_, add) => add),
  };
}

function push<T>(into: Map<string, T[]>, key: string, value: T): void {
  const list = into.get(key);
  if (list === undefined) into.set(key, [value]);
  else list.push(value);
}

function merge<V, A>(
  old: ReadonlyMap<string, V>,
  news: ReadonlyMap<string, A>,
  join: (old: V | undefined, add: A) => V,
): ReadonlyMap<string, V> {
  if (news.size === 0) return old;
  const out = new Map(old);
  for (const [key, add] of news) out.set(key, join(old.get(key), add));
  return forgetOldest(out);
}

function forgetOldest<V>(map: Map<string, V>): Map<string, V> {
  for (const key of map.keys()) {
    if (map.size <= KEYS) break;
    map.delete(key);
  }
  return map;
}

function learn(
  learned: State["learned"],
  node: string,
  mac: string,
  port: string | undefined,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const table = new Map(learned.get(node));
  if (port === undefined) table.delete(mac);
  else table.set(mac, port);
  return forgetOldest(new Map(learned).set(node, forgetOldest(table)));
}

/** Processes run from a prompt, the newest eight of a node. */
const EXTRA = 8;

function noteProc(topology: Topology, extra: State["extra"], node: string, proc: string): State["extra"] {
  const known = topology.nodes.find((n) => n.name === node)?.procs.some((p) => p.name === proc) ?? false;
  const list = extra.get(node) ?? [];
  if (known || proc === "" || list.includes(proc)) return extra;
  return new Map(extra).set(node, [...list, proc].slice(-EXTRA));
}

function farewell(e: Extract<Event, { kind: "exit" }>): string {
  const why = e.text === "" ? "" : `: ${e.text}`;
  switch (e.op) {
    case "killed":
      return `${e.proc} was killed${why}`;
    case "trap":
      return `${e.proc} trapped${why}`;
    case "limit":
      return `${e.proc} was stopped at a limit${why}`;
    default:
      return `${e.proc} exited with code ${e.n}${e.n === 0 ? "" : why}`;
  }
}

/** The line of an exec command, out of the JSON it was recorded as. */
function execLine(json: string): string {
  const { argv } = recorded(json);
  if (!Array.isArray(argv)) return json;
  return argv.map((w) => (typeof w === "string" && /^[^\s'"\\]+$/.test(w) ? w : JSON.stringify(w))).join(" ");
}

/** What was typed at a program, as a terminal echoes it. */
function echo(json: string): string {
  const { text } = recorded(json);
  return typeof text === "string" ? text.replaceAll("\u0003", "^C").replaceAll("\u0004", "^D") : "";
}

function recorded(json: string): { readonly argv?: unknown; readonly text?: unknown } {
  try {
    const raw: unknown = JSON.parse(json);
    if (typeof raw === "object" && raw !== null) return raw;
  } catch {
    // Not JSON: nothing is known of it.
  }
  return {};
}
