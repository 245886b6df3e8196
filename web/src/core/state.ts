// What the page knows of its lab: a value, and pure functions from it and a
// message to the next.
import { execLine, typed } from "./command";
import { type Console, noConsole, type Output, write } from "./console";
import { check, type Lives, live } from "./lives";
import type { Event, Hello, Lab, LimitEvent, NodeStatus, Status, Topology } from "./protocol";
import { absurd, type Row } from "./row";
import { append, end, noRows, type Rows, at as rowAt } from "./rows";
import { isTrace, type TraceLine, traceLine } from "./trace";

/** Rows kept of the time line, lines of each process' strace, limits of each node. */
export const ROWS = 100_000;
export const LINES = 2_000;
const LIMITS = 4;
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
  readonly traces: ReadonlyMap<string, Rows<TraceLine>>;
  /** By node. */
  readonly consoles: ReadonlyMap<string, Console>;
  /** Sent, by port. */
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** By switch, then address: the port it was learned at. */
  readonly learned: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Processes that were started, by node. */
  readonly lives: Lives;
  /** Limits that took effect, the newest of each node. */
  readonly limits: ReadonlyMap<string, readonly LimitEvent[]>;
  /** Routes and forwarding, by node. */
  readonly nets: ReadonlyMap<string, NodeStatus>;
}

export const initial: State = {
  lab: undefined,
  topology: { nodes: [], switches: [], links: [] },
  status: undefined,
  rows: noRows<Row>(ROWS),
  expected: 0,
  at: 0,
  missed: 0,
  traces: new Map(),
  consoles: new Map(),
  traffic: new Map(),
  learned: new Map(),
  lives: new Map(),
  limits: new Map(),
  nets: new Map(),
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
  return {
    ...state,
    status,
    at: Math.max(state.at, status.at),
    lives: check(state.lives, status.at, status.procs, knownProcs(state.topology)),
    nets: status.nodes === undefined ? state.nets : new Map(status.nodes.map((n) => [n.node, n])),
  };
}

/** knownProcs are the processes that the scenario has, as "node:proc". */
function knownProcs(topology: Topology): ReadonlySet<string> {
  return new Set(topology.nodes.flatMap((n) => n.procs.map((p) => procKey(n.name, p.name))));
}

/** apply takes a batch of events in. Repeated ones are ignored; a gap becomes a row that says how long it is. */
export function apply(state: State, events: readonly Event[]): State {
  const rows: Row[] = [];
  const known = knownProcs(state.topology);
  const traces = new Map<string, TraceLine[]>();
  const limits = new Map<string, LimitEvent[]>();
  const outputs = new Map<string, Output[]>();
  const traffic = new Map<string, Traffic>();
  let learned = state.learned;
  let lives = state.lives;
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
    lives = live(lives, e, known);
    if (isTrace(e)) {
      const key = procKey(e.node, e.proc);
      const old = state.traces.get(key);
      push(traces, key, traceLine(traces.get(key)?.at(-1) ?? (old && rowAt(old, end(old) - 1)), e));
    }
    switch (e.kind) {
      case "console":
        push(outputs, e.node, { from: e.proc, err: e.fd === 2, text: e.text });
        break;
      case "exit":
        // A command that did its work says nothing, as in a shell.
        if (e.op !== "exit" || e.n !== 0 || known.has(procKey(e.node, e.proc)))
          push(outputs, e.node, { from: "!", err: e.op !== "exit" || e.n !== 0, text: `${farewell(e)}\n` });
        break;
      case "command":
        if (e.op === "exec") push(outputs, e.node, { from: "$", err: false, text: `${execLine(e.text)}\n` });
        if (e.op === "stdin") push(outputs, e.node, { from: e.proc, err: false, text: typed(e.text) });
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
      case "limit":
        push(limits, e.node, e);
        break;
      case "start":
      case "call":
      case "lab":
      case "drop":
      case "iface":
      case "signal":
      case "log":
      case "panic":
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
    lives,
    rows: append(state.rows, rows),
    traces: merge(state.traces, traces, (old, add) => append(old ?? noRows<TraceLine>(LINES), add)),
    limits: merge(state.limits, limits, (old, add) => [...(old ?? []), ...add].slice(-LIMITS)),
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
