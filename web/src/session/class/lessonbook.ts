// The gradebook of a lesson: rows, marks, regrades, scores on their way.
import { signal } from "@preact/signals";
import type { Order, Wanted } from "../../core/class/book";
import { readBook, readBookRow, readHandins, readRegrade, readSync } from "../../protocol/class/guards";
import type { Book, BookRow, Handins, MarkAsk, Regrade, Sync } from "../../protocol/class/types";
import { type Answered, Asked, path, type Server } from "./server";

/** How often a regrade that runs is asked for: milliseconds. */
const POLL = 700;

export class LessonBook {
  readonly lesson: string;
  readonly server: Server;
  readonly book: Asked<Book>;
  readonly sync: Asked<Sync>;
  readonly regrade = signal<Regrade | undefined>(undefined);
  readonly order = signal<Order>({ by: "name", down: false });
  readonly wanted = signal<Wanted>({ words: "", only: "all" });
  /** The person whose row is open, and their hand-ins. */
  readonly open = signal<string | undefined>(undefined);
  readonly handins: Asked<Handins>;
  private stop = (): void => undefined;

  constructor(lesson: string, server: Server) {
    this.lesson = lesson;
    this.server = server;
    this.book = new Asked(() => server.ask("GET", path`api/lessons/${lesson}/book`, readBook));
    this.sync = new Asked(() => server.ask("GET", path`api/lessons/${lesson}/sync`, readSync));
    this.handins = new Asked(() =>
      server.ask("GET", path`api/lessons/${lesson}/handins?person=${this.open.peek() ?? ""}`, readHandins),
    );
  }

  dispose(): void {
    this.stop();
  }

  /** look opens a person's row, or closes it. */
  look(person: string | undefined): void {
    this.open.value = person;
    this.handins.set(undefined);
    if (person !== undefined) void this.handins.load();
  }

  /** mark says the whole of a mark anew. */
  async mark(person: string, ask: MarkAsk): Promise<Answered<BookRow>> {
    const got = await this.server.ask("POST", path`api/lessons/${this.lesson}/people/${person}/marks`, readBookRow, {
      json: ask,
    });
    if (!got.ok) return got;
    this.book.change((b) => ({ ...b, rows: b.rows.map((r) => (r.person === person ? got.value : r)) }));
    if (this.open.peek() === person) await this.handins.load();
    return got;
  }

  /** again grades all again, for a preview. */
  async again(reason: string): Promise<Answered<Regrade>> {
    const got = await this.server.ask("POST", path`api/lessons/${this.lesson}/regrades`, readRegrade, {
      json: { reason },
    });
    if (got.ok) this.follow(got.value);
    return got;
  }

  async apply(): Promise<Answered<Regrade>> {
    const id = this.regrade.peek()?.id ?? "";
    const got = await this.server.ask("POST", path`api/regrades/${id}/apply`, readRegrade, { json: {} });
    if (!got.ok) return got;
    this.regrade.value = got.value;
    await this.book.load();
    return got;
  }

  /** forget puts a preview away; nothing was changed. */
  forget(): void {
    this.stop();
    this.regrade.value = undefined;
  }

  /** resend sends a person's score again, or all. */
  async resend(person: string | undefined): Promise<Answered<Sync>> {
    const got = await this.server.ask("POST", path`api/lessons/${this.lesson}/sync`, readSync, {
      json: person === undefined ? {} : { person },
    });
    if (got.ok) this.sync.set(got.value);
    return got;
  }

  private follow(r: Regrade): void {
    this.regrade.value = r;
    this.stop();
    if (r.state !== "running") return;
    this.stop = this.server.after(POLL, () => void this.poll(r.id));
  }

  private async poll(id: string): Promise<void> {
    const got = await this.server.ask("GET", path`api/regrades/${id}`, readRegrade);
    const now = this.regrade.peek();
    if (now?.id === id) this.follow(got.ok ? got.value : now);
  }
}
