// What the class's sessions need of the server and of the world around them.
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { QueuePlace, WallMessage } from "../../protocol/class/types";
import type { Item } from "../../protocol/read";
import type { World } from "../world";

/** What a server does not do, and why: its own sentence, or one about the way there. */
export interface Refused {
  readonly ok: false;
  readonly error: string;
  /** HTTP's; 0: no answer came. */
  readonly status: number;
  /** What would help: "word" the return word. */
  readonly want: string;
  readonly queue: QueuePlace | undefined;
}

export type Answered<T> = { readonly ok: true; readonly value: T } | Refused;

/** A file that a person chose; the rest of it is the browser's. */
export interface Picked {
  readonly name: string;
  readonly size: number;
}

/** Files and fields that are sent as a form. */
export interface Form {
  readonly fields: { readonly [name: string]: string };
  readonly files: { readonly [name: string]: Picked };
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Sending {
  readonly json?: object;
  readonly file?: Picked;
  readonly form?: Form;
  /** A place in the queue for a lab whose turn it is. */
  readonly ticket?: string;
}

export interface Server {
  /** ask asks a route; read says what its answer is. */
  readonly ask: <T>(method: Method, path: string, read: Item<T>, sending?: Sending) => Promise<Answered<T>>;
  /** href is the address of a file of the server's, for a link. */
  readonly href: (path: string) => string;
  /** wall hears a class's wall until what it returns is called; down says why it doesn't at the moment. */
  readonly wall: (
    id: string,
    on: { readonly hear: (m: WallMessage) => void; readonly down: (why: string) => void },
  ) => () => void;
  /** Unix milliseconds, of this machine. */
  readonly date: () => number;
  /** This machine's time zone. */
  readonly zone: string;
  readonly after: World["after"];
}

/** A Clock is the server's: dates are counted down by it, also where this machine's is wrong. */
export class Clock {
  /** Unix milliseconds at the server, a second old at most. */
  readonly now: ReadonlySignal<number>;
  private readonly ticking: { value: number; peek(): number };
  private readonly server: Server;
  private ahead = 0;
  private cancel = (): void => undefined;

  constructor(server: Server) {
    this.server = server;
    this.now = this.ticking = signal(server.date());
    this.tick();
  }

  /** tell says what the server's clock shows. */
  tell(now: number): void {
    if (now <= 0) return;
    this.ahead = now - this.server.date();
    this.ticking.value = now;
  }

  dispose(): void {
    this.cancel();
  }

  private tick(): void {
    this.ticking.value = this.server.date() + this.ahead;
    this.cancel = this.server.after(1000, () => this.tick());
  }
}

/** An Asked is something of the server's as it was read last: what is read anew takes its place, what fails doesn't. */
export class Asked<T> {
  readonly value: ReadonlySignal<T | undefined>;
  /** Why it could not be read the last time. */
  readonly error: ReadonlySignal<string | undefined>;
  private readonly is = signal<T | undefined>(undefined);
  private readonly wrong = signal<string | undefined>(undefined);
  private readonly read: () => Promise<Answered<T>>;
  private asked = 0;

  constructor(read: () => Promise<Answered<T>>) {
    this.read = read;
    this.value = this.is;
    this.error = this.wrong;
  }

  async load(): Promise<Answered<T>> {
    const mine = ++this.asked;
    const got = await this.read();
    if (mine !== this.asked) return got; // a newer one is on its way
    batch(() => {
      if (got.ok) this.is.value = got.value;
      this.wrong.value = got.ok ? undefined : got.error;
    });
    return got;
  }

  /** set puts what is known to be there now: what is still on its way is older. */
  set(value: T | undefined): void {
    this.asked++;
    batch(() => {
      this.is.value = value;
      this.wrong.value = undefined;
    });
  }

  /** change is set of what is there. */
  change(f: (had: T) => T): void {
    const had = this.is.peek();
    if (had !== undefined) this.set(f(had));
  }
}

/** nothing reads an answer that has none. */
export function nothing(): undefined {
  return undefined;
}

/** path puts what a person or the server said into an address. */
export function path(parts: TemplateStringsArray, ...of: readonly string[]): string {
  return parts.reduce((out, part, i) => out + encodeURIComponent(of[i - 1] ?? "") + part);
}
