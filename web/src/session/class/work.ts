// A student's work on a lesson: the bench's hand-ins and what comes of them, the raised
// hand, what the teacher says, and who may type.
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { readBench, readHandin, readHandins, readNotices, readReceipt } from "../../protocol/class/guards";
import type { Bench, Handin, Lesson, Mark, Notice, Receipt } from "../../protocol/class/types";
import type { Classroom } from "./classroom";
import { type Answered, nothing, path, type Server } from "./server";

/** After an answer that was none, the server is asked again: milliseconds. */
const AGAIN = 3000;
/** What was said so long before the bench was opened is still shown: milliseconds. */
const LATELY = 10_000;
/** Notices that are kept. */
const NOTICES = 50;

export class Work {
  readonly room: Classroom;
  readonly lesson: string;
  readonly about: ReadonlySignal<Lesson | undefined>;
  readonly handins = signal<readonly Handin[] | undefined>(undefined);
  readonly mark = signal<Mark | undefined>(undefined);
  /** What the server has said that it has, in this session. */
  readonly receipt = signal<Receipt | undefined>(undefined);
  readonly sending = signal(false);
  /** Why the last hand-in was not taken. */
  readonly refused = signal<string | undefined>(undefined);
  /** Something went into a slot since the last hand-in. */
  readonly changed = signal(false);
  readonly handUp = signal(false);
  readonly notices = signal<readonly Notice[]>([]);
  private readonly server: Server;
  private readonly followed = new Set<string>();
  private last = 0;
  private readonly opened: number;
  private over = false;
  private readonly waits = new Set<() => void>();

  constructor(room: Classroom, lesson: string) {
    this.room = room;
    this.server = room.server;
    this.lesson = lesson;
    this.opened = room.clock.now.peek();
    this.about = computed(() => room.lessons.value.value?.find((l) => l.id === lesson));
  }

  dispose(): void {
    this.over = true;
    for (const cancel of this.waits) cancel();
    this.waits.clear();
  }

  /** bench opens the bench, with a ticket of the queue where there was none free. */
  bench(ticket: string): Promise<Answered<Bench>> {
    return this.ask("bench", ticket);
  }

  /** startOver begins the bench anew; hand-ins stay. */
  startOver(): Promise<Answered<Bench>> {
    return this.ask("bench/over", "");
  }

  private ask(what: string, ticket: string): Promise<Answered<Bench>> {
    return this.server.ask("POST", `${path`api/lessons/${this.lesson}`}/${what}`, readBench, {
      json: {},
      ...(ticket === "" ? {} : { ticket }),
    });
  }

  /** follow reads what there is, and goes on listening to what the teacher says. */
  async follow(): Promise<void> {
    await Promise.all([this.room.lessons.load(), this.room.about.load(), this.load()]);
    void this.listen();
  }

  private async load(): Promise<void> {
    const got = await this.server.ask("GET", path`api/lessons/${this.lesson}/handins`, readHandins);
    if (!got.ok || this.over) return;
    batch(() => {
      this.handins.value = got.value.handins;
      this.mark.value = got.value.mark;
    });
    for (const h of got.value.handins) void this.watch(h);
  }

  /** handIn hands in what is in the bench's slots now. */
  async handIn(): Promise<void> {
    if (this.sending.peek()) return;
    batch(() => {
      this.sending.value = true;
      this.refused.value = undefined;
    });
    const got = await this.server.ask("POST", path`api/lessons/${this.lesson}/handins`, readReceipt, {
      json: { from: "bench" },
    });
    batch(() => {
      this.sending.value = false;
      if (!got.ok) {
        this.refused.value = got.error;
        return;
      }
      this.receipt.value = got.value;
      this.changed.value = false;
    });
    if (got.ok) await this.load();
  }

  /** given says that something went into a slot. */
  given(): void {
    this.changed.value = true;
  }

  /** watch asks after a hand-in until it is graded: what comes of it is there without a reload. */
  private async watch(h: Handin): Promise<void> {
    if (h.state === "done" || h.state === "failed" || this.followed.has(h.id)) return;
    this.followed.add(h.id);
    let version = h.version;
    while (!this.over) {
      const got = await this.server.ask("GET", `${path`api/handins/${h.id}`}?after=${version}`, readHandin);
      if (this.over) return;
      if (!got.ok) {
        if (got.status === 404 || got.status === 403) break;
        await this.wait(AGAIN);
        continue;
      }
      version = got.value.version;
      this.handins.value = this.handins.peek()?.map((x) => (x.id === h.id ? got.value : x));
      if (got.value.state === "done" || got.value.state === "failed") {
        await Promise.all([this.load(), this.room.lessons.load()]); // which one counts may be another now
        break;
      }
    }
    this.followed.delete(h.id);
  }

  async raise(up: boolean, text: string): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", path`api/lessons/${this.lesson}/hand`, nothing, {
      json: text === "" ? { up } : { up, text },
    });
    if (got.ok) this.handUp.value = up;
    return got;
  }

  /** take puts a program that a teacher offers into its slot of a lab. */
  async take(lab: string, notice: number): Promise<Answered<undefined>> {
    const got = await this.server.ask("POST", path`api/labs/${lab}/take/${String(notice)}`, nothing, { json: {} });
    if (got.ok) this.dismiss(notice);
    return got;
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.peek().filter((n) => n.id !== id);
  }

  private async listen(): Promise<void> {
    while (!this.over) {
      const at = path`api/classes/${this.room.id}/notices`;
      const got = await this.server.ask("GET", `${at}?after=${this.last}`, readNotices);
      if (this.over) return;
      if (!got.ok) {
        if (got.status === 404 || got.status === 403) return;
        await this.wait(AGAIN);
        continue;
      }
      batch(() => {
        // What was said long before this page was opened is not new.
        const fresh = got.value.notices.filter(
          (n) => (n.lesson === "" || n.lesson === this.lesson) && n.at >= this.opened - LATELY,
        );
        this.notices.value = [...this.notices.peek(), ...fresh].slice(-NOTICES);
        this.handUp.value = got.value.hands.includes(this.lesson);
      });
      this.last = Math.max(this.last, got.value.last);
      if (got.value.last === 0) await this.wait(AGAIN); // nothing was ever said: not at once again
    }
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.waits.delete(cancelled);
        resolve();
      };
      const cancel = this.server.after(ms, done);
      const cancelled = (): void => {
        cancel();
        resolve();
      };
      this.waits.add(cancelled);
    });
  }
}
