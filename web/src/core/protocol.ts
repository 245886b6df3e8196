// What the page and the server say to each other: one JSON text message after
// another over one WebSocket. Everything here is what `decode` made of it: every
// field is there, so that nothing further on has to ask.

export const PROTOCOL = 2;

export type IfaceKind = "nic" | "tap" | "tun";

export interface Iface {
  readonly name: string;
  readonly kind: IfaceKind;
  readonly mac: string;
  readonly addresses: readonly string[];
  /** The switch port it is plugged into, "" when into none. */
  readonly port: string;
}

export interface ProcSpec {
  readonly name: string;
  readonly argv: readonly string[];
  /** A slot takes an uploaded program. */
  readonly slot: boolean;
  readonly program: string;
}

export interface Node {
  readonly name: string;
  readonly dialect: string;
  readonly ifaces: readonly Iface[];
  readonly procs: readonly ProcSpec[];
}

export interface Switch {
  readonly name: string;
  readonly ports: readonly string[];
}

export interface Link {
  readonly a: string;
  readonly b: string;
  /** One way, in virtual nanoseconds. */
  readonly delay: number;
}

export interface Topology {
  readonly nodes: readonly Node[];
  readonly switches: readonly Switch[];
  readonly links: readonly Link[];
}

export interface Lab {
  readonly id: string;
  readonly scenario: string;
  readonly title: string;
  readonly seed: string;
  readonly version: string;
  readonly brief: string;
}

/** A frame in one line, made by the server: the page never decodes. */
export interface Summary {
  readonly proto: string;
  readonly src: string;
  readonly dst: string;
  readonly info: string;
  readonly bad: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly text: string;
  /** Byte range in the frame. */
  readonly off: number;
  readonly len: number;
  readonly bad: string;
  readonly fields: readonly Field[];
}

interface Fact {
  /** Position in the lab's log, from 1. */
  readonly seq: number;
  /** Virtual nanoseconds since the lab began. */
  readonly at: number;
}
interface OfProc {
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
}
interface OfFrame {
  readonly frame: number;
  /** Hex: the beginning, where size is larger. */
  readonly data: string;
  /** Bytes that there are. */
  readonly size: number;
  readonly sum: Summary | undefined;
  /** What the frame starts with, behind head; undefined where data is no frame. */
  readonly link: LinkType | undefined;
  /** Bytes of the driver's before the frame: the family of TUNSIFHEAD, or the address of TUNSLMODE. */
  readonly head: number;
}

/** How much was left out: it came faster than people read. */
export interface LeftText {
  readonly lines: number;
  readonly bytes: number;
}

export type Event =
  | (Fact & { readonly kind: "lab"; readonly text: string; readonly n: number })
  | (Fact & {
      readonly kind: "command";
      readonly op: string;
      readonly node: string;
      readonly proc: string;
      readonly text: string;
    })
  | (Fact & OfProc & { readonly kind: "start"; readonly text: string; readonly path: string })
  | (Fact &
      OfProc & {
        readonly kind: "exit";
        readonly n: number;
        readonly op: string;
        readonly text: string;
        readonly fuel: number;
      })
  | (Fact &
      OfProc &
      OfFrame & {
        readonly kind: "call";
        readonly op: string;
        readonly fd: number;
        readonly path: string;
        readonly len: number;
        readonly n: number;
        /** "" when the call succeeded. */
        readonly errno: string;
        readonly began: number;
        readonly fuel: number;
        readonly text: string;
      })
  | (Fact & OfFrame & { readonly kind: "frame"; readonly port: string; readonly peer: string; readonly delay: number })
  | (Fact &
      OfFrame & {
        readonly kind: "drop";
        readonly port: string;
        readonly node: string;
        readonly op: string;
        readonly text: string;
      })
  | (Fact & { readonly kind: "learn"; readonly node: string; readonly port: string; readonly text: string })
  | (Fact & { readonly kind: "forget"; readonly node: string; readonly port: string; readonly text: string })
  | (Fact & {
      readonly kind: "iface";
      readonly node: string;
      readonly port: string;
      readonly op: string;
      readonly text: string;
    })
  | (Fact &
      OfProc & {
        readonly kind: "console";
        readonly fd: number;
        readonly text: string;
        /** Hex, where the bytes are no text; "" where text has them all. */
        readonly data: string;
        /** Events that this one stands for, up to the number to. */
        readonly events: number;
        readonly to: number;
        /** What is left out behind text, and what follows that. */
        readonly left: LeftText | undefined;
        readonly tail: string;
      })
  /** Events of one process, port or node that the server only counts: there were too many. */
  | (Fact & {
      readonly kind: "left";
      /** The kind of those events. */
      readonly of: string;
      readonly node: string;
      readonly proc: string;
      readonly port: string;
      readonly fd: number;
      readonly events: number;
      readonly bytes: number;
      /** Of text. */
      readonly lines: number;
      /** The last of them; seq is the first. */
      readonly to: number;
    })
  | (Fact &
      OfProc & {
        readonly kind: "signal";
        readonly op: string;
        /** What becomes of it. */
        readonly text: string;
        readonly fuel: number;
      })
  | (Fact & { readonly kind: "log"; readonly node: string; readonly text: string })
  | (Fact & { readonly kind: "panic"; readonly node: string; readonly text: string })
  | (Fact &
      OfProc & {
        readonly kind: "limit";
        readonly op: string;
        readonly text: string;
        readonly n: number;
        readonly fuel: number;
      })
  | (Fact & { readonly kind: "step"; readonly op: string; readonly text: string })
  | (Fact & {
      readonly kind: "check";
      readonly op: string;
      readonly text: string;
      readonly n: number;
      readonly passed: boolean;
    })
  // A newer server may know kinds that this page doesn't; they are shown by their name.
  | (Fact & { readonly kind: "other"; readonly name: string; readonly node: string; readonly text: string });

export type EventKind = Event["kind"];
export type CallEvent = Extract<Event, { kind: "call" }>;
export type LimitEvent = Extract<Event, { kind: "limit" }>;
export type ConsoleEvent = Extract<Event, { kind: "console" }>;
export type LeftEvent = Extract<Event, { kind: "left" }>;
/** What a process' strace shows. */
export type TraceEvent = Extract<Event, { kind: "start" | "call" | "signal" | "limit" | "exit" | "left" }>;

export type ProcState = "running" | "ready" | "sleeping" | "exited" | "stopped";

export interface ProcStatus {
  readonly node: string;
  readonly proc: string;
  readonly pid: number;
  /** Of the process that started it; 0 for the lab and the node's prompt. */
  readonly ppid: number;
  readonly state: ProcState;
  readonly wchan: string;
  readonly fuel: number;
  /** Share of its node's CPU over the last second of virtual time, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
  readonly program: string;
  readonly exit: { readonly code: number; readonly why: string } | undefined;
}

export interface IfaceStatus {
  readonly port: string;
  readonly kind: IfaceKind;
  readonly mac: string;
  readonly mtu: number;
  /** As ifconfig has them: "10.0.0.1/24", "10.8.0.1 --> 10.8.0.2". */
  readonly addresses: readonly string[];
  readonly flags: readonly string[];
  readonly link: string;
  readonly qlen: number;
  readonly counters: readonly (readonly [string, number])[];
}

export interface Route {
  readonly to: string;
  /** The gateway, "" where the destination is on the interface itself. */
  readonly via: string;
  readonly dev: string;
  readonly flags: string;
}

/** How a node passes packets on. */
export interface NodeStatus {
  readonly node: string;
  readonly forward: boolean;
  readonly forward6: boolean;
  readonly routes: readonly Route[];
}

/** Virtual seconds per real second; 0 is as fast as it goes. */
export type Rate = 1 | 10 | 0;

export interface Status {
  readonly at: number;
  readonly rate: Rate;
  readonly paused: boolean;
  /** How far virtual time is behind, in nanoseconds of real time. */
  readonly lag: number;
  readonly steps: number;
  readonly ended: boolean;
  /** Why it has ended, a sentence. */
  readonly why: string;
  readonly procs: readonly ProcStatus[];
  readonly ifaces: readonly IfaceStatus[];
  /** Only there where it has changed since the last state. */
  readonly nodes: readonly NodeStatus[] | undefined;
  readonly viewers: number;
  /** Frames that are not in the capture because the server's disk took no more; why, while it does not. */
  readonly missing: number;
  readonly missingWhy: string;
}

export interface Hello {
  readonly kind: "hello";
  readonly lab: Lab;
  readonly topology: Topology;
  /** The oldest event the server still has, and the one it will write next. */
  readonly first: number;
  readonly next: number;
}

/** What happened from one event up to, but not with, another: shown, counted, or gone. */
export interface Batch {
  readonly kind: "events";
  /** Its number: the page says when it has taken it in. */
  readonly n: number;
  readonly from: number;
  readonly next: number;
  readonly events: readonly Event[];
  /** Events of the stretch that the server had no more. */
  readonly missed: number;
}

export type Message =
  | Hello
  | Batch
  | { readonly kind: "state"; readonly n: number; readonly status: Status }
  | { readonly kind: "reply"; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly kind: "reply"; readonly id: number; readonly ok: false; readonly error: string }
  | { readonly kind: "bye"; readonly reason: string };

/** What a frame begins with. */
export type LinkType = "ethernet" | "raw" | "null";

export type Command =
  | { readonly op: "pause" }
  | { readonly op: "resume" }
  | { readonly op: "rate"; readonly rate: Rate }
  | { readonly op: "step" }
  | { readonly op: "start"; readonly node: string; readonly proc: string }
  | { readonly op: "stop"; readonly node: string; readonly proc: string }
  | { readonly op: "kill"; readonly node: string; readonly proc: string }
  | { readonly op: "exec"; readonly node: string; readonly line: string }
  | { readonly op: "stdin"; readonly node: string; readonly proc: string; readonly text: string }
  | { readonly op: "decode"; readonly link: LinkType; readonly hex: string }
  | {
      readonly op: "text";
      readonly node: string;
      readonly proc: string;
      readonly from: number;
      readonly to: number;
    };

/** One command as the text the server expects; the reply carries the same id. */
export function encode(id: number, command: Command): string {
  return JSON.stringify({ type: "cmd", id, ...command });
}

/** acknowledgement tells the server that the message n, and those before it, have been taken in. */
export function acknowledgement(n: number): string {
  return JSON.stringify({ type: "ack", n });
}
