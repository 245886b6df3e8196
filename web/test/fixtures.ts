import type { Event } from "../src/core/protocol";
import { apply, type State } from "../src/core/state";

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

/** take takes events in that follow each other. */
export function take(state: State, events: readonly Event[], missed = 0): State {
  const from = (events[0]?.seq ?? state.expected) - missed;
  return apply(state, { kind: "events", n: 1, from, next: (events.at(-1)?.seq ?? -1) + 1, events, missed });
}
