// Frames in flight, as a person can see them: a frame takes at least 250 ms of
// real time from one end of its link to the other, however short the link's own
// delay is, and leaves a node no sooner than what made the node send it arrived.
import type { Event } from "../protocol/types";
import { type Proto, protoOf } from "./row";

/** What a dot takes at least, in real milliseconds. */
export const SEEN = 250;
/** How far dots may be behind the events, in milliseconds: beyond it they start at once. */
const BEHIND = 750;
/** A slow link at 1x may take long; no dot stays longer than this. */
const LONGEST = 4_000;
/** Dots per direction of a link; what is beyond is counted, not drawn. */
export const PER_LINK = 24;
/** Marks of drops at a port: they lie on each other. */
const MARKS = 4;
/** How long a drop's mark stays. */
const MARK = 900;
const REMEMBERED = 512;

export interface Dot {
  readonly kind: "frame" | "drop";
  /** Event number: the row that it is. */
  readonly seq: number;
  readonly frame: number;
  readonly proto: Proto;
  readonly port: string;
  /** "" for a drop. */
  readonly peer: string;
  /** Real milliseconds. */
  readonly start: number;
  readonly end: number;
}

export class Flight {
  private dots: Dot[] = [];
  private readonly arrivals = new Map<string, number>();
  private readonly perLink = new Map<string, number>();
  private skippedAt = Number.NEGATIVE_INFINITY;
  /** Frames that were not drawn, in all. */
  skipped = 0;

  /** Tells which vertex a port belongs to: what arrives at one port leaves by another. */
  private readonly owner: (port: string) => string;

  constructor(owner: (port: string) => string) {
    this.owner = owner;
  }

  /** add takes events in at a real time; rate is virtual over real time, 0 for as fast as it goes. */
  add(events: readonly Event[], now: number, rate: number): void {
    for (const e of events) {
      if (e.kind === "frame") this.launch(e, now, rate);
      else if (e.kind === "drop") this.mark(e, now);
    }
  }

  private launch(e: Extract<Event, { kind: "frame" }>, now: number, rate: number): void {
    const key = `${e.port}>${e.peer}`;
    const flying = this.perLink.get(key) ?? 0;
    if (flying >= PER_LINK) {
      this.skipped++;
      this.skippedAt = now;
      return;
    }
    const arrived = this.arrivals.get(this.owner(e.port)) ?? now;
    const start = Math.max(now, Math.min(arrived, now + BEHIND));
    const real = rate > 0 ? e.delay / 1e6 / rate : 0;
    const end = start + Math.min(Math.max(real, SEEN), LONGEST);
    this.dots.push({
      kind: "frame",
      seq: e.seq,
      frame: e.frame,
      proto: protoOf(e),
      port: e.port,
      peer: e.peer,
      start,
      end,
    });
    this.perLink.set(key, flying + 1);
    this.arrive(this.owner(e.peer), end);
  }

  private mark(e: Extract<Event, { kind: "drop" }>, now: number): void {
    const marks = this.perLink.get(e.port) ?? 0;
    if (marks >= MARKS) return;
    this.perLink.set(e.port, marks + 1);
    const start = Math.max(now, Math.min(this.arrivals.get(this.owner(e.port)) ?? now, now + BEHIND));
    this.dots.push({
      kind: "drop",
      seq: e.seq,
      frame: e.frame,
      proto: protoOf(e),
      port: e.port,
      peer: "",
      start,
      end: start + MARK,
    });
  }

  private arrive(vertex: string, end: number): void {
    this.arrivals.delete(vertex);
    this.arrivals.set(vertex, end);
    for (const key of this.arrivals.keys()) {
      if (this.arrivals.size <= REMEMBERED) break;
      this.arrivals.delete(key);
    }
  }

  /** at returns what is seen at a real time, and forgets what has arrived. */
  at(now: number): readonly Dot[] {
    if (this.dots.some((d) => d.end <= now)) {
      this.dots = this.dots.filter((d) => {
        if (d.end > now) return true;
        const key = d.kind === "frame" ? `${d.port}>${d.peer}` : d.port;
        const left = (this.perLink.get(key) ?? 1) - 1;
        if (left > 0) this.perLink.set(key, left);
        else this.perLink.delete(key);
        return false;
      });
    }
    return this.dots.filter((d) => d.start <= now);
  }

  /** idle says that nothing flies or waits to. */
  get idle(): boolean {
    return this.dots.length === 0;
  }

  /** busy says that within the last second frames were not drawn. */
  busy(now: number): boolean {
    return now - this.skippedAt < 1000;
  }

  clear(): void {
    this.dots = [];
    this.arrivals.clear();
    this.perLink.clear();
  }
}
