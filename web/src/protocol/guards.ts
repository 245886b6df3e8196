// Made from internal/protocol by internal/typescript. Change that, then run make protocol.
import {
  bool,
  dict,
  list,
  maybeNum,
  num,
  numbers,
  one,
  oneOf,
  optHex,
  optList,
  optNum,
  optOne,
  optOneOf,
  optStr,
  str,
  text,
  unknownKind,
} from "./read";
import type {
  Batch,
  Bye,
  CallEvent,
  Capture,
  CheckEvent,
  CommandEvent,
  ConsoleEvent,
  DecodeResult,
  DropEvent,
  Drops,
  Event,
  ExecResult,
  Exit,
  ExitEvent,
  Field,
  ForgetEvent,
  FrameEvent,
  Hello,
  Iface,
  IfaceEvent,
  IfaceKind,
  IfaceStatus,
  Lab,
  LabEvent,
  LearnEvent,
  LeftEvent,
  LeftText,
  LimitEvent,
  Link,
  LinkType,
  LogEvent,
  Message,
  Node,
  NodeStatus,
  OtherEvent,
  PanicEvent,
  ProcSpec,
  ProcState,
  ProcStatus,
  Rate,
  Reply,
  Route,
  SignalEvent,
  StartEvent,
  Status,
  StepEvent,
  Summary,
  Switch,
  TextPart,
  TextResult,
  Topology,
} from "./types";

/** The version of the protocol that is described here. */
export const VERSION = 2;

const IFACE_KINDS: readonly IfaceKind[] = ["nic", "tap", "tun"];

const LINK_TYPES: readonly LinkType[] = ["ethernet", "raw", "null"];

const RATES: readonly Rate[] = [1, 10, 0];

const PROC_STATES: readonly ProcState[] = ["running", "ready", "sleeping", "exited", "stopped"];

export function readReply(raw: unknown, at: string): Reply {
  const o = dict(raw, at);
  return {
    kind: "reply",
    id: num(o, "id", at),
    ok: bool(o, "ok", at),
    result: o.result,
    error: optStr(o, "error", at),
  };
}

export function readBye(raw: unknown, at: string): Bye {
  const o = dict(raw, at);
  return {
    kind: "bye",
    reason: str(o, "reason", at),
  };
}

export function readExecResult(raw: unknown, at: string): ExecResult {
  const o = dict(raw, at);
  return {
    proc: str(o, "proc", at),
  };
}

export function readDecodeResult(raw: unknown, at: string): DecodeResult {
  const o = dict(raw, at);
  return {
    fields: list(o, "fields", at, readField),
    summary: one(o, "summary", at, readSummary),
  };
}

export function readTextResult(raw: unknown, at: string): TextResult {
  const o = dict(raw, at);
  return {
    parts: list(o, "parts", at, readTextPart),
    next: num(o, "next", at),
    missed: num(o, "missed", at),
  };
}

export function readTextPart(raw: unknown, at: string): TextPart {
  const o = dict(raw, at);
  return {
    fd: num(o, "fd", at),
    text: str(o, "text", at),
  };
}

export function readBatch(raw: unknown, at: string): Batch {
  const o = dict(raw, at);
  return {
    kind: "events",
    n: num(o, "n", at),
    from: num(o, "from", at),
    next: num(o, "next", at),
    missed: num(o, "missed", at),
    events: list(o, "events", at, readEvent),
  };
}

export function readLabEvent(raw: unknown, at: string): LabEvent {
  const o = dict(raw, at);
  return {
    kind: "lab",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    text: optStr(o, "text", at),
    seed: optNum(o, "n", at),
  };
}

export function readCommandEvent(raw: unknown, at: string): CommandEvent {
  const o = dict(raw, at);
  return {
    kind: "command",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    op: optStr(o, "op", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    port: optStr(o, "port", at),
    step: optNum(o, "n", at),
    text: optStr(o, "text", at),
    frame: optNum(o, "frame", at),
    data: optHex(o, "data", at),
    size: optNum(o, "size", at),
  };
}

export function readStartEvent(raw: unknown, at: string): StartEvent {
  const o = dict(raw, at);
  return {
    kind: "start",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    text: optStr(o, "text", at),
    path: optStr(o, "path", at),
  };
}

export function readExitEvent(raw: unknown, at: string): ExitEvent {
  const o = dict(raw, at);
  return {
    kind: "exit",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    code: num(o, "n", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
    fuel: optNum(o, "fuel", at),
  };
}

export function readCallEvent(raw: unknown, at: string): CallEvent {
  const o = dict(raw, at);
  return {
    kind: "call",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    frame: optNum(o, "frame", at),
    as: maybeNum(o, "as", at),
    data: optHex(o, "data", at),
    size: optNum(o, "size", at),
    link: optOneOf(o, "link", at, LINK_TYPES),
    head: optNum(o, "head", at),
    sum: optOne(o, "sum", at, readSummary),
    op: optStr(o, "op", at),
    fd: optNum(o, "fd", at),
    path: optStr(o, "path", at),
    len: optNum(o, "len", at),
    n: num(o, "n", at),
    errno: optStr(o, "errno", at),
    began: optNum(o, "began", at),
    fuel: optNum(o, "fuel", at),
    text: optStr(o, "text", at),
  };
}

export function readFrameEvent(raw: unknown, at: string): FrameEvent {
  const o = dict(raw, at);
  return {
    kind: "frame",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    frame: optNum(o, "frame", at),
    as: maybeNum(o, "as", at),
    data: optHex(o, "data", at),
    size: optNum(o, "size", at),
    link: optOneOf(o, "link", at, LINK_TYPES),
    head: optNum(o, "head", at),
    sum: optOne(o, "sum", at, readSummary),
    port: optStr(o, "port", at),
    peer: optStr(o, "peer", at),
    op: optStr(o, "op", at),
    delay: num(o, "n", at),
  };
}

export function readDropEvent(raw: unknown, at: string): DropEvent {
  const o = dict(raw, at);
  return {
    kind: "drop",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    frame: optNum(o, "frame", at),
    as: maybeNum(o, "as", at),
    data: optHex(o, "data", at),
    size: optNum(o, "size", at),
    link: optOneOf(o, "link", at, LINK_TYPES),
    head: optNum(o, "head", at),
    sum: optOne(o, "sum", at, readSummary),
    port: optStr(o, "port", at),
    node: optStr(o, "node", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
  };
}

export function readLearnEvent(raw: unknown, at: string): LearnEvent {
  const o = dict(raw, at);
  return {
    kind: "learn",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    port: optStr(o, "port", at),
    text: optStr(o, "text", at),
  };
}

export function readForgetEvent(raw: unknown, at: string): ForgetEvent {
  const o = dict(raw, at);
  return {
    kind: "forget",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    port: optStr(o, "port", at),
    text: optStr(o, "text", at),
    op: optStr(o, "op", at),
  };
}

export function readIfaceEvent(raw: unknown, at: string): IfaceEvent {
  const o = dict(raw, at);
  return {
    kind: "iface",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    port: optStr(o, "port", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
  };
}

export function readConsoleEvent(raw: unknown, at: string): ConsoleEvent {
  const o = dict(raw, at);
  return {
    kind: "console",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    fd: optNum(o, "fd", at),
    text: str(o, "text", at),
    data: optHex(o, "data", at),
    events: optNum(o, "events", at),
    to: optNum(o, "to", at),
    left: optOne(o, "left", at, readLeftText),
    tail: optStr(o, "tail", at),
  };
}

export function readLeftText(raw: unknown, at: string): LeftText {
  const o = dict(raw, at);
  return {
    lines: optNum(o, "lines", at),
    bytes: optNum(o, "bytes", at),
  };
}

export function readSignalEvent(raw: unknown, at: string): SignalEvent {
  const o = dict(raw, at);
  return {
    kind: "signal",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
    fuel: optNum(o, "fuel", at),
  };
}

export function readLogEvent(raw: unknown, at: string): LogEvent {
  const o = dict(raw, at);
  return {
    kind: "log",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    text: optStr(o, "text", at),
  };
}

export function readPanicEvent(raw: unknown, at: string): PanicEvent {
  const o = dict(raw, at);
  return {
    kind: "panic",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    text: optStr(o, "text", at),
  };
}

export function readLimitEvent(raw: unknown, at: string): LimitEvent {
  const o = dict(raw, at);
  return {
    kind: "limit",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    pid: optNum(o, "pid", at),
    port: optStr(o, "port", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
    n: optNum(o, "n", at),
    fuel: optNum(o, "fuel", at),
    frame: optNum(o, "frame", at),
    data: optHex(o, "data", at),
    size: optNum(o, "size", at),
  };
}

export function readStepEvent(raw: unknown, at: string): StepEvent {
  const o = dict(raw, at);
  return {
    kind: "step",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
  };
}

export function readCheckEvent(raw: unknown, at: string): CheckEvent {
  const o = dict(raw, at);
  return {
    kind: "check",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    op: optStr(o, "op", at),
    text: optStr(o, "text", at),
    points: optNum(o, "n", at),
    errno: optStr(o, "errno", at),
  };
}

export function readLeftEvent(raw: unknown, at: string): LeftEvent {
  const o = dict(raw, at);
  return {
    kind: "left",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    of: str(o, "of", at),
    node: optStr(o, "node", at),
    proc: optStr(o, "proc", at),
    port: optStr(o, "port", at),
    fd: optNum(o, "fd", at),
    events: num(o, "events", at),
    bytes: optNum(o, "bytes", at),
    lines: optNum(o, "lines", at),
    to: num(o, "to", at),
  };
}

export function readOtherEvent(raw: unknown, at: string): OtherEvent {
  const o = dict(raw, at);
  return {
    kind: "other",
    seq: num(o, "seq", at),
    at: num(o, "t", at),
    name: str(o, "k", at),
    node: optStr(o, "node", at),
    text: optStr(o, "text", at),
  };
}

export function readHello(raw: unknown, at: string): Hello {
  const o = dict(raw, at);
  return {
    kind: "hello",
    protocol: num(o, "protocol", at),
    lab: one(o, "lab", at, readLab),
    topology: one(o, "topology", at, readTopology),
    first: num(o, "first", at),
    next: num(o, "next", at),
  };
}

export function readLab(raw: unknown, at: string): Lab {
  const o = dict(raw, at);
  return {
    id: str(o, "id", at),
    scenario: str(o, "scenario", at),
    title: str(o, "title", at),
    seed: str(o, "seed", at),
    version: str(o, "version", at),
    brief: str(o, "brief", at),
  };
}

export function readTopology(raw: unknown, at: string): Topology {
  const o = dict(raw, at);
  return {
    nodes: list(o, "nodes", at, readNode),
    switches: list(o, "switches", at, readSwitch),
    links: list(o, "links", at, readLink),
  };
}

export function readNode(raw: unknown, at: string): Node {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    dialect: str(o, "dialect", at),
    ifaces: list(o, "ifaces", at, readIface),
    procs: list(o, "procs", at, readProcSpec),
  };
}

export function readIface(raw: unknown, at: string): Iface {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    kind: oneOf(o, "kind", at, IFACE_KINDS),
    mac: str(o, "mac", at),
    addresses: list(o, "addresses", at, text),
    port: str(o, "port", at),
  };
}

export function readProcSpec(raw: unknown, at: string): ProcSpec {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    argv: list(o, "argv", at, text),
    slot: bool(o, "slot", at),
    program: str(o, "program", at),
  };
}

export function readSwitch(raw: unknown, at: string): Switch {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    ports: list(o, "ports", at, text),
  };
}

export function readLink(raw: unknown, at: string): Link {
  const o = dict(raw, at);
  return {
    a: str(o, "a", at),
    b: str(o, "b", at),
    delay: num(o, "delay", at),
  };
}

export function readStatus(raw: unknown, at: string): Status {
  const o = dict(raw, at);
  return {
    kind: "state",
    n: num(o, "n", at),
    at: num(o, "t", at),
    rate: oneOf(o, "rate", at, RATES),
    paused: bool(o, "paused", at),
    lag: num(o, "lag", at),
    slipped: optNum(o, "slipped", at),
    steps: num(o, "steps", at),
    ended: bool(o, "ended", at),
    why: optStr(o, "why", at),
    procs: list(o, "procs", at, readProcStatus),
    ifaces: list(o, "ifaces", at, readIfaceStatus),
    viewers: num(o, "viewers", at),
    capture: optOne(o, "capture", at, readCapture),
    nodes: optList(o, "nodes", at, readNodeStatus),
    drops: one(o, "drops", at, readDrops),
  };
}

export function readCapture(raw: unknown, at: string): Capture {
  const o = dict(raw, at);
  return {
    missing: num(o, "missing", at),
    why: optStr(o, "why", at),
  };
}

export function readDrops(raw: unknown, at: string): Drops {
  const o = dict(raw, at);
  return {
    events: num(o, "events", at),
    left: num(o, "left", at),
  };
}

export function readProcStatus(raw: unknown, at: string): ProcStatus {
  const o = dict(raw, at);
  return {
    node: str(o, "node", at),
    proc: str(o, "proc", at),
    pid: optNum(o, "pid", at),
    ppid: optNum(o, "ppid", at),
    state: oneOf(o, "state", at, PROC_STATES),
    wchan: optStr(o, "wchan", at),
    fuel: num(o, "fuel", at),
    cpu: num(o, "cpu", at),
    memory: num(o, "memory", at),
    program: optStr(o, "program", at),
    dropped: optNum(o, "dropped", at),
    exit: optOne(o, "exit", at, readExit),
  };
}

export function readExit(raw: unknown, at: string): Exit {
  const o = dict(raw, at);
  return {
    code: num(o, "code", at),
    how: optStr(o, "how", at),
    why: optStr(o, "why", at),
  };
}

export function readIfaceStatus(raw: unknown, at: string): IfaceStatus {
  const o = dict(raw, at);
  return {
    port: str(o, "port", at),
    kind: oneOf(o, "kind", at, IFACE_KINDS),
    mac: optStr(o, "mac", at),
    mtu: optNum(o, "mtu", at),
    addresses: list(o, "addresses", at, text),
    flags: list(o, "flags", at, text),
    link: optStr(o, "link", at),
    qlen: num(o, "qlen", at),
    qmax: num(o, "qmax", at),
    counters: numbers(o, "counters", at),
  };
}

export function readNodeStatus(raw: unknown, at: string): NodeStatus {
  const o = dict(raw, at);
  return {
    node: str(o, "node", at),
    forward: bool(o, "forward", at),
    forward6: bool(o, "forward6", at),
    routes: list(o, "routes", at, readRoute),
  };
}

export function readRoute(raw: unknown, at: string): Route {
  const o = dict(raw, at);
  return {
    to: str(o, "to", at),
    via: optStr(o, "via", at),
    dev: optStr(o, "dev", at),
    flags: optStr(o, "flags", at),
  };
}

export function readSummary(raw: unknown, at: string): Summary {
  const o = dict(raw, at);
  return {
    proto: str(o, "proto", at),
    src: optStr(o, "src", at),
    dst: optStr(o, "dst", at),
    info: optStr(o, "info", at),
    bad: optStr(o, "bad", at),
  };
}

export function readField(raw: unknown, at: string): Field {
  const o = dict(raw, at);
  return {
    name: str(o, "name", at),
    label: str(o, "label", at),
    value: optStr(o, "value", at),
    text: optStr(o, "text", at),
    off: num(o, "off", at),
    len: num(o, "len", at),
    bad: optStr(o, "bad", at),
    fields: list(o, "fields", at, readField),
  };
}

export function readMessage(raw: unknown, at: string): Message {
  const o = dict(raw, at);
  const kind = str(o, "type", at);
  switch (kind) {
    case "hello":
      return readHello(o, "hello");
    case "events":
      return readBatch(o, "events");
    case "state":
      return readStatus(o, "state");
    case "reply":
      return readReply(o, "reply");
    case "bye":
      return readBye(o, "bye");
    default:
      return unknownKind(at, kind);
  }
}

export function readEvent(raw: unknown, at: string): Event {
  const o = dict(raw, at);
  const kind = str(o, "k", at);
  switch (kind) {
    case "lab":
      return readLabEvent(o, at);
    case "command":
      return readCommandEvent(o, at);
    case "start":
      return readStartEvent(o, at);
    case "exit":
      return readExitEvent(o, at);
    case "call":
      return readCallEvent(o, at);
    case "frame":
      return readFrameEvent(o, at);
    case "drop":
      return readDropEvent(o, at);
    case "learn":
      return readLearnEvent(o, at);
    case "forget":
      return readForgetEvent(o, at);
    case "iface":
      return readIfaceEvent(o, at);
    case "console":
      return readConsoleEvent(o, at);
    case "signal":
      return readSignalEvent(o, at);
    case "log":
      return readLogEvent(o, at);
    case "panic":
      return readPanicEvent(o, at);
    case "limit":
      return readLimitEvent(o, at);
    case "step":
      return readStepEvent(o, at);
    case "check":
      return readCheckEvent(o, at);
    case "left":
      return readLeftEvent(o, at);
    default:
      return readOtherEvent(o, at);
  }
}
