// One WebSocket to one lab, kept up: it resumes where it stopped, backs off while
// the server cannot be reached, and says which of these it is doing.
//
//   connecting --open--> live --lost--> reconnecting --open--> live
//        |                |                  |
//        +----------------+--- bye, gone ----+--> closed (with a reason)
//
// What is said about the lab waits in a queue until the page has time for it, and is
// acknowledged when it is taken: the server sends no more than a few messages ahead.
// A reply never waits, nor does a command.
import { decodeText } from "../protocol/decode";
import { acknowledgement, encode } from "../protocol/encode";
import type { Command, Message } from "../protocol/types";

export type Connection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** why is what the server said when it closed, or refused to open; "" when it said nothing. */
  | {
      readonly kind: "reconnecting";
      readonly attempt: number;
      readonly waitMs: number;
      readonly why: string;
      readonly refused: boolean;
      /** The lab is being brought back, and so much of its past it has had: 0 to 1. */
      readonly returning?: number;
    }
  /** gone: the lab is no more. Otherwise one may connect again. */
  | { readonly kind: "closed"; readonly reason: string; readonly gone: boolean };

/** What a WebSocket is here: a browser's fits through a small adapter, a test's without a browser. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
}
export interface SocketHandlers {
  readonly open: () => void;
  readonly text: (text: string) => void;
  readonly closed: (reason: string) => void;
}

/** What is known of a lab over HTTP. */
export interface Probe {
  readonly lab: "there" | "gone" | "unreachable";
  /** Why its last WebSocket was refused, or it is gone, "" if it was not: a browser keeps that from its page. */
  readonly refused: string;
  /** The lab is being brought back, and so much of its past it has had: 0 to 1. */
  readonly returning?: number;
}

export interface Deps {
  readonly dial: (since: number | undefined, handlers: SocketHandlers) => Socket;
  /** Asks over HTTP whether the lab is still there: a browser doesn't say why a WebSocket failed. */
  readonly probe: () => Promise<Probe>;
  /** Runs f later; returns what cancels it. */
  readonly after: (ms: number, f: () => void) => () => void;
  /** From 0 to 1, spreads the reconnects of many pages. */
  readonly random: () => number;
  readonly onMessage: (message: Message) => void;
  /** Something waits: take is to be called, soon. */
  readonly onWaiting: () => void;
  /** Real milliseconds, of any beginning. */
  readonly now: () => number;
  readonly onConnection: (connection: Connection) => void;
  /** The number of the event to go on from, undefined before the first hello. */
  readonly since: () => number | undefined;
}

export type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: string };

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;
const REPLY_WITHIN = 15_000;
const PENDING = 64;
/** How what may wait begins: the server writes the type first. */
const WAITS = /^\{"type":"(?:events|state)"/;

interface Waiting {
  readonly answer: (a: Answer) => void;
  readonly cancel: () => void;
}

export class Client {
  private socket: Socket | undefined;
  /** Each dial has a number; what an older one still says is not heard. */
  private dialled = 0;
  private live = false;
  private attempt = 0;
  private bye: string | undefined;
  private over = false;
  private cancelWait: (() => void) | undefined;
  private nextId = 1;
  private readonly waiting = new Map<number, Waiting>();
  /** Messages of the present connection that have not been taken. */
  private queue: string[] = [];

  private readonly deps: Deps;

  constructor(deps: Deps) {
    this.deps = deps;
  }

  /** start connects; the returned function ends the connection and all that waits on it. */
  start(): () => void {
    this.deps.onConnection({ kind: "connecting" });
    this.dial();
    return () => this.stop();
  }

  /** retry connects at once instead of after the wait, or again after a close. */
  retry(): void {
    if (this.live) return;
    this.over = false;
    this.cancelWait?.();
    this.cancelWait = undefined;
    this.deps.onConnection({ kind: "connecting" });
    this.dial();
  }

  /** ask sends a command; the answer is always one, never an exception. */
  ask(command: Command): Promise<Answer> {
    if (!this.live || this.socket === undefined) {
      return Promise.resolve({ ok: false, error: `${command.op} was not sent: there is no connection to the lab` });
    }
    if (this.waiting.size >= PENDING) {
      return Promise.resolve({
        ok: false,
        error: `${command.op} was not sent: the server has not answered ${PENDING} commands yet`,
      });
    }
    const id = this.nextId++;
    const socket = this.socket;
    return new Promise((answer) => {
      const cancel = this.deps.after(REPLY_WITHIN, () => {
        this.waiting.delete(id);
        answer({ ok: false, error: `the server has not answered ${command.op} within ${REPLY_WITHIN / 1000} s` });
      });
      this.waiting.set(id, { answer, cancel });
      socket.send(encode(id, command));
    });
  }

  /** take takes messages from the queue, one at least, until ms milliseconds are over; it says whether more wait. */
  take(ms: number): boolean {
    const until = this.deps.now() + ms;
    let last = 0;
    let taken = 0;
    while (taken < this.queue.length && (taken === 0 || this.deps.now() < until)) {
      const message = this.read(this.queue[taken++] ?? "");
      if (message === undefined) return false;
      if (message.kind === "events" || message.kind === "state") last = message.n;
      this.deps.onMessage(message);
    }
    this.queue = this.queue.slice(taken);
    if (last > 0) this.socket?.send(acknowledgement(last));
    return this.queue.length > 0;
  }

  private stop(): void {
    this.over = true;
    this.cancelWait?.();
    this.dialled++;
    this.queue = [];
    this.socket?.close(1000, "the page is done");
    this.drop("the page has left this lab");
  }

  private dial(): void {
    const n = ++this.dialled;
    const mine = (f: () => void): void => {
      if (n === this.dialled && !this.over) f();
    };
    this.socket?.close(1000, "dialling again");
    this.bye = undefined;
    this.socket = this.deps.dial(this.deps.since(), {
      open: () => undefined,
      text: (text) => mine(() => this.hear(text)),
      closed: (reason) => mine(() => this.lost(reason)),
    });
  }

  private hear(text: string): void {
    if (WAITS.test(text)) {
      this.queue.push(text);
      this.deps.onWaiting();
      return;
    }
    const message = this.read(text);
    if (message === undefined) return;
    switch (message.kind) {
      case "hello":
        this.live = true;
        this.attempt = 0;
        this.deps.onMessage(message);
        this.deps.onConnection({ kind: "live" });
        return;
      case "reply": {
        const w = this.waiting.get(message.id);
        if (w === undefined) return;
        this.waiting.delete(message.id);
        w.cancel();
        w.answer(message.ok ? { ok: true, result: message.result } : { ok: false, error: message.error });
        return;
      }
      case "bye":
        this.bye = message.reason;
        return;
      case "people":
        this.deps.onMessage(message);
        return;
      case "events":
      case "state":
        this.deps.onMessage(message);
        this.socket?.send(acknowledgement(message.n));
        return;
      default:
        message satisfies never;
    }
  }

  private read(text: string): Message | undefined {
    const got = decodeText(text);
    if (got.ok) return got.value;
    this.close(`The server's message could not be read: ${got.error}.`);
    return undefined;
  }

  /** A bad message: nothing after it can be trusted, so the page stops here and says so. */
  private close(reason: string): void {
    this.dialled++;
    this.over = true;
    this.queue = [];
    this.socket?.close(1000, "message not understood");
    this.drop(reason);
    this.deps.onConnection({ kind: "closed", reason, gone: false });
  }

  private lost(reason: string): void {
    const wasLive = this.live;
    // A bye is said after everything else: that is still shown. After a cut the server
    // says again what was not acknowledged.
    if (this.bye !== undefined) while (this.take(Number.POSITIVE_INFINITY));
    this.queue = [];
    this.drop("the connection to the lab was lost");
    const bye = this.bye;
    const n = this.dialled;
    this.attempt++;
    void this.deps.probe().then((answer) => {
      if (n !== this.dialled || this.over) return;
      if (answer.lab === "gone") {
        this.over = true;
        this.deps.onConnection({
          kind: "closed",
          reason: bye ?? (answer.refused || "This lab is not there any more."),
          gone: true,
        });
        return;
      }
      if (bye !== undefined) {
        this.over = true;
        this.deps.onConnection({ kind: "closed", reason: bye, gone: false });
        return;
      }
      const waitMs = Math.round(
        Math.min(FIRST_WAIT * 2 ** (this.attempt - 1), LONGEST_WAIT) * (0.75 + this.deps.random() / 2),
      );
      if (answer.returning !== undefined) {
        // It takes a moment, and is no failure that one waits longer and longer after.
        this.attempt = 0;
        const { returning } = answer;
        this.deps.onConnection({
          kind: "reconnecting",
          attempt: 1,
          waitMs: FIRST_WAIT,
          why: "",
          refused: false,
          returning,
        });
        this.cancelWait = this.deps.after(FIRST_WAIT, () => this.dial());
        return;
      }
      const refused = !wasLive && answer.refused !== "";
      const why = refused ? answer.refused : reason;
      this.deps.onConnection({ kind: "reconnecting", attempt: this.attempt, waitMs, why, refused });
      this.cancelWait = this.deps.after(waitMs, () => this.dial());
    });
  }

  private drop(error: string): void {
    this.live = false;
    for (const w of this.waiting.values()) {
      w.cancel();
      w.answer({ ok: false, error });
    }
    this.waiting.clear();
  }
}
