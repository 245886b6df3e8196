// The page: what it shows, by its address, and what surrounds that. There is one, made by
// main.tsx; nothing of it is global.
//   #lab=ID                      that lab
//   #lab=ID&lab=ID               these, each with a bench of its own
//   #scenario=NAME               a new lab of that scenario, for one's own program where that is what it is for
//   #scenario=NAME&solution      a new lab of it with the scenario's own programs
//   what ui/place.ts says        a page of a class, or of the operator
//   nothing                      what the server was started for, else the start: which labs there are
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Checked, passedAll } from "../core/checks";
import { ARRANGED, type Layout, moved, readLayout, type Split } from "../core/layout";
import type { Scenario } from "../core/scenarios";
import type { QueuePlace } from "../protocol/class/types";
import { Classroom } from "../session/class/classroom";
import { People } from "../session/class/people";
import { queued } from "../session/class/queue";
import type { Answered, Server } from "../session/class/server";
import { Work } from "../session/class/work";
import type { LabSession } from "../session/session";
import type { Feed, Got, World } from "../session/world";
import { addressOf, entry, type Place, placeOf } from "../ui/place";
import type { School } from "../ui/school";
import type { Shell } from "../ui/shell";

export type Phase =
  | { readonly kind: "starting"; readonly about?: Scenario | undefined; readonly queue?: QueuePlace }
  | { readonly kind: "opening" }
  | { readonly kind: "failed"; readonly error: string; readonly what?: string }
  | { readonly kind: "start" }
  | { readonly kind: "labs"; readonly labs: readonly LabSession[]; readonly as?: As }
  | { readonly kind: "place"; readonly place: Place; readonly room?: Classroom };

/** As what one is at a bench, where it belongs to a class. */
export type As = { readonly kind: "work"; readonly work: Work } | { readonly kind: "watch"; readonly room: Classroom };

/** What is said above the reason why a page of a class isn't shown. */
const CANT = "This page can't be shown";

/** Labs of one page: each has a connection of its own, and a server lets a client have a few. */
const LABS = 4;

/** What the page needs of its server and its browser. */
export interface Surroundings {
  readonly world: World;
  readonly server: Server;
  readonly feed: (id: string) => Feed;
  /** What makes a lab's session, at once where its code is there. */
  readonly sessions: () => Maker | Promise<Maker>;
  /** newLab asks for a lab; in an empty one no slot has a program. A ticket is of the queue, "" for none. */
  readonly newLab: (scenario: string, empty: boolean, ticket: string) => Promise<Answered<string>>;
  readonly scenarios: () => Promise<Got<readonly Scenario[]>>;
  readonly fileUrl: Shell["fileUrl"];
  readonly pageUrl: Shell["pageUrl"];
  readonly starterUrl: Shell["starterUrl"];
  /** What this browser keeps for the page from one time to the next. */
  readonly kept: (key: string) => string | undefined;
  readonly keep: (key: string, text: string) => void;
  /** The part of the address behind #. */
  readonly address: () => string;
  /** Changes it; Back leads to the one before unless it is replaced. */
  readonly goTo: (address: string, replace: boolean) => void;
  readonly onAddress: (f: () => void) => void;
  readonly title: (title: string) => void;
}

/** Makes the session of a lab. */
type Maker = (id: string, feed: Feed, world: World) => LabSession;

/** What somebody wants to begin. */
interface Wanted {
  readonly scenario: string;
  readonly solution: boolean;
}

export class Page implements Shell, School {
  readonly phase = signal<Phase>({ kind: "starting" });
  readonly keysShown = signal(false);
  readonly ofClass = computed(() => this.phase.value.kind === "labs" && "as" in this.phase.value);
  readonly people: People;
  readonly scenarios: ReadonlySignal<readonly Scenario[]>;
  readonly layout: ReadonlySignal<Layout>;
  readonly done: ReadonlySignal<ReadonlySet<string>>;
  readonly fileUrl: Shell["fileUrl"];
  readonly pageUrl: Shell["pageUrl"];
  readonly starterUrl: Shell["starterUrl"];
  private readonly around: Surroundings;
  private readonly offered = signal<readonly Scenario[]>([]);
  private readonly arranged: { value: Layout; peek(): Layout };
  private readonly finished: { value: ReadonlySet<string>; peek(): ReadonlySet<string> };
  private make: Maker | undefined;
  /** What the person wanted last. */
  private wanted: Wanted | undefined;
  /** Counts what was begun: what comes late of an earlier one is not shown. */
  private begun = 0;

  constructor(around: Surroundings) {
    this.around = around;
    if (placeOf(around.address()) !== undefined) this.phase.value = { kind: "opening" };
    this.people = new People(around.server);
    this.fileUrl = around.fileUrl;
    this.pageUrl = around.pageUrl;
    this.starterUrl = around.starterUrl;
    this.scenarios = this.offered;
    const arranged = signal(readLayout(around.kept("layout")));
    const finished = signal<ReadonlySet<string>>(
      new Set((around.kept("done") ?? "").split(" ").filter((s) => s !== "")),
    );
    this.layout = this.arranged = arranged;
    this.done = this.finished = finished;
    effect(() => {
      const p = this.phase.value;
      const names = p.kind === "labs" ? p.labs.map((l) => l.lab.value?.scenario ?? "").filter((n) => n !== "") : [];
      if (names.length > 0) around.title(`${names.join(", ")} · Wireloom`);
      else if (p.kind === "start") around.title("Wireloom");
      else if (p.kind === "place") around.title(`${titleOf(p.place, p.room)} · Wireloom`);
    });
  }

  /** boot shows what the address names. */
  async boot(): Promise<void> {
    this.around.onAddress(() => void this.look(false));
    await this.look(true);
    if (this.people.there.peek() === undefined) await this.people.look();
  }

  start(scenario: string, solution = false): void {
    void this.begin({ scenario, solution }, false);
  }

  /** again begins a lab of the scenario that was wanted last, or looks again at what the address names. */
  again(): void {
    const p = this.phase.peek();
    const shown = this.labs()[0]?.lab.peek()?.scenario;
    const wanted = shown === undefined ? this.wanted : { scenario: shown, solution: false };
    const labs = this.labs();
    if (wanted === undefined && labs.length > 0 && labs.every((l) => isGone(l))) {
      this.home(); // nobody knows any more what it was a lab of
      return;
    }
    if (wanted === undefined || placeOf(this.around.address()) !== undefined || (p.kind === "labs" && p.as)) {
      this.leave([]);
      void this.look(true);
    } else void this.begin(wanted, false);
  }

  /** home goes to the list of what there is. */
  home(): void {
    this.around.goTo("", false);
    this.begun++;
    this.leave([]);
    this.phase.value = { kind: "start" };
    void this.offers();
  }

  /** visit goes to a place. */
  readonly visit = (place: Place, replace = false): void => {
    this.around.goTo(addressOf(place), replace);
    void this.look(false);
  };

  /** startOver begins a lesson's bench anew. */
  async startOver(work: Work): Promise<string | undefined> {
    const got = await work.startOver();
    if (!got.ok) return got.error;
    const p = this.phase.peek();
    if (p.kind !== "labs" || p.as?.kind !== "work" || p.as.work !== work) return undefined;
    const { as } = p;
    for (const l of p.labs) l.dispose();
    this.withLabs((make) => {
      this.phase.value = { kind: "labs", labs: [make(got.value.lab)], as };
    });
    return undefined;
  }

  showKeys(): void {
    this.keysShown.value = true;
  }

  arrange(split: Split, share: number | undefined): void {
    this.arranged.value = moved(this.arranged.peek(), split, share ?? ARRANGED[split]);
    this.around.keep("layout", JSON.stringify(this.arranged.peek()));
  }

  remember(scenario: string, found: Checked): void {
    if (!passedAll(found) || this.finished.peek().has(scenario)) return;
    this.finished.value = new Set(this.finished.peek()).add(scenario);
    this.around.keep("done", [...this.finished.peek()].join(" "));
  }

  /** look shows what the address names. opening: the page was just opened. */
  private async look(opening: boolean): Promise<void> {
    const ids = this.addressed();
    if (ids.length > 0) {
      this.begun++;
      this.enter(ids);
      await this.offers();
      return;
    }
    const place = placeOf(this.around.address());
    if (place !== undefined) {
      await this.go(place);
      return;
    }
    const query = new URLSearchParams(this.around.address());
    const named = query.get("scenario");
    if (named !== null) {
      await this.begin({ scenario: named, solution: query.has("solution") }, true);
      return;
    }
    const mine = ++this.begun;
    if (opening) {
      const error = await this.offers();
      if (mine !== this.begun) return;
      const opens = this.offered.peek().find((s) => s.opens);
      if (error !== undefined) this.phase.value = { kind: "failed", error };
      else if (opens !== undefined) await this.begin({ scenario: opens.name, solution: false }, true);
      if (error !== undefined || opens !== undefined) return;
    }
    this.leave([]);
    this.phase.value = { kind: "start" };
  }

  /** go shows a place: of who is not signed in, where to sign in first. */
  private async go(place: Place): Promise<void> {
    const mine = ++this.begun;
    const { people } = this;
    if (people.there.peek() === undefined) {
      const error = await people.look();
      if (mine !== this.begun) return;
      if (error !== undefined) {
        this.phase.value = { kind: "failed", error, what: CANT };
        return;
      }
    }
    if (people.there.peek() === false) {
      this.phase.value = { kind: "failed", error: "This server has labs for visitors, and no classes.", what: CANT };
      return;
    }
    this.wanted = undefined;
    if (place.kind === "signin" && place.token !== undefined) {
      await this.signInBy(place.token, mine);
      return;
    }
    if (!people.signedIn.peek() && place.kind !== "signin") {
      this.show({ kind: "signin", code: "" }, undefined);
      return;
    }
    if (place.kind === "lesson" && place.id === "") {
      const mine = people.me.peek()?.class ?? "";
      if (mine === "")
        this.phase.value = { kind: "failed", error: "Its address does not say of which class it is.", what: CANT };
      else this.visit({ ...place, id: mine }, true);
      return;
    }
    const id = "id" in place ? place.id : "";
    if (id === "") {
      this.show(place, undefined);
      return;
    }
    const p = this.phase.peek();
    const had = p.kind === "place" ? p.room : p.kind === "labs" ? roomOf(p.as) : undefined;
    const room = had?.id === id ? had : new Classroom(id, people.server, people.clock);
    if (room.about.value.peek() === undefined) {
      const got = await room.about.load();
      if (mine !== this.begun) return;
      if (!got.ok) {
        this.leave([]);
        this.phase.value = { kind: "failed", error: got.error, what: CANT };
        return;
      }
    }
    if (place.kind === "watch") {
      this.leave([]);
      this.withLabs((make) => {
        this.phase.value = { kind: "labs", labs: [make(place.lab)], as: { kind: "watch", room } };
      });
    } else if (place.kind === "lesson" && (place.bench || room.about.value.peek()?.role === "student")) {
      await this.bench(room, place.lesson, mine);
    } else this.show(place, room);
  }

  /** signInBy signs in by a token of the address, where it doesn't stay. */
  private async signInBy(token: string, mine: number): Promise<void> {
    this.around.goTo("signin", true);
    const got = await this.people.signIn(token);
    if (mine !== this.begun) return;
    if (!got.ok) this.phase.value = { kind: "failed", error: got.error, what: "You are not signed in" };
    else this.visit(entry(got.value), true);
  }

  private show(place: Place, room: Classroom | undefined): void {
    batch(() => {
      this.leave([]);
      this.phase.value = { kind: "place", place, ...(room === undefined ? {} : { room }) };
    });
  }

  /** bench opens one's own lab of a lesson: the one that there is, or a new one. */
  private async bench(room: Classroom, lesson: string, mine: number): Promise<void> {
    this.leave([]);
    this.phase.value = { kind: "starting" };
    const work = new Work(room, lesson);
    const [got] = await Promise.all([
      queued(
        room.server,
        (ticket) => work.bench(ticket),
        (queue) => this.waits(mine, undefined, queue),
        () => mine !== this.begun,
      ),
      this.offers(),
    ]);
    if (mine !== this.begun) {
      work.dispose();
      return;
    }
    if (!got.ok) {
      this.phase.value = { kind: "failed", error: got.error };
      return;
    }
    this.withLabs((make) => {
      this.phase.value = { kind: "labs", labs: [make(got.value.lab)], as: { kind: "work", work } };
      void work.follow();
    });
  }

  private waits(mine: number, about: Scenario | undefined, queue: QueuePlace): void {
    if (mine === this.begun) this.phase.value = { kind: "starting", about, queue };
  }

  /** offers asks once what the server offers; it returns why it did not say. */
  private async offers(): Promise<string | undefined> {
    if (this.offered.peek().length > 0) return undefined;
    const got = await this.around.scenarios();
    if (!got.ok) return got.error;
    this.offered.value = got.value;
    return undefined;
  }

  /** begin begins a lab. Its address takes the place of what named it, or comes after what was shown. */
  private async begin(wanted: Wanted, instead: boolean): Promise<void> {
    const mine = ++this.begun;
    this.wanted = wanted;
    this.leave([]);
    this.phase.value = { kind: "starting" };
    await this.offers();
    const about = this.offered.peek().find((s) => s.name === wanted.scenario);
    if (mine !== this.begun) return;
    this.phase.value = { kind: "starting", about };
    const empty = about?.exercise === true && !wanted.solution;
    const got = await queued(
      this.around.server,
      (ticket) => this.around.newLab(wanted.scenario, empty, ticket),
      (queue) => this.waits(mine, about, queue),
      () => mine !== this.begun,
    );
    if (mine !== this.begun) return;
    if (!got.ok) {
      this.phase.value = { kind: "failed", error: got.error };
      return;
    }
    this.around.goTo(`lab=${encodeURIComponent(got.value)}`, instead);
    this.enter([got.value], true);
  }

  private addressed(): readonly string[] {
    return [...new Set(new URLSearchParams(this.around.address()).getAll("lab"))]
      .filter((id) => id !== "")
      .slice(0, LABS);
  }

  private labs(): readonly LabSession[] {
    const p = this.phase.peek();
    return p.kind === "labs" ? p.labs : [];
  }

  /** withLabs does f when labs can be made: at once where the code for that is there. */
  private withLabs(f: (make: (id: string) => LabSession) => void): void {
    const mine = this.begun;
    const made = (make: Maker): void => {
      this.make = make;
      if (mine === this.begun) f((id) => make(id, this.around.feed(id), this.around.world));
    };
    const make = this.make ?? this.around.sessions();
    if (!(make instanceof Promise)) {
      made(make);
      return;
    }
    this.phase.value = { kind: "starting" };
    make.then(made, () => {
      const error = "A part of the page could not be loaded. Load the page again: the server may have a newer one.";
      if (mine === this.begun) this.phase.value = { kind: "failed", error };
    });
  }

  /** enter shows these labs; those that were shown already go on as they are. One that has just begun is to wake. */
  private enter(ids: readonly string[], wake = false): void {
    const had = new Map(this.labs().map((l) => [l.id, l]));
    if (ids.length === had.size && ids.every((id, i) => this.labs()[i]?.id === id)) return;
    this.withLabs((make) =>
      batch(() => {
        this.leave(ids);
        const labs = ids.map((id) => had.get(id) ?? make(id));
        this.phase.value = { kind: "labs", labs };
        if (wake) labs[0]?.wake();
      }),
    );
  }

  /** leave disposes of the labs that are not to be kept, and of the work on a lesson. */
  private leave(keep: readonly string[]): void {
    const p = this.phase.peek();
    if (p.kind !== "labs") return;
    for (const l of p.labs) if (!keep.includes(l.id)) l.dispose();
    if (p.as?.kind === "work") p.as.work.dispose();
  }
}

function isGone(lab: LabSession): boolean {
  const c = lab.connection.peek();
  return c.kind === "closed" && c.gone;
}

function roomOf(as: As | undefined): Classroom | undefined {
  return as === undefined ? undefined : as.kind === "work" ? as.work.room : as.room;
}

function titleOf(place: Place, room: Classroom | undefined): string {
  switch (place.kind) {
    case "signin":
      return "Sign in";
    case "classes":
      return "Your classes";
    case "account":
      return "Your account";
    case "admin":
      return "Operator";
    case "class":
    case "lesson":
    case "watch":
      return room?.about.value.value?.name ?? "Class";
    default:
      return place satisfies never;
  }
}
