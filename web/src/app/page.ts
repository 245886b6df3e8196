// The page: which labs it shows, by its address, and what surrounds them. There is one,
// made by main.tsx; nothing of it is global.
//   #lab=ID                      that lab
//   #lab=ID&lab=ID               these, each with a bench of its own
//   #scenario=NAME               a new lab of that scenario, for one's own program where that is what it is for
//   #scenario=NAME&solution      a new lab of it with the scenario's own programs
//   nothing                      what the server was started for, else the start: which labs there are
import { batch, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Checked, passedAll } from "../core/checks";
import { ARRANGED, type Layout, moved, readLayout, type Split } from "../core/layout";
import type { Scenario } from "../core/scenarios";
import { LabSession } from "../session/session";
import type { Feed, Got, World } from "../session/world";
import type { Shell } from "../ui/shell";

export type Phase =
  | { readonly kind: "starting"; readonly about?: Scenario | undefined }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "start" }
  | { readonly kind: "labs"; readonly labs: readonly LabSession[] };

/** Labs of one page: each has a connection of its own, and a server lets a client have a few. */
const LABS = 4;

/** What the page needs of its server and its browser. */
export interface Surroundings {
  readonly world: World;
  readonly feed: (id: string) => Feed;
  /** newLab asks for a lab; in an empty one no slot has a program. */
  readonly newLab: (scenario: string, empty: boolean) => Promise<Got<string>>;
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

/** What somebody wants to begin. */
interface Wanted {
  readonly scenario: string;
  readonly solution: boolean;
}

export class Page implements Shell {
  readonly phase = signal<Phase>({ kind: "starting" });
  readonly keysShown = signal(false);
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
  /** What the person wanted last. */
  private wanted: Wanted | undefined;
  /** Counts what was begun: what comes late of an earlier one is not shown. */
  private begun = 0;

  constructor(around: Surroundings) {
    this.around = around;
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
    });
  }

  /** boot shows what the address names. */
  async boot(): Promise<void> {
    this.around.onAddress(() => void this.look(false));
    await this.look(true);
  }

  start(scenario: string, solution = false): void {
    void this.begin({ scenario, solution }, false);
  }

  /** again begins a lab of the scenario that was wanted last. */
  again(): void {
    const shown = this.labs()[0]?.lab.peek()?.scenario;
    const wanted = shown === undefined ? this.wanted : { scenario: shown, solution: false };
    if (wanted === undefined) void this.look(true);
    else void this.begin(wanted, false);
  }

  /** home goes to the list of what there is. */
  home(): void {
    this.around.goTo("", false);
    this.begun++;
    this.leave([]);
    this.phase.value = { kind: "start" };
    void this.offers();
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
    const got = await this.around.newLab(wanted.scenario, about?.exercise === true && !wanted.solution);
    if (mine !== this.begun) return;
    if (!got.ok) {
      this.phase.value = { kind: "failed", error: got.error };
      return;
    }
    this.around.goTo(`lab=${encodeURIComponent(got.value)}`, instead);
    this.enter([got.value]);
    this.labs()[0]?.wake();
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

  /** enter shows these labs; those that were shown already go on as they are. */
  private enter(ids: readonly string[]): void {
    const had = new Map(this.labs().map((l) => [l.id, l]));
    if (ids.length === had.size && ids.every((id, i) => this.labs()[i]?.id === id)) return;
    batch(() => {
      this.leave(ids);
      const labs = ids.map((id) => had.get(id) ?? new LabSession(id, this.around.feed(id), this.around.world));
      this.phase.value = { kind: "labs", labs };
    });
  }

  /** leave disposes of the labs that are not to be kept. */
  private leave(keep: readonly string[]): void {
    for (const l of this.labs()) if (!keep.includes(l.id)) l.dispose();
  }
}
