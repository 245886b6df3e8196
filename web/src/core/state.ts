// What the page knows of its lab: a value, and pure functions from it and a
// message to the next.

import type {
  Batch,
  Event,
  Hello,
  Lab,
  LeftEvent,
  LimitEvent,
  NodeStatus,
  Status,
  Topology,
  TreeEvent,
} from "../protocol/types";
import { execLine, typed } from "./command";
import { type Console, type Gap, noConsole, type Output, share, write } from "./console";
import { type Fabric, growTrees, noFabric, observeFabric, replug, unplug } from "./fabric";
import { check, type Lives, live } from "./lives";
import { type Present, present } from "./present";
import { absurd, inVLAN, type Row } from "./row";
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
  /** The same, by node. */
  readonly now: Present;
  readonly rows: Rows<Row>;
  /** The event that comes next, if none is missed. */
  readonly expected: number;
  /** Newest virtual time seen. */
  readonly at: number;
  readonly missed: number;
  /** Events that the server only counted: they came faster than people read. */
  readonly left: number;
  /** By "node:proc". */
  readonly traces: ReadonlyMap<string, Rows<TraceLine>>;
  /** By node. */
  readonly consoles: ReadonlyMap<string, Console>;
  /** Sent, by port. */
  readonly traffic: ReadonlyMap<string, Traffic>;
  /** By switch, then address: the port it was learned at. */
  readonly learned: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Changes of that which the server only counted, by switch: the table may be wrong by them. */
  readonly unlearned: ReadonlyMap<string, number>;
  /** Processes that were started, by node. */
  readonly lives: Lives;
  /** Limits that took effect, the newest of each node. */
  readonly limits: ReadonlyMap<string, readonly LimitEvent[]>;
  /** Routes and forwarding, by node. */
  readonly nets: ReadonlyMap<string, NodeStatus>;
  /** Switches, impaired links, cables. */
  readonly fabric: Fabric;
}

export const initial: State = {
  lab: undefined,
  topology: { nodes: [], switches: [], links: [], doors: [] },
  status: undefined,
  now: new Map(),
  rows: noRows<Row>(ROWS),
  expected: 0,
  at: 0,
  missed: 0,
  left: 0,
  traces: new Map(),
  consoles: new Map(),
  traffic: new Map(),
  learned: new Map(),
  unlearned: new Map(),
  lives: new Map(),
  limits: new Map(),
  nets: new Map(),
  fabric: noFabric,
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
  const topology = replug(state.topology, status.links);
  return {
    ...state,
    topology,
    fabric: unplug(observeFabric(state.fabric, status), state.topology, topology),
    status,
    now: present(state.now, status),
    at: Math.max(state.at, status.at),
    lives: check(state.lives, status.at, status.procs, knownProcs(state.topology)),
    nets: status.nodes === undefined ? state.nets : new Map(status.nodes.map((n) => [n.node, n])),
  };
}

/** knownProcs are the processes that the scenario has, as "node:proc". */
function knownProcs(topology: Topology): ReadonlySet<string> {
  return new Set(topology.nodes.flatMap((n) => n.procs.map((p) => procKey(n.name, p.name))));
}

/** tell writes into a node's console what the page itself has to say, such as why a command was refused. */
export function tell(state: State, node: string, outputs: readonly Output[]): State {
  const old = state.consoles.get(node) ?? noConsole;
  const consoles = new Map(state.consoles).set(node, write(old, outputs, share(state.consoles.size)));
  return { ...state, consoles: forgetOldest(consoles) };
}

/** apply takes a batch in. Repeated events are ignored; those that are gone become a row that says how many. */
export function apply(state: State, batch: Batch): State {
  const rows: Row[] = [];
  const known = knownProcs(state.topology);
  const traces = new Map<string, TraceLine[]>();
  const limits = new Map<string, LimitEvent[]>();
  const outputs = new Map<string, Output[]>();
  const traffic = new Map<string, Traffic>();
  const learned = new Map<string, Map<string, string>>();
  const unlearned = new Map<string, number>();
  const trees = new Map<string, TreeEvent[]>();
  let lives = state.lives;
  let { at, left } = state;

  const gap = Math.max(batch.missed, state.expected > 0 ? batch.from - state.expected : 0);
  if (gap > 0) rows.push({ kind: "missed", at: batch.events[0]?.at ?? at, count: gap, why: "slow" });
  const sent = (port: string, frames: number, bytes: number): void => {
    const t = traffic.get(port) ?? state.traffic.get(port) ?? { frames: 0, bytes: 0 };
    traffic.set(port, { frames: t.frames + frames, bytes: t.bytes + bytes });
  };
  for (const e of batch.events) {
    if (e.seq < state.expected) continue;
    at = Math.max(at, e.at);
    // The frame that comes in by a door has a row of its own.
    if (e.kind !== "command" || e.op !== "enter") rows.push(e);
    lives = live(lives, e, known);
    if (isTrace(e)) {
      const key = procKey(e.node, e.proc);
      const old = state.traces.get(key);
      push(traces, key, traceLine(traces.get(key)?.at(-1) ?? (old && rowAt(old, end(old) - 1)), e));
    }
    switch (e.kind) {
      case "console":
        for (const out of written(e)) push(outputs, e.node, out);
        break;
      case "exit":
        // A command that did its work says nothing, as in a shell.
        if (e.op !== "exit" || e.code !== 0 || known.has(procKey(e.node, e.proc)))
          push(outputs, e.node, {
            kind: e.op !== "exit" || e.code !== 0 ? "bad" : "note",
            from: "",
            text: `${farewell(e)}\n`,
          });
        break;
      case "command":
        if (e.op === "exec") push(outputs, e.node, { kind: "command", from: "", text: `${execLine(e.text)}\n` });
        if (e.op === "stdin") push(outputs, e.node, { kind: "out", from: e.proc, text: typed(e.text) });
        break;
      case "frame":
        sent(e.port, 1, e.size);
        break;
      case "learn":
        table(learned, state.learned, e.node).set(e.text + inVLAN(e.vlan), e.port);
        break;
      case "forget":
        table(learned, state.learned, e.node).delete(e.text + inVLAN(e.vlan));
        break;
      case "limit":
        push(limits, e.node, e);
        break;
      case "tree":
        push(trees, e.node, e);
        break;
      case "left":
        left += e.events;
        if (e.of === "console" && e.node !== "") push(outputs, e.node, { kind: "left", gap: gapOf(e) });
        if (e.of === "frame" && e.port !== "") sent(e.port, e.events, e.bytes);
        if (e.of === "learn" || e.of === "forget") unlearned.set(e.node, (unlearned.get(e.node) ?? 0) + e.events);
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
  if (rows.length === 0 && batch.next <= state.expected) return state;
  const nodes = new Set([...state.consoles.keys(), ...outputs.keys()]).size;
  return {
    ...state,
    expected: Math.max(state.expected, batch.next),
    at,
    missed: state.missed + gap,
    left,
    lives,
    rows: append(state.rows, rows),
    learned: merge(state.learned, learned, (_, add) => forgetOldest(add)),
    unlearned: merge(state.unlearned, unlearned, (old, add) => (old ?? 0) + add),
    traces: merge(state.traces, traces, (old, add) => append(old ?? noRows<TraceLine>(LINES), add)),
    fabric: growTrees(state.fabric, trees),
    limits: merge(state.limits, limits, (old, add) => [...(old ?? []), ...add].slice(-LIMITS)),
    consoles: merge(state.consoles, outputs, (old, add) => write(old ?? noConsole, add, share(nodes))),
    traffic: merge(state.traffic, traffic, (_, add) => add),
  };
}

/** written is what a console event shows: text, and perhaps a gap and more text. */
function written(e: Extract<Event, { kind: "console" }>): readonly Output[] {
  const kind = e.fd === 2 ? "err" : "out";
  const text: Output = { kind, from: e.proc, text: e.text };
  if (e.left === undefined) return [text];
  const gap: Gap = { ...e.left, proc: e.proc, fd: e.fd, first: e.seq, last: e.to };
  return [text, { kind: "left", gap }, { kind, from: e.proc, text: e.tail }];
}

function gapOf(e: LeftEvent): Gap {
  return { lines: e.lines, bytes: e.bytes, proc: e.proc, fd: e.fd, first: e.seq, last: e.to };
}

/** table is a switch's table, copied once for a batch. */
function table(changed: Map<string, Map<string, string>>, old: State["learned"], node: string): Map<string, string> {
  let t = changed.get(node);
  if (t === undefined) {
    t = new Map(old.get(node));
    changed.set(node, t);
  }
  return t;
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

function forgetOldest<V, M extends Map<string, V>>(map: M): M {
  for (const key of map.keys()) {
    if (map.size <= KEYS) break;
    map.delete(key);
  }
  return map;
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
      return `${e.proc} exited with code ${e.code}${e.code === 0 ? "" : why}`;
  }
}
