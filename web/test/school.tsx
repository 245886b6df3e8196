// A server of classes that isn't there: what it answers is the test's to say.
import type { Parts } from "../src/app/app";
import { Benches } from "../src/app/benches";
import { Keys } from "../src/app/keys";
import { Account } from "../src/class/account/account";
import { Admin } from "../src/class/admin/admin";
import { Book } from "../src/class/book/book";
import { Classes } from "../src/class/classes/classes";
import { TeacherLessons } from "../src/class/lessons/teacher";
import { Room } from "../src/class/room";
import { Roster } from "../src/class/roster/roster";
import { Settings } from "../src/class/settings/settings";
import { SignIn } from "../src/class/signin/signin";
import { Wall } from "../src/class/wall/wall";
import type { QueuePlace, WallMessage } from "../src/protocol/class/types";
import { attempt } from "../src/protocol/read";
import type { Answered, Refused, Sending, Server } from "../src/session/class/server";

/** The parts of the page, all there at once. */
export function allParts(): Parts {
  return {
    benches: Benches,
    keys: Keys,
    signin: SignIn,
    classes: Classes,
    account: Account,
    room: Room,
    rooms: { lessons: TeacherLessons, roster: Roster, book: Book, wall: Wall, settings: Settings },
    admin: Admin,
  };
}

export function refused(error: string, over: Partial<Refused> = {}): Refused {
  return { ok: false, error, status: 400, want: "", queue: undefined, ...over };
}

/** A place in the queue. */
export function place(over: Partial<QueuePlace> = {}): QueuePlace {
  return { ticket: "t", place: 1, seconds: 0, ready: false, ...over };
}

interface Asked {
  readonly what: string;
  readonly sending: Sending;
}

const NOW = Date.UTC(2026, 11, 1, 12, 0, 0);

export class FakeServer {
  readonly server: Server;
  readonly asked: Asked[] = [];
  /** What is answered, by "METHOD path"; what is not here is not there. */
  readonly answers = new Map<string, unknown>();
  /** What waits for an answer that never comes by itself. */
  readonly held = new Map<string, (answer: unknown) => void>();
  hear: (m: WallMessage) => void = () => undefined;
  down: (why: string) => void = () => undefined;
  now = NOW;
  private timers: (() => void)[] = [];

  constructor() {
    this.server = {
      ask: async (method, path, read, sending = {}) => {
        const what = `${method} ${path}`;
        this.asked.push({ what, sending });
        const answer = this.answers.get(what);
        if (answer === HELD) {
          const later = await new Promise<unknown>((resolve) => this.held.set(what, resolve));
          return this.answered(later, read);
        }
        return this.answered(answer, read);
      },
      href: (path) => path,
      wall: (_, on) => {
        this.hear = on.hear;
        this.down = on.down;
        return () => undefined;
      },
      date: () => this.now,
      zone: "Europe/Vienna",
      after: (_, f) => {
        this.timers.push(f);
        return () => {
          this.timers = this.timers.filter((t) => t !== f);
        };
      },
    };
  }

  /** later lets all that waits for its time come. */
  later(): void {
    const due = this.timers;
    this.timers = [];
    for (const f of due) f();
  }

  /** sent is what was sent last to a route. */
  sent(what: string): Sending | undefined {
    return this.asked.findLast((a) => a.what === what)?.sending;
  }

  private answered<T>(answer: unknown, read: (raw: unknown, at: string) => T): Answered<T> {
    if (answer === undefined) return refused("there is nothing here", { status: 404 });
    if (isRefused(answer)) return answer;
    const got = attempt(() => read(answer, "answer"));
    return got.ok ? got : refused(got.error);
  }
}

/** An answer that waits until the test gives it. */
export const HELD = Symbol("held");

function isRefused(x: unknown): x is Refused {
  return typeof x === "object" && x !== null && Reflect.get(x, "ok") === false && Reflect.has(x, "queue");
}
