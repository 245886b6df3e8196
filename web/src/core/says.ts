// What is said of a process in a word or two.
import type { ProcStatus } from "../protocol/types";
import { percent } from "./format";
import { isAlive } from "./select";

/** A process that leaves its CPU nothing is said to spin. */
export const SPINS = 0.98;

export interface Says {
  readonly text: string;
  readonly tone: "alive" | "hot" | "bad" | "off";
}

export function procSays(p: ProcStatus | undefined, program: string): Says {
  if (p === undefined) return { text: program === "" ? "no program" : "not started", tone: "off" };
  if (!isAlive(p)) {
    if (p.state === "exited") return { text: `exited ${p.exit?.code ?? ""}`, tone: p.exit?.code === 0 ? "off" : "bad" };
    return { text: p.state === "stopped" ? "not started" : p.state, tone: "off" };
  }
  if (p.cpu >= SPINS) return { text: "CPU 100 %", tone: "hot" };
  return { text: p.cpu > 0 ? `${p.state} · ${percent(p.cpu)}` : p.state, tone: "alive" };
}
