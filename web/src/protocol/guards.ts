// Made from internal/protocol by internal/typescript. Change that, then run make protocol.
import {
  as,
  bool,
  type Item,
  is,
  list,
  maybeNum,
  num,
  numbers,
  object,
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
  variants,
  whatever,
} from "./read";
import type {
  Batch,
  Button,
  Bye,
  CallEvent,
  Capture,
  CheckEvent,
  CommandEvent,
  ConsoleEvent,
  DecodeResult,
  Door,
  DoorStatus,
  DropCount,
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
  ImpairState,
  Lab,
  LabEvent,
  LearnEvent,
  LeftEvent,
  LeftText,
  LimitEvent,
  Link,
  LinkType,
  LogEvent,
  MatchResult,
  Message,
  Node,
  NodeStatus,
  OtherEvent,
  PanicEvent,
  People,
  PortLink,
  PortState,
  ProcSpec,
  ProcState,
  ProcStatus,
  Rate,
  Reply,
  Rights,
  Route,
  SignalEvent,
  StartEvent,
  Status,
  StepEvent,
  Summary,
  Switch,
  SwitchNow,
  SwitchState,
  TableEntry,
  TableResult,
  TextPart,
  TextResult,
  Topology,
  TreeEvent,
  TreeState,
  TryResult,
  VLANState,
} from "./types";

/** The version of the protocol that is described here. */
export const VERSION = 3;

const PORT_LINKS: readonly PortLink[] = ["up", "down", "off"];

const IFACE_KINDS: readonly IfaceKind[] = ["nic", "tap", "tun"];

const RIGHTSS: readonly Rights[] = ["watch", "type"];

const LINK_TYPES: readonly LinkType[] = ["ethernet", "raw", "null"];

const RATES: readonly Rate[] = [1, 10, 0];

const PROC_STATES: readonly ProcState[] = ["running", "ready", "sleeping", "exited", "stopped"];

export const readReply: Item<Reply> = object({
  kind: is("reply"),
  id: num,
  ok: bool,
  result: whatever,
  error: optStr,
});

export const readBye: Item<Bye> = object({
  kind: is("bye"),
  reason: str,
});

export const readExecResult: Item<ExecResult> = object({
  proc: str,
});

export const readTryResult: Item<TryResult> = object({
  node: optStr,
  proc: optStr,
});

export const readDecodeResult: Item<DecodeResult> = object({
  fields: list(() => readField),
  summary: one(() => readSummary),
});

export const readTextResult: Item<TextResult> = object({
  parts: list(() => readTextPart),
  next: num,
  missed: num,
});

export const readTextPart: Item<TextPart> = object({
  fd: num,
  text: str,
});

export const readMatchResult: Item<MatchResult> = object({
  matched: str,
});

export const readBatch: Item<Batch> = object({
  kind: is("events"),
  n: num,
  from: num,
  next: num,
  missed: num,
  events: list(() => readEvent),
});

export const readLabEvent: Item<LabEvent> = object({
  kind: is("lab"),
  seq: num,
  at: as("t", num),
  text: optStr,
  seed: as("n", optNum),
});

export const readCommandEvent: Item<CommandEvent> = object({
  kind: is("command"),
  seq: num,
  at: as("t", num),
  op: optStr,
  node: optStr,
  proc: optStr,
  port: optStr,
  step: as("n", optNum),
  text: optStr,
  frame: optNum,
  data: optHex,
  size: optNum,
});

export const readStartEvent: Item<StartEvent> = object({
  kind: is("start"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  text: optStr,
  path: optStr,
});

export const readExitEvent: Item<ExitEvent> = object({
  kind: is("exit"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  code: as("n", num),
  op: optStr,
  text: optStr,
  fuel: optNum,
});

export const readCallEvent: Item<CallEvent> = object({
  kind: is("call"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  frame: optNum,
  as: maybeNum,
  data: optHex,
  size: optNum,
  link: optOneOf(LINK_TYPES),
  head: optNum,
  sum: optOne(() => readSummary),
  op: optStr,
  fd: optNum,
  path: optStr,
  len: optNum,
  n: num,
  errno: optStr,
  began: optNum,
  fuel: optNum,
  text: optStr,
});

export const readFrameEvent: Item<FrameEvent> = object({
  kind: is("frame"),
  seq: num,
  at: as("t", num),
  frame: optNum,
  as: maybeNum,
  data: optHex,
  size: optNum,
  link: optOneOf(LINK_TYPES),
  head: optNum,
  sum: optOne(() => readSummary),
  port: optStr,
  peer: optStr,
  op: optStr,
  delay: as("n", num),
});

export const readDropEvent: Item<DropEvent> = object({
  kind: is("drop"),
  seq: num,
  at: as("t", num),
  frame: optNum,
  as: maybeNum,
  data: optHex,
  size: optNum,
  link: optOneOf(LINK_TYPES),
  head: optNum,
  sum: optOne(() => readSummary),
  port: optStr,
  node: optStr,
  op: optStr,
  text: optStr,
});

export const readLearnEvent: Item<LearnEvent> = object({
  kind: is("learn"),
  seq: num,
  at: as("t", num),
  node: optStr,
  port: optStr,
  text: optStr,
  vlan: as("n", optNum),
});

export const readForgetEvent: Item<ForgetEvent> = object({
  kind: is("forget"),
  seq: num,
  at: as("t", num),
  node: optStr,
  port: optStr,
  text: optStr,
  op: optStr,
  vlan: as("n", optNum),
});

export const readIfaceEvent: Item<IfaceEvent> = object({
  kind: is("iface"),
  seq: num,
  at: as("t", num),
  node: optStr,
  port: optStr,
  op: optStr,
  text: optStr,
});

export const readConsoleEvent: Item<ConsoleEvent> = object({
  kind: is("console"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  fd: optNum,
  text: str,
  data: optHex,
  events: optNum,
  to: optNum,
  left: optOne(() => readLeftText),
  tail: optStr,
});

export const readLeftText: Item<LeftText> = object({
  lines: optNum,
  bytes: optNum,
});

export const readSignalEvent: Item<SignalEvent> = object({
  kind: is("signal"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  op: optStr,
  text: optStr,
  fuel: optNum,
});

export const readLogEvent: Item<LogEvent> = object({
  kind: is("log"),
  seq: num,
  at: as("t", num),
  node: optStr,
  text: optStr,
});

export const readPanicEvent: Item<PanicEvent> = object({
  kind: is("panic"),
  seq: num,
  at: as("t", num),
  node: optStr,
  text: optStr,
});

export const readLimitEvent: Item<LimitEvent> = object({
  kind: is("limit"),
  seq: num,
  at: as("t", num),
  node: optStr,
  proc: optStr,
  pid: optNum,
  port: optStr,
  op: optStr,
  text: optStr,
  n: optNum,
  fuel: optNum,
  frame: optNum,
  data: optHex,
  size: optNum,
});

export const readStepEvent: Item<StepEvent> = object({
  kind: is("step"),
  seq: num,
  at: as("t", num),
  op: optStr,
  text: optStr,
});

export const readCheckEvent: Item<CheckEvent> = object({
  kind: is("check"),
  seq: num,
  at: as("t", num),
  op: optStr,
  text: optStr,
  points: as("n", optNum),
  errno: optStr,
});

export const readTreeEvent: Item<TreeEvent> = object({
  kind: is("tree"),
  seq: num,
  at: as("t", num),
  node: optStr,
  port: optStr,
  op: optStr,
  text: optStr,
  n: optNum,
});

export const readLeftEvent: Item<LeftEvent> = object({
  kind: is("left"),
  seq: num,
  at: as("t", num),
  of: str,
  node: optStr,
  proc: optStr,
  port: optStr,
  fd: optNum,
  events: num,
  bytes: optNum,
  lines: optNum,
  to: num,
});

export const readOtherEvent: Item<OtherEvent> = object({
  kind: is("other"),
  seq: num,
  at: as("t", num),
  name: as("k", str),
  node: optStr,
  text: optStr,
});

export const readSwitchState: Item<SwitchState> = object({
  switch: str,
  now: optOne(() => readSwitchNow),
  ports: list(() => readPortState),
});

export const readSwitchNow: Item<SwitchNow> = object({
  dialect: str,
  tree: optOne(() => readTreeState),
  known: list(() => readVLANState),
  more: optNum,
});

export const readTreeState: Item<TreeState> = object({
  id: str,
  root: str,
  cost: num,
  rootPort: optStr,
  changing: bool,
  changes: num,
  changedAt: num,
});

export const readVLANState: Item<VLANState> = object({
  vlan: num,
  addresses: num,
});

export const readPortState: Item<PortState> = object({
  port: str,
  link: oneOf(PORT_LINKS),
  state: optStr,
  role: optStr,
  cost: optNum,
  flags: list(() => text),
  guarded: optStr,
  access: optNum,
  native: optNum,
  tagged: optStr,
  untagged: optStr,
  in: optNum,
  out: optNum,
  flooded: optNum,
  learned: optNum,
  moved: optNum,
  dropped: list(() => readDropCount),
});

export const readDropCount: Item<DropCount> = object({
  why: str,
  n: num,
});

export const readImpairState: Item<ImpairState> = object({
  port: str,
  words: list(() => text),
  stages: list(() => text),
  waiting: optNum,
  entered: optNum,
  lost: optNum,
  marked: optNum,
  duplicated: optNum,
  corrupted: optNum,
  reordered: optNum,
  full: optNum,
  dropped: optNum,
  came: optNum,
  mean: optNum,
  least: optNum,
  longest: optNum,
});

export const readTableResult: Item<TableResult> = object({
  entries: list(() => readTableEntry),
  total: num,
});

export const readTableEntry: Item<TableEntry> = object({
  mac: str,
  vlan: num,
  port: str,
  seen: num,
  static: bool,
});

export const readHello: Item<Hello> = object({
  kind: is("hello"),
  protocol: num,
  lab: one(() => readLab),
  topology: one(() => readTopology),
  first: num,
  next: num,
});

export const readLab: Item<Lab> = object({
  id: str,
  scenario: str,
  title: str,
  seed: str,
  version: str,
  brief: str,
  goal: str,
  tries: list(() => readButton),
});

export const readButton: Item<Button> = object({
  n: num,
  label: str,
  look: str,
  says: str,
  node: str,
  auto: bool,
});

export const readTopology: Item<Topology> = object({
  nodes: list(() => readNode),
  switches: list(() => readSwitch),
  links: list(() => readLink),
  doors: list(() => readDoor),
});

export const readDoor: Item<Door> = object({
  port: str,
  kind: str,
});

export const readNode: Item<Node> = object({
  name: str,
  dialect: str,
  ifaces: list(() => readIface),
  procs: list(() => readProcSpec),
});

export const readIface: Item<Iface> = object({
  name: str,
  kind: oneOf(IFACE_KINDS),
  mac: str,
  addresses: list(() => text),
  port: str,
});

export const readProcSpec: Item<ProcSpec> = object({
  name: str,
  argv: list(() => text),
  slot: bool,
  program: str,
});

export const readSwitch: Item<Switch> = object({
  name: str,
  ports: list(() => text),
});

export const readLink: Item<Link> = object({
  a: str,
  b: str,
  delay: num,
});

export const readPeople: Item<People> = object({
  kind: is("people"),
  type: str,
  watching: list(() => text),
  asks: optStr,
  helper: optStr,
  may: oneOf(RIGHTSS),
});

export const readStatus: Item<Status> = object({
  kind: is("state"),
  n: num,
  at: as("t", num),
  rate: oneOf(RATES),
  paused: bool,
  lag: num,
  slipped: optNum,
  steps: num,
  ended: bool,
  why: optStr,
  procs: list(() => readProcStatus),
  ifaces: list(() => readIfaceStatus),
  viewers: num,
  capture: optOne(() => readCapture),
  doors: list(() => readDoorStatus),
  nodes: optList(() => readNodeStatus),
  drops: one(() => readDrops),
  links: optList(() => readLink),
  switches: optList(() => readSwitchState),
  impaired: optList(() => readImpairState),
});

export const readCapture: Item<Capture> = object({
  missing: num,
  why: optStr,
});

export const readDoorStatus: Item<DoorStatus> = object({
  port: str,
  kind: str,
  at: optStr,
  shut: optStr,
  by: optStr,
  last: optStr,
  in: num,
  out: num,
  dropped: numbers,
});

export const readDrops: Item<Drops> = object({
  events: num,
  left: num,
});

export const readProcStatus: Item<ProcStatus> = object({
  node: str,
  proc: str,
  pid: optNum,
  ppid: optNum,
  state: oneOf(PROC_STATES),
  wchan: optStr,
  fuel: num,
  cpu: num,
  memory: num,
  program: optStr,
  dropped: optNum,
  exit: optOne(() => readExit),
});

export const readExit: Item<Exit> = object({
  code: num,
  how: optStr,
  why: optStr,
});

export const readIfaceStatus: Item<IfaceStatus> = object({
  port: str,
  kind: oneOf(IFACE_KINDS),
  mac: optStr,
  mtu: optNum,
  addresses: list(() => text),
  flags: list(() => text),
  link: optStr,
  qlen: num,
  qmax: num,
  counters: numbers,
});

export const readNodeStatus: Item<NodeStatus> = object({
  node: str,
  forward: bool,
  forward6: bool,
  routes: list(() => readRoute),
});

export const readRoute: Item<Route> = object({
  to: str,
  via: optStr,
  dev: optStr,
  flags: optStr,
});

export const readSummary: Item<Summary> = object({
  proto: str,
  src: optStr,
  dst: optStr,
  info: optStr,
  bad: optStr,
});

export const readField: Item<Field> = object({
  name: str,
  label: str,
  value: optStr,
  text: optStr,
  off: num,
  len: num,
  bad: optStr,
  filter: optStr,
  fields: list(() => readField),
});

export const readMessage: Item<Message> = variants<Message>(
  "type",
  {
    hello: readHello,
    events: readBatch,
    state: readStatus,
    reply: readReply,
    bye: readBye,
    people: readPeople,
  },
  unknownKind,
);

export const readEvent: Item<Event> = variants<Event>(
  "k",
  {
    lab: readLabEvent,
    command: readCommandEvent,
    start: readStartEvent,
    exit: readExitEvent,
    call: readCallEvent,
    frame: readFrameEvent,
    drop: readDropEvent,
    learn: readLearnEvent,
    forget: readForgetEvent,
    iface: readIfaceEvent,
    console: readConsoleEvent,
    signal: readSignalEvent,
    log: readLogEvent,
    panic: readPanicEvent,
    limit: readLimitEvent,
    step: readStepEvent,
    check: readCheckEvent,
    tree: readTreeEvent,
    left: readLeftEvent,
  },
  readOtherEvent,
);
