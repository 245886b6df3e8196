// The strace of a process: its calls, signals and limits, how it began and ended,
// and the fuel that it used from one line to the next.

import type { TraceEvent } from "../protocol/decode";
import type { Event } from "../protocol/types";
import { callText } from "./calls";
import { grouped, span } from "./format";
import { printable } from "./inert";
import { absurd, LEFT_WHY } from "./row";

export interface TraceLine {
  readonly event: TraceEvent;
  /** Of the process: what is left out is of the one before it. */
  readonly pid: number;
  /** Fuel used since the line before. */
  readonly used: number;
  /** Fuel used in all. */
  readonly fuel: number;
}

export interface TraceText {
  readonly text: string;
  readonly error: string;
  readonly more: string;
  readonly tone: "call" | "signal" | "note" | "bad";
}

/** isTrace says whether an event is a line of a process' strace. */
export function isTrace(e: Event): e is TraceEvent {
  switch (e.kind) {
    case "start":
    case "call":
    case "signal":
    case "exit":
      return true;
    case "limit":
      return e.proc !== "";
    case "left":
      return e.proc !== "" && e.of !== "console";
    default:
      return false;
  }
}

/** traceLine is an event's line after another, which may be of a process before. */
export function traceLine(before: TraceLine | undefined, event: TraceEvent): TraceLine {
  const pid = event.kind === "left" ? before?.pid : event.pid;
  const old = before !== undefined && before.pid === pid ? before.fuel : 0;
  // A limit that the node tells of says nothing of fuel, and a gap neither.
  const fuel = Math.max(event.kind === "start" || event.kind === "left" ? 0 : event.fuel, old);
  return { event, pid: pid ?? 0, used: fuel - old, fuel };
}

/** traceText says a line in the words of `labserver run --strace`. */
export function traceText(e: TraceEvent): TraceText {
  switch (e.kind) {
    case "start":
      return say(`started as process ${e.pid}: ${printable(e.text)}`, "note");
    case "call": {
      const c = callText(e);
      const waited = e.began > 0 && e.at > e.began ? `<${span(e.at - e.began)}>` : "";
      return { ...say(c.text, "call"), error: c.error, more: waited };
    }
    case "signal":
      return { ...say(`--- ${e.op} ---`, "signal"), more: printable(e.text) };
    case "limit":
      return { ...say(`limit ${e.op}:`, "bad"), error: printable(e.text) };
    case "exit": {
      const text = `ended, ${e.op}, code ${e.code}`;
      const why = printable(e.text);
      if (e.op === "exit" && e.code === 0) return { ...say(text, "note"), more: why };
      return { ...say(text, "bad"), error: why };
    }
    case "left":
      return {
        ...say(`… ${grouped(e.events)} ${e.of}${e.events === 1 ? "" : "s"} left out …`, "note"),
        more: LEFT_WHY,
      };
    default:
      return absurd(e);
  }
}

function say(text: string, tone: TraceText["tone"]): TraceText {
  return { text, error: "", more: "", tone };
}
