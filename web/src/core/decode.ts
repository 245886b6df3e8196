// Bytes from the socket are `unknown` until they have been through here.
import {
  type Event,
  type Field,
  type Iface,
  type IfaceKind,
  type IfaceStatus,
  type LeftText,
  type Link,
  type LinkType,
  type Message,
  type Node,
  type NodeStatus,
  PROTOCOL,
  type ProcSpec,
  type ProcState,
  type ProcStatus,
  type Rate,
  type Route,
  type Status,
  type Summary,
  type Switch,
  type Topology,
} from "./protocol";

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** What is wrong with a message, and where in it. Never leaves this file. */
class Malformed extends Error {}

type Dict = { readonly [key: string]: unknown };

/** Nested deeper than any frame is: a field tree may not exhaust the stack. */
const MAX_FIELD_DEPTH = 16;

/** decode reads one message of the server's; bad ones give a sentence, never an exception. */
export function decode(raw: unknown): Decoded<Message> {
  return attempt(() => message(dict(raw, "message")));
}

/** decodeText is decode for the text of a WebSocket message. */
export function decodeText(text: string): Decoded<Message> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { ok: false, error: "the server sent something that is not JSON" };
  }
  return decode(raw);
}

export interface Decode {
  readonly fields: readonly Field[];
  readonly summary: Summary | undefined;
}

/** decodeFields reads the result of the decode command. */
export function decodeFields(raw: unknown): Decoded<Decode> {
  return attempt(() => {
    const o = dict(raw, "result");
    return { fields: fields(o.fields, "fields", 0), summary: summary(o.summary, "summary") };
  });
}

/** decodeExec reads the result of the exec command: the process that now runs. */
export function decodeExec(raw: unknown): Decoded<string> {
  return attempt(() => str(dict(raw, "result"), "proc", "result"));
}

export interface TextPart {
  readonly fd: number;
  readonly text: string;
}

/** What a process wrote, as far as the server still has it. */
export interface Text {
  readonly parts: readonly TextPart[];
  /** The event to ask from for what follows. */
  readonly next: number;
  /** Events before parts that are gone. */
  readonly missed: number;
}

/** decodeTextParts reads the result of the text command. */
export function decodeTextParts(raw: unknown): Decoded<Text> {
  return attempt(() => {
    const o = dict(raw, "result");
    return {
      parts: list(o.parts, "parts", (r, at) => {
        const p = dict(r, at);
        return { fd: num(p, "fd", at), text: str(p, "text", at) };
      }),
      next: num(o, "next", "result"),
      missed: optNum(o, "missed", "result"),
    };
  });
}

function attempt<T>(f: () => T): Decoded<T> {
  try {
    return { ok: true, value: f() };
  } catch (e) {
    if (e instanceof Malformed) return { ok: false, error: e.message };
    throw e;
  }
}

function message(o: Dict): Message {
  const type = str(o, "type", "message");
  switch (type) {
    case "hello": {
      const protocol = num(o, "protocol", "hello");
      if (protocol !== PROTOCOL) {
        throw new Malformed(
          `this page speaks protocol ${PROTOCOL} and the server ${protocol}: reload the page to get the one that fits`,
        );
      }
      const lab = dict(o.lab, "hello.lab");
      return {
        kind: "hello",
        lab: {
          id: str(lab, "id", "hello.lab"),
          scenario: str(lab, "scenario", "hello.lab"),
          title: optStr(lab, "title", "hello.lab"),
          seed: String(lab.seed ?? ""),
          version: optStr(lab, "version", "hello.lab"),
          brief: optStr(lab, "brief", "hello.lab"),
        },
        topology: topology(dict(o.topology, "hello.topology")),
        first: num(o, "first", "hello"),
        next: num(o, "next", "hello"),
      };
    }
    case "events": {
      const frames: Frames = new Map();
      return {
        kind: "events",
        n: num(o, "n", "events"),
        from: num(o, "from", "events"),
        next: num(o, "next", "events"),
        events: list(o.events, "events.events", (raw, at) => event(raw, at, frames)),
        missed: optNum(o, "missed", "events"),
      };
    }
    case "state":
      return { kind: "state", n: num(o, "n", "state"), status: status(o) };
    case "reply": {
      const id = num(o, "id", "reply");
      if (bool(o, "ok", "reply")) return { kind: "reply", id, ok: true, result: o.result };
      return { kind: "reply", id, ok: false, error: str(o, "error", "reply") };
    }
    case "bye":
      return { kind: "bye", reason: str(o, "reason", "bye") };
    default:
      throw new Malformed(`message of unknown type "${type}"`);
  }
}

function topology(o: Dict): Topology {
  return {
    nodes: list(o.nodes, "topology.nodes", node),
    switches: list(o.switches, "topology.switches", (raw, at): Switch => {
      const s = dict(raw, at);
      return { name: str(s, "name", at), ports: list(s.ports, `${at}.ports`, text) };
    }),
    links: list(o.links, "topology.links", (raw, at): Link => {
      const l = dict(raw, at);
      return { a: str(l, "a", at), b: str(l, "b", at), delay: optNum(l, "delay", at) };
    }),
  };
}

function node(raw: unknown, at: string): Node {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    dialect: optStr(o, "dialect", at),
    ifaces: list(o.ifaces, `${at}.ifaces`, (r, where): Iface => {
      const i = dict(r, where);
      return {
        name: str(i, "name", where),
        kind: oneOf<IfaceKind>(i, "kind", where, KINDS),
        mac: optStr(i, "mac", where),
        addresses: list(i.addresses, `${where}.addresses`, text),
        port: optStr(i, "port", where),
      };
    }),
    procs: list(o.procs, `${at}.procs`, (r, where): ProcSpec => {
      const p = dict(r, where);
      return {
        name: str(p, "name", where),
        argv: list(p.argv, `${where}.argv`, text),
        slot: p.slot === true,
        program: optStr(p, "program", where),
      };
    }),
  };
}

const KINDS: readonly IfaceKind[] = ["nic", "tap", "tun"];
const LINKS: readonly LinkType[] = ["ethernet", "raw", "null"];
const STATES: readonly ProcState[] = ["running", "ready", "sleeping", "exited", "stopped"];
const RATES: readonly Rate[] = [1, 10, 0];

function status(o: Dict): Status {
  const at = "state";
  const rate = RATES.find((r) => r === o.rate);
  const capture = o.capture === undefined || o.capture === null ? {} : dict(o.capture, "state.capture");
  if (rate === undefined) throw new Malformed(`state.rate is ${show(o.rate)}, not 0, 1 or 10`);
  return {
    at: num(o, "t", at),
    rate,
    paused: bool(o, "paused", at),
    lag: optNum(o, "lag", at),
    steps: optNum(o, "steps", at),
    ended: o.ended === true,
    why: optStr(o, "why", at),
    procs: list(o.procs, "state.procs", (raw, where): ProcStatus => {
      const p = dict(raw, where);
      const exit = p.exit === undefined || p.exit === null ? undefined : dict(p.exit, `${where}.exit`);
      return {
        node: str(p, "node", where),
        proc: str(p, "proc", where),
        pid: optNum(p, "pid", where),
        ppid: optNum(p, "ppid", where),
        state: oneOf(p, "state", where, STATES),
        wchan: optStr(p, "wchan", where),
        fuel: optNum(p, "fuel", where),
        cpu: optNum(p, "cpu", where),
        memory: optNum(p, "memory", where),
        program: optStr(p, "program", where),
        exit: exit && { code: optNum(exit, "code", where), why: optStr(exit, "why", where) },
      };
    }),
    ifaces: list(o.ifaces, "state.ifaces", (raw, where): IfaceStatus => {
      const i = dict(raw, where);
      const counters = i.counters === undefined || i.counters === null ? {} : dict(i.counters, `${where}.counters`);
      return {
        port: str(i, "port", where),
        kind: oneOf<IfaceKind>(i, "kind", where, KINDS),
        mac: optStr(i, "mac", where),
        mtu: optNum(i, "mtu", where),
        addresses: list(i.addresses, `${where}.addresses`, text),
        flags: list(i.flags, `${where}.flags`, text),
        link: optStr(i, "link", where),
        qlen: optNum(i, "qlen", where),
        counters: Object.keys(counters).map((key) => [key, num(counters, key, where)] as const),
      };
    }),
    nodes: o.nodes === undefined || o.nodes === null ? undefined : list(o.nodes, "state.nodes", nodeStatus),
    viewers: optNum(o, "viewers", at),
    missing: optNum(capture, "missing", "state.capture"),
    missingWhy: optStr(capture, "why", "state.capture"),
  };
}

function nodeStatus(raw: unknown, at: string): NodeStatus {
  const o = dict(raw, at);
  return {
    node: str(o, "node", at),
    forward: o.forward === true,
    forward6: o.forward6 === true,
    routes: list(o.routes, `${at}.routes`, (r, where): Route => {
      const x = dict(r, where);
      return {
        to: str(x, "to", where),
        via: optStr(x, "via", where),
        dev: optStr(x, "dev", where),
        flags: optStr(x, "flags", where),
      };
    }),
  };
}

/** What all events of one frame have, by the first of a message's that tells it. */
type Frames = Map<number, FrameBytes>;
interface FrameBytes {
  readonly data: string;
  readonly size: number;
  readonly sum: Summary | undefined;
  readonly link: LinkType | undefined;
  readonly head: number;
}

function frameBytes(o: Dict, seq: number, where: string, frames: Frames): FrameBytes {
  if (o.as !== undefined) {
    const as = num(o, "as", where);
    const same = frames.get(as);
    if (same === undefined) throw new Malformed(`${where}.as is ${as}, and no event before has that number`);
    return same;
  }
  const data = hex(o, "data", where);
  const size = o.size === undefined ? data.length / 2 : num(o, "size", where);
  const sum = o.sum === undefined ? undefined : summary(o.sum, `${where}.sum`);
  // Most frames are Ethernet's, which the server leaves out.
  const link = sum && ("link" in o ? oneOf<LinkType>(o, "link", where, LINKS) : "ethernet");
  const own = { data, size, sum, link, head: optNum(o, "head", where) };
  if (data !== "") frames.set(seq, own);
  return own;
}

function leftText(o: Dict, where: string): LeftText | undefined {
  if (o.left === undefined || o.left === null) return undefined;
  const l = dict(o.left, `${where}.left`);
  return { lines: optNum(l, "lines", where), bytes: optNum(l, "bytes", where) };
}

function event(raw: unknown, where: string, frames: Frames): Event {
  const o = dict(raw, where);
  const fact = { seq: num(o, "seq", where), at: num(o, "t", where) };
  const kind = str(o, "k", where);
  const s = (key: string): string => optStr(o, key, where);
  const n = (key: string): number => optNum(o, key, where);
  const proc = () => ({ node: s("node"), proc: s("proc"), pid: n("pid") });
  const frame = () => ({ frame: n("frame"), ...frameBytes(o, fact.seq, where, frames) });
  switch (kind) {
    case "lab":
      return { ...fact, kind, text: s("text"), n: n("n") };
    case "command":
      return { ...fact, kind, op: s("op"), node: s("node"), proc: s("proc"), text: s("text") };
    case "start":
      return { ...fact, kind, ...proc(), text: s("text"), path: s("path") };
    case "exit":
      return { ...fact, kind, ...proc(), n: n("n"), op: s("op"), text: s("text"), fuel: n("fuel") };
    case "call":
      return {
        ...fact,
        kind,
        ...proc(),
        ...frame(),
        op: s("op"),
        fd: n("fd"),
        path: s("path"),
        len: n("len"),
        n: n("n"),
        errno: s("errno"),
        began: "began" in o ? n("began") : 0,
        fuel: n("fuel"),
        text: s("text"),
      };
    case "frame":
      return { ...fact, kind, ...frame(), port: s("port"), peer: s("peer"), delay: n("n") };
    case "drop":
      return { ...fact, kind, ...frame(), port: s("port"), node: s("node"), op: s("op"), text: s("text") };
    case "learn":
    case "forget":
      return { ...fact, kind, node: s("node"), port: s("port"), text: s("text") };
    case "iface":
      return { ...fact, kind, node: s("node"), port: s("port"), op: s("op"), text: s("text") };
    case "console":
      return {
        ...fact,
        kind,
        ...proc(),
        fd: n("fd"),
        text: s("text"),
        data: hex(o, "data", where),
        events: o.events === undefined ? 1 : n("events"),
        to: o.to === undefined ? fact.seq : n("to"),
        left: leftText(o, where),
        tail: s("tail"),
      };
    case "left":
      return {
        ...fact,
        kind,
        of: str(o, "of", where),
        node: s("node"),
        proc: s("proc"),
        port: s("port"),
        fd: n("fd"),
        events: n("events"),
        bytes: n("bytes"),
        lines: n("lines"),
        to: n("to"),
      };
    case "signal":
      return { ...fact, kind, ...proc(), op: s("op"), text: s("text"), fuel: n("fuel") };
    case "log":
    case "panic":
      return { ...fact, kind, node: s("node"), text: s("text") };
    case "limit":
      return { ...fact, kind, ...proc(), op: s("op"), text: s("text"), n: n("n"), fuel: n("fuel") };
    case "step":
      return { ...fact, kind, op: s("op"), text: s("text") };
    case "check":
      return { ...fact, kind, op: s("op"), text: s("text"), n: n("n"), passed: s("errno") === "" };
    default:
      return { ...fact, kind: "other", name: kind, node: s("node"), text: s("text") };
  }
}

function summary(raw: unknown, at: string): Summary | undefined {
  if (raw === undefined || raw === null) return undefined;
  const o = dict(raw, at);
  return {
    proto: optStr(o, "proto", at),
    src: optStr(o, "src", at),
    dst: optStr(o, "dst", at),
    info: optStr(o, "info", at),
    bad: optStr(o, "bad", at),
  };
}

function fields(raw: unknown, at: string, depth: number): readonly Field[] {
  if (depth > MAX_FIELD_DEPTH) throw new Malformed(`${at} is nested deeper than ${MAX_FIELD_DEPTH} levels`);
  return list(raw, at, (r, where): Field => {
    const o = dict(r, where);
    return {
      name: optStr(o, "name", where),
      label: optStr(o, "label", where),
      value: optStr(o, "value", where),
      text: optStr(o, "text", where),
      off: optNum(o, "off", where),
      len: optNum(o, "len", where),
      bad: optStr(o, "bad", where),
      fields: fields(o.fields, `${where}.fields`, depth + 1),
    };
  });
}

function dict(raw: unknown, at: string): Dict {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw new Malformed(`${at} is ${show(raw)}, not an object`);
  }
  return raw as Dict;
}

/** An absent list is an empty one: Go writes an empty slice as null. */
function list<T>(raw: unknown, at: string, item: (raw: unknown, at: string) => T): readonly T[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) throw new Malformed(`${at} is ${show(raw)}, not a list`);
  return raw.map((r: unknown, i) => item(r, `${at}[${i}]`));
}

function text(raw: unknown, at: string): string {
  if (typeof raw !== "string") throw new Malformed(`${at} is ${show(raw)}, not a text`);
  return raw;
}

function str(o: Dict, key: string, at: string): string {
  return text(o[key], `${at}.${key}`);
}

function optStr(o: Dict, key: string, at: string): string {
  return o[key] === undefined || o[key] === null ? "" : str(o, key, at);
}

function num(o: Dict, key: string, at: string): number {
  const v = o[key];
  if (typeof v !== "number" || !Number.isFinite(v)) throw new Malformed(`${at}.${key} is ${show(v)}, not a number`);
  return v;
}

function optNum(o: Dict, key: string, at: string): number {
  return o[key] === undefined || o[key] === null ? 0 : num(o, key, at);
}

function bool(o: Dict, key: string, at: string): boolean {
  const v = o[key];
  if (typeof v !== "boolean") throw new Malformed(`${at}.${key} is ${show(v)}, not true or false`);
  return v;
}

function hex(o: Dict, key: string, at: string): string {
  const v = optStr(o, key, at);
  if (v.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(v)) throw new Malformed(`${at}.${key} is not hex`);
  return v;
}

function oneOf<T extends string>(o: Dict, key: string, at: string, allowed: readonly T[]): T {
  const v = str(o, key, at);
  const found = allowed.find((a) => a === v);
  if (found === undefined) throw new Malformed(`${at}.${key} is "${v}", not one of ${allowed.join(", ")}`);
  return found;
}

function show(raw: unknown): string {
  if (raw === undefined) return "missing";
  const s = JSON.stringify(raw) ?? String(raw);
  return s.length > 40 ? `${s.slice(0, 40)}…` : s;
}
