// What the views share: signals, and the functions that change them. One lab at a time.
import { batch, computed, signal } from "@preact/signals";
import { Client, type Connection } from "../core/connection";
import type { Gap } from "../core/console";
import { lifted } from "../core/fields";
import { Flight } from "../core/flight";
import { grouped } from "../core/format";
import { edgeId, graph } from "../core/graph";
import { Pace, TAKE } from "../core/pace";
import { dataOf, frameOf, headOf, linkOf, type Row } from "../core/row";
import { at, end, find } from "../core/rows";
import type { Scenario } from "../core/scenarios";
import { apply, greet, initial, observe, type State, tell } from "../core/state";
import { fresh, noticed, ran, remembered, type Terminal } from "../core/terminal";
import { decodeExec, decodeFields, decodeTextParts } from "../protocol/decode";
import type {
  Command,
  DecodeResult,
  Event,
  IfaceKind,
  IfaceStatus,
  Message,
  ProcSpec,
  ProcStatus,
  Status,
} from "../protocol/types";
import { newLab, probe, scenarioList, streamUrl, upload } from "./api";

/** What is selected on the bench; the drawer shows it. */
export type Thing =
  | { readonly kind: "proc"; readonly node: string; readonly proc: string }
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "iface"; readonly node: string; readonly iface: string }
  | { readonly kind: "switch"; readonly name: string }
  | { readonly kind: "link"; readonly id: string };

export type Phase =
  | { readonly kind: "starting" }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "lab"; readonly id: string };

export type Tab = "console" | "calls" | "procs" | "network";

export const phase = signal<Phase>({ kind: "starting" });
export const connection = signal<Connection>({ kind: "connecting" });
export const lab = signal<State>(initial);
export const thing = signal<Thing | undefined>(undefined);
/** Absolute number of the selected row. */
export const selected = signal<number | undefined>(undefined);
export const following = signal(true);
export const tab = signal<Tab>("console");
export const field = signal<string | undefined>(undefined);
export const notice = signal<string | undefined>(undefined);
export const keysShown = signal(false);
/** What the server offers; empty until it has said so. */
export const scenarios = signal<readonly Scenario[]>([]);
/** Prompts, by node. */
export const terminals = signal<ReadonlyMap<string, Terminal>>(new Map());
/** Limits that the person has read: the number of the newest, by node. */
export const limitsRead = signal<ReadonlyMap<string, number>>(new Map());
/** What the page is doing to a program, by "node:proc": "uploading mine.wasm". */
export const busy = signal<ReadonlyMap<string, string>>(new Map());
/** What went wrong with an upload, by "node:proc". */
export const refused = signal<ReadonlyMap<string, string>>(new Map());

// The topology is the same object until a hello brings another one: so the graph,
// and all that is laid out from it, is made once and not with each state.
const topology = computed(() => lab.value.topology);
export const topologyGraph = computed(() => graph(topology.value));
export const selectedRow = computed<Row | undefined>(() =>
  selected.value === undefined ? undefined : at(lab.value.rows, selected.value),
);
export const selectedFrame = computed(() => (selectedRow.value === undefined ? 0 : frameOf(selectedRow.value)));
export const live = computed(() => connection.value.kind === "live");

export const flight = new Flight((port) => topologyGraph.value.owner.get(port) ?? port);
/** Called when there is something new to draw in flight. */
let wakeCanvas: () => void = () => undefined;
export function onFlight(wake: () => void): () => void {
  wakeCanvas = wake;
  return () => {
    wakeCanvas = () => undefined;
  };
}

// What the server says is taken in once a frame, for a few milliseconds, and drawn
// at 10 Hz: what a person can read, and what keeps the page of a busy lab smooth.
// A hidden page has no frames and hardly any timers: it takes in what comes when it
// comes, and draws when it is seen again.
const pace = new Pace();
/** How long a person waits for what a command does, in milliseconds. */
const AWAITED = 500;
/** A window that is covered may get no frames either: then it takes in by a timer, in milliseconds. */
const COVERED = 250;
let current: State = initial;
let stale = false;
/** The next frame follows on one in which there was something to do. */
let follows = false;
let frame: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

function changed(next: State, now = false): void {
  current = next;
  stale = true;
  if (now) show();
  else if (!document.hidden) wake();
}

function show(): void {
  stale = false;
  pace.drew(performance.now());
  lab.value = current;
}

/** wake sees to it that a frame comes. */
function wake(): void {
  if (frame !== undefined) return;
  frame = requestAnimationFrame(onFrame);
  timer = setTimeout(onFrame, COVERED);
}

function onFrame(): void {
  if (frame !== undefined) cancelAnimationFrame(frame);
  clearTimeout(timer);
  frame = undefined;
  const now = performance.now();
  pace.frame(now, follows);
  const more = client?.take(TAKE) === true;
  if (stale && pace.due(now)) show();
  follows = more || stale;
  if (follows) wake();
}

let client: Client | undefined;
let leave: () => void = () => undefined;

/** boot opens the lab that the address names, or a new one. */
export async function boot(): Promise<void> {
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) wake();
  });
  addEventListener("hashchange", () => {
    const id = hashLab();
    if (id !== undefined && (phase.value.kind !== "lab" || phase.value.id !== id)) enter(id);
  });
  void scenarioList().then((list) => {
    scenarios.value = list;
  });
  const id = hashLab();
  if (id !== undefined) enter(id);
  else await startLab(new URLSearchParams(location.hash.slice(1)).get("scenario") ?? undefined);
}

/** startLab leaves the present lab for a new one, of the same scenario if none is named. */
export async function startLab(scenario: string | undefined = wanted): Promise<void> {
  leave();
  wanted = scenario;
  phase.value = { kind: "starting" };
  const got = await newLab(scenario);
  if (!got.ok) {
    phase.value = { kind: "failed", error: got.error };
    return;
  }
  const address = `#lab=${encodeURIComponent(got.value)}`;
  // Back leads to the lab before, which goes on.
  if (hashLab() === undefined) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  enter(got.value);
}

/** The scenario that the person wanted last. */
let wanted: string | undefined;

function hashLab(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get("lab") ?? undefined;
}

function enter(id: string): void {
  leave();
  flight.clear();
  decodes.clear();
  batch(() => {
    changed(initial, true);
    phase.value = { kind: "lab", id };
    thing.value = undefined;
    selected.value = undefined;
    field.value = undefined;
    following.value = true;
    notice.value = undefined;
    busy.value = new Map();
    refused.value = new Map();
    limitsRead.value = new Map();
    terminals.value = new Map();
  });
  client = new Client({
    dial: (since, on) => {
      const ws = new WebSocket(streamUrl(id, since));
      ws.onopen = () => on.open();
      ws.onmessage = (m: MessageEvent<unknown>) => {
        if (typeof m.data === "string") on.text(m.data);
      };
      ws.onclose = (c) => on.closed(c.reason);
      return {
        send: (text) => {
          if (ws.readyState === WebSocket.OPEN) ws.send(text);
        },
        close: (code, reason) => ws.close(code, reason),
      };
    },
    probe: () => probe(id),
    after: (ms, f) => {
      const t = setTimeout(f, ms);
      return () => clearTimeout(t);
    },
    now: () => performance.now(),
    random: Math.random,
    onWaiting: () => {
      if (document.hidden) client?.take(Number.POSITIVE_INFINITY);
      else wake();
    },
    since: () => (current.lab === undefined ? undefined : current.expected),
    onConnection: (c) => {
      connection.value = c;
    },
    onMessage: hear,
  });
  leave = client.start();
}

function hear(m: Message): void {
  switch (m.kind) {
    case "hello":
      // A lab that began anew under the same id is another list of rows.
      if (current.expected > m.next) selected.value = undefined;
      changed(greet(current, m), true);
      wanted = m.lab.scenario;
      document.title = `${m.lab.scenario} · Wireloom`;
      if (thing.value === undefined) thing.value = firstThing(current);
      return;
    case "events": {
      const fresh = m.events.filter((e) => e.seq >= current.expected);
      // A backlog is history: only what happens now is seen moving.
      if (!document.hidden && fresh.length > 0 && isRecent(fresh)) {
        flight.add(fresh, performance.now(), current.status?.rate ?? 1);
        wakeCanvas();
      }
      changed(apply(current, m));
      return;
    }
    case "state":
      changed(observe(current, m));
      watchTyping(m);
      return;
    case "reply":
    case "bye":
      return;
    default:
      m satisfies never;
  }
}

/** Takes note of programs that have begun to wait for a line. */
function watchTyping(status: Status): void {
  for (const [node, t] of terminals.peek()) {
    const now = noticed(t, byNode(status).procs.get(node) ?? []);
    if (now !== t) terminals.value = new Map(terminals.peek()).set(node, now);
  }
}

function isRecent(events: readonly Event[]): boolean {
  const newest = events.at(-1)?.at ?? 0;
  return current.status === undefined || newest >= current.status.at - 1e9;
}

/** The program that is one's own is what one came for. */
function firstThing(s: State): Thing | undefined {
  for (const n of s.topology.nodes) {
    const slot = n.procs.find((p) => p.slot);
    if (slot !== undefined) return { kind: "proc", node: n.name, proc: slot.name };
  }
  const n = s.topology.nodes[0];
  return n && { kind: "node", node: n.name };
}

/** runLine runs a line at a node's prompt; what becomes of it is in the node's console. */
export async function runLine(node: string, line: string): Promise<void> {
  change(node, (t) => remembered(t, line));
  const answer = await ask({ op: "exec", node, line });
  if (!answer.ok) {
    changed(
      tell(current, node, [
        { kind: "command", from: "", text: `${line}\n` },
        { kind: "bad", from: "", text: `${answer.error}\n` },
      ]),
      true,
    );
    return;
  }
  const got = decodeExec(answer.result);
  if (got.ok) change(node, (t) => ran(t, got.value));
}

/** typeAt types text at a program; why that did not work is in the node's console. */
export async function typeAt(node: string, proc: string, text: string): Promise<void> {
  const answer = await ask({ op: "stdin", node, proc, text });
  if (!answer.ok) changed(tell(current, node, [{ kind: "bad", from: "", text: `${answer.error}\n` }]), true);
}

/** change changes what is known of a node's prompt. */
export function change(node: string, f: (t: Terminal) => Terminal): void {
  const all = terminals.peek();
  terminals.value = new Map(all).set(node, f(all.get(node) ?? fresh));
}

/** send sends a command; a refusal is shown. */
export async function send(command: Command): Promise<boolean> {
  const answer = await ask(command);
  if (!answer.ok) notice.value = capital(answer.error);
  return answer.ok;
}

export async function ask(command: Command) {
  pace.hurry(performance.now(), AWAITED);
  return (await client?.ask(command)) ?? { ok: false as const, error: "there is no lab" };
}

export function retry(): void {
  client?.retry();
}

export function togglePause(): void {
  void send({ op: lab.value.status?.paused === true ? "resume" : "pause" });
}

/** step pauses a running lab first, so that a step is always one. */
export async function step(): Promise<void> {
  if (lab.value.status?.paused === false && !(await send({ op: "pause" }))) return;
  await send({ op: "step" });
}

/** giveProgram uploads a file into a slot and starts it. */
export async function giveProgram(node: string, proc: string, file: File): Promise<void> {
  if (phase.value.kind !== "lab") return;
  const id = phase.value.id;
  const key = `${node}:${proc}`;
  if (busy.value.has(key)) return;
  refused.value = without(refused.value, key);
  busy.value = new Map(busy.value).set(key, `uploading and checking ${file.name}`);
  const got = await upload(id, node, proc, file);
  busy.value = without(busy.value, key);
  if (!got.ok) {
    refused.value = new Map(refused.value).set(key, capital(got.error));
    return;
  }
  // The new program runs from the next start on: what runs now makes room.
  const running = procOf(lab.value, node, proc);
  if (running !== undefined && isAlive(running) && !(await send({ op: "kill", node, proc }))) return;
  await send({ op: "start", node, proc });
}

export function dismissRefusal(node: string, proc: string): void {
  refused.value = without(refused.value, `${node}:${proc}`);
}

function without(map: ReadonlyMap<string, string>, key: string): ReadonlyMap<string, string> {
  const out = new Map(map);
  out.delete(key);
  return out;
}

export function procOf(s: State, node: string, proc: string): ProcStatus | undefined {
  return (
    s.status &&
    byNode(s.status)
      .procs.get(node)
      ?.find((p) => p.proc === proc)
  );
}

export function isAlive(p: ProcStatus): boolean {
  return p.state === "running" || p.state === "ready" || p.state === "sleeping";
}

/** specsOf lists a node's processes: those of the scenario, then those that came later, alive or not. */
export function specsOf(s: State, node: string): readonly ProcSpec[] {
  const known = s.topology.nodes.find((n) => n.name === node)?.procs ?? [];
  const names = new Set(known.map((p) => p.name));
  const later = (s.lives.get(node) ?? []).map(
    (l): ProcSpec => ({ name: l.name, argv: [], slot: false, program: l.program }),
  );
  return [...known, ...later.filter((p) => !names.has(p.name))];
}

interface ByNode {
  readonly procs: ReadonlyMap<string, readonly ProcStatus[]>;
  readonly ifaces: ReadonlyMap<string, readonly IfaceStatus[]>;
}
const sorted = new WeakMap<Status, ByNode>();

/** byNode sorts a state by node once: each node asks for its part of it. */
function byNode(status: Status): ByNode {
  const had = sorted.get(status);
  if (had !== undefined) return had;
  const procs = new Map<string, ProcStatus[]>();
  const ifaces = new Map<string, IfaceStatus[]>();
  const add = <T>(to: Map<string, T[]>, node: string, x: T): void => {
    const list = to.get(node);
    if (list === undefined) to.set(node, [x]);
    else list.push(x);
  };
  for (const p of status.procs) add(procs, p.node, p);
  for (const i of status.ifaces) add(ifaces, i.port.split(":")[0] ?? "", i);
  const out = { procs, ifaces };
  sorted.set(status, out);
  return out;
}

/** visitors are a node's living processes that the scenario does not have. */
export function visitors(s: State, node: string): readonly ProcStatus[] {
  const known = s.topology.nodes.find((n) => n.name === node)?.procs ?? [];
  const here = s.status && byNode(s.status).procs.get(node);
  return (here ?? []).filter((p) => isAlive(p) && !known.some((k) => k.name === p.proc));
}

/** An interface as it is now: those that come while the lab runs are not in its topology. */
export interface Port {
  readonly name: string;
  readonly kind: IfaceKind;
  readonly mac: string;
  /** What it is plugged into, "" for nothing. */
  readonly port: string;
  readonly addresses: readonly string[];
  /** Undefined where it is not there: a device that no program has opened yet. */
  readonly status: IfaceStatus | undefined;
}

/** portsOf lists a node's interfaces, those of the scenario first. */
export function portsOf(s: State, node: string): readonly Port[] {
  const known = s.topology.nodes.find((n) => n.name === node)?.ifaces ?? [];
  const now = new Map(
    ((s.status && byNode(s.status).ifaces.get(node)) ?? []).map((i) => [i.port.slice(node.length + 1), i]),
  );
  const out = known.map((i): Port => {
    const status = now.get(i.name);
    now.delete(i.name);
    return { ...i, addresses: status?.addresses ?? i.addresses, status };
  });
  for (const [name, status] of now) {
    out.push({ name, kind: status.kind, mac: status.mac, port: "", addresses: status.addresses, status });
  }
  return out;
}

/** select selects a row; the list stops following, for a selected row should stay in sight. */
export function select(n: number | undefined): void {
  batch(() => {
    selected.value = n;
    field.value = undefined;
    if (n !== undefined) following.value = false;
  });
}

export function selectSeq(seq: number): void {
  show();
  const rows = lab.value.rows;
  const n = find(rows, end(rows) - 1, -1, (r) => r.kind !== "missed" && r.seq === seq);
  if (n !== undefined) select(n);
}

/** move goes through the list from anywhere. */
export function move(by: number): void {
  const rows = lab.value.rows;
  if (rows.length === 0) return;
  const from = selected.value ?? (by > 0 ? rows.first - 1 : end(rows));
  select(Math.min(Math.max(from + by, rows.first), end(rows) - 1));
}

/** along goes to the next or previous row of the selected frame. */
export function along(step: 1 | -1): void {
  const frame = selectedFrame.value;
  if (frame === 0 || selected.value === undefined) return;
  const n = find(lab.value.rows, selected.value + step, step, (r) => frameOf(r) === frame);
  if (n !== undefined) select(n);
}

export function pick(t: Thing): void {
  batch(() => {
    thing.value = t;
    if (t.kind === "iface") tab.value = "network";
    else if (t.kind === "node" || tab.value === "network" || tab.value === "procs") tab.value = "console";
  });
}

/** things lists what on the bench a row is about. */
export function aboutRow(row: Row | undefined): { readonly names: ReadonlySet<string>; readonly edge: string } {
  const names = new Set<string>();
  if (row === undefined || row.kind === "missed") return { names, edge: "" };
  const owner = topologyGraph.value.owner;
  if ("node" in row) names.add(row.node);
  if ("proc" in row) names.add(`${row.node}:${row.proc}`);
  if ("port" in row) {
    names.add(row.port);
    names.add(owner.get(row.port) ?? row.port.split(":")[0] ?? "");
  }
  if (row.kind === "frame") names.add(owner.get(row.peer) ?? "");
  names.delete("");
  return { names, edge: row.kind === "frame" ? edgeId(row.port, row.peer) : "" };
}

/** isAbout says whether a row is about a thing, for the list. */
export function isAbout(row: Row, t: Thing | undefined): boolean {
  if (t === undefined || row.kind === "missed") return false;
  const owner = topologyGraph.value.owner;
  switch (t.kind) {
    case "proc":
      return "proc" in row && row.node === t.node && row.proc === t.proc;
    case "node":
      return "node" in row ? row.node === t.node : "port" in row && owner.get(row.port) === t.node;
    case "iface":
      return (
        ("port" in row && row.port === `${t.node}:${t.iface}`) ||
        (row.kind === "frame" && row.peer === `${t.node}:${t.iface}`) ||
        (row.kind === "call" && row.node === t.node && row.path === `/dev/${t.iface}`)
      );
    case "switch":
      return ("node" in row && row.node === t.name) || ("port" in row && owner.get(row.port) === t.name);
    case "link":
      return row.kind === "frame" && edgeId(row.port, row.peer) === t.id;
    default:
      return t satisfies never;
  }
}

export type Shown =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  | { readonly kind: "fields"; readonly decode: DecodeResult }
  | { readonly kind: "failed"; readonly error: string };

const DECODES = 64;
const decodes = new Map<string, DecodeResult>();
export const shown = signal<Shown>({ kind: "none" });

/** showFields has the server decode the selected row; the page itself never decodes. */
export async function showFields(row: Row | undefined): Promise<void> {
  const link = row === undefined ? undefined : linkOf(row);
  if (row === undefined || link === undefined) {
    shown.value = { kind: "none" };
    return;
  }
  const hex = dataOf(row);
  const key = `${link} ${headOf(row)} ${hex}`;
  const had = decodes.get(key);
  if (had !== undefined) {
    shown.value = { kind: "fields", decode: had };
    return;
  }
  shown.value = { kind: "waiting" };
  const start = headOf(row);
  const answer = await ask({ op: "decode", link, hex: hex.slice(2 * start) });
  const now = selectedRow.peek();
  if (now === undefined || dataOf(now) !== hex) return;
  if (!answer.ok) {
    shown.value = { kind: "failed", error: capital(answer.error) };
    return;
  }
  const got = decodeFields(answer.result);
  if (!got.ok) {
    shown.value = { kind: "failed", error: `The server's decode could not be read: ${got.error}.` };
    return;
  }
  const decode = start === 0 ? got.value : { ...got.value, fields: lifted(got.value.fields, start, hex) };
  decodes.set(key, decode);
  for (const old of decodes.keys()) {
    if (decodes.size <= DECODES) break;
    decodes.delete(old);
  }
  shown.value = { kind: "fields", decode };
}

/** What is fetched of a text at most: characters. */
const SAVED = 8_000_000;

/** saveText saves what a console leaves out as a file, as far as the server still has it. */
export async function saveText(node: string, gap: Gap): Promise<void> {
  const parts: string[] = [];
  let missed = 0;
  let size = 0;
  for (let from = gap.first; from <= gap.last && size < SAVED; ) {
    const answer = await ask({ op: "text", node, proc: gap.proc, from, to: gap.last });
    const got = answer.ok ? decodeTextParts(answer.result) : answer;
    if (!got.ok) {
      notice.value = capital(got.error);
      return;
    }
    for (const p of got.value.parts) {
      if (p.fd === gap.fd) parts.push(p.text);
      size += p.text.length;
    }
    missed += got.value.missed;
    if (got.value.next <= from) break;
    from = got.value.next;
  }
  if (missed > 0) {
    notice.value = `The server keeps the newest events of a lab only: ${grouped(missed)} of these are gone${
      size > 0 ? ", the text that is saved is the rest" : " and nothing is left to save"
    }. The recording has all of it.`;
  }
  if (size === 0) return;
  const url = URL.createObjectURL(new Blob(parts, { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${node}-${gap.proc}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function capital(s: string): string {
  return s.slice(0, 1).toUpperCase() + s.slice(1);
}
