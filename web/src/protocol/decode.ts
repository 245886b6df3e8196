// Bytes from the socket are `unknown` until they have been through here.
import {
  readDecodeResult,
  readExecResult,
  readMatchResult,
  readMessage,
  readTableResult,
  readTextResult,
  readTryResult,
  VERSION,
} from "./guards";
import { plain } from "./part";
import { attempt, type Decoded, dict, num, wrong } from "./read";
import type { DecodeResult, Event, Message, OtherEvent, TableResult, TextResult, TryResult } from "./types";

export type EventKind = Event["kind"];
/** Events that may be about a frame. */
export type Framed = Extract<Event, { kind: "call" | "frame" | "drop" }>;
/** What a process' strace shows. */
export type TraceEvent = Extract<Event, { kind: "start" | "call" | "signal" | "limit" | "exit" | "left" }>;
/** All that an event can be but one that this page does not know. */
export type KnownEvent = Exclude<Event, OtherEvent>;

/** decode reads one message of the server's; bad ones give a sentence, never an exception. */
export function decode(raw: unknown): Decoded<Message> {
  return attempt(() => {
    const o = dict(raw, "message");
    if (o.type === "hello") agree(num(o, "protocol", "hello"));
    const message = readMessage(o.type === "events" ? plain(o) : o, "message");
    return message.kind === "events" ? { ...message, events: whole(message.events) } : message;
  });
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

/** decodeFields reads the result of the decode command. */
export function decodeFields(raw: unknown): Decoded<DecodeResult> {
  return attempt(() => readDecodeResult(raw, "result"));
}

/** decodeExec reads the result of the exec command: the process that now runs. */
export function decodeExec(raw: unknown): Decoded<string> {
  return attempt(() => readExecResult(raw, "result").proc);
}

/** decodeTry reads the result of the try command: what runs in front now, and where; "" if nothing does. */
export function decodeTry(raw: unknown): Decoded<TryResult> {
  return attempt(() => readTryResult(raw, "result"));
}

/** decodeMatch reads the result of the match command: 1 or 0 for each frame that was looked at. */
export function decodeMatch(raw: unknown): Decoded<string> {
  return attempt(() => readMatchResult(raw, "result").matched);
}

/** decodeTextParts reads the result of the text command. */
export function decodeTextParts(raw: unknown): Decoded<TextResult> {
  return attempt(() => readTextResult(raw, "result"));
}

/** decodeTable reads the result of the table command. */
export function decodeTable(raw: unknown): Decoded<TableResult> {
  return attempt(() => readTableResult(raw, "result"));
}

function agree(protocol: number): void {
  if (protocol === VERSION) return;
  wrong(`this page speaks protocol ${VERSION} and the server ${protocol}: reload the page to get the one that fits`);
}

/**
 * whole gives each event all that it has: a message has the bytes of a frame once, leaves out that a frame is
 * Ethernet's, how many bytes there are where it has them all, and that an event stands for itself.
 */
function whole(events: readonly Event[]): readonly Event[] {
  const shared = new Map<number, Framed>();
  return events.map((e, i) => {
    switch (e.kind) {
      case "call":
      case "frame":
      case "drop":
        return framed(e, i, shared);
      case "console":
        return { ...e, events: e.events || 1, to: e.to || e.seq };
      default:
        return e;
    }
  });
}

function framed(e: Framed, i: number, shared: Map<number, Framed>): Framed {
  if (e.as !== undefined) {
    const same = shared.get(e.as);
    if (same === undefined) return wrong(`events[${i}].as is ${e.as}, and no event before has that number`);
    return { ...e, data: same.data, size: same.size, link: same.link, head: same.head, sum: same.sum };
  }
  const size = e.size || e.data.length / 2;
  const own = { ...e, size, link: e.sum && (e.link ?? "ethernet") };
  if (e.data !== "") shared.set(e.seq, own);
  return own;
}
