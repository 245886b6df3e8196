import { apply, type State } from "../src/core/state";
import { decode } from "../src/protocol/decode";
import type { Event, Status } from "../src/protocol/types";

// The messages that the Go tests read too.
const files: Record<string, unknown> = import.meta.glob("../../internal/stream/testdata/*.json", {
  eager: true,
  import: "default",
});

export function fixture(name: string): unknown {
  const found = files[`../../internal/stream/testdata/${name}.json`];
  if (found === undefined) throw new Error(`there is no fixture ${name}.json`);
  return found;
}

/** batchOf is a message of events, as the server sends it: what it says of the stretch is of them. */
export function batchOf(events: readonly object[], over: object = {}): object {
  const seqs = events.map((e) => ("seq" in e && typeof e.seq === "number" ? e.seq : 0));
  return { type: "events", n: 1, from: seqs[0] ?? 0, next: (seqs.at(-1) ?? -1) + 1, missed: 0, events, ...over };
}

/** said is an event as the page has it: what is not given is left out, as the server does it. */
export function said(k: string, over: object = {}): Event {
  const m = decode(batchOf([{ seq: 1, t: 0, k, ...ALWAYS, ...over }]));
  if (!m.ok || m.value.kind !== "events" || m.value.events[0] === undefined) throw new Error(m.ok ? "none" : m.error);
  return m.value.events[0];
}

/** What the server always says, of some kinds of events. */
const ALWAYS = { n: 0, text: "" };

/** A state in which nothing is, but for what is given. */
export function stateOf(over: object = {}): object {
  const drops = { events: 0, left: 0 };
  const rest = { lag: 0, steps: 0, ended: false, procs: [], ifaces: [], viewers: 1, drops };
  return { type: "state", n: 1, t: 0, rate: 1, paused: false, ...rest, ...over };
}

/** observed is what a state is for the page. */
export function observed(over: object = {}): Status {
  const m = decode(stateOf(over));
  if (!m.ok || m.value.kind !== "state") throw new Error(m.ok ? "none" : m.error);
  return m.value;
}

/** A process of a state, as the server says it. */
export function procOf(over: object = {}): object {
  return { node: "alice", proc: "", state: "sleeping", fuel: 0, cpu: 0, memory: 0, ...over };
}

/** take takes events in that follow each other. */
export function take(state: State, events: readonly Event[], missed = 0): State {
  const from = (events[0]?.seq ?? state.expected) - missed;
  return apply(state, { kind: "events", n: 1, from, next: (events.at(-1)?.seq ?? -1) + 1, events, missed });
}
