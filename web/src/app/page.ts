// The page: which labs it shows, by its address, and what surrounds them. There is one,
// made by main.tsx; nothing of it is global.
//   #lab=ID            that lab
//   #lab=ID&lab=ID     these, each with a bench of its own
//   #scenario=NAME     a new lab of that scenario
import { batch, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Scenario } from "../core/scenarios";
import { LabSession } from "../session/session";
import type { Feed, Got, World } from "../session/world";
import type { Shell } from "../ui/shell";

export type Phase =
  | { readonly kind: "starting" }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "labs"; readonly labs: readonly LabSession[] };

/** Labs of one page: each has a connection of its own, and a server lets a client have a few. */
const LABS = 4;

/** What the page needs of its server and its browser. */
export interface Surroundings {
  readonly world: World;
  readonly feed: (id: string) => Feed;
  readonly newLab: (scenario: string | undefined) => Promise<Got<string>>;
  readonly scenarios: () => Promise<readonly Scenario[]>;
  readonly fileUrl: Shell["fileUrl"];
  /** The part of the address behind #. */
  readonly address: () => string;
  /** Changes it; Back leads to the one before unless it is replaced. */
  readonly goTo: (address: string, replace: boolean) => void;
  readonly onAddress: (f: () => void) => void;
  readonly title: (title: string) => void;
}

export class Page implements Shell {
  readonly phase = signal<Phase>({ kind: "starting" });
  readonly keysShown = signal(false);
  readonly scenarios: ReadonlySignal<readonly Scenario[]>;
  readonly fileUrl: Shell["fileUrl"];
  private readonly around: Surroundings;
  private readonly offered = signal<readonly Scenario[]>([]);
  /** The scenario that the person wanted last. */
  private wanted: string | undefined;

  constructor(around: Surroundings) {
    this.around = around;
    this.fileUrl = around.fileUrl;
    this.scenarios = this.offered;
    effect(() => {
      const p = this.phase.value;
      const names = p.kind === "labs" ? p.labs.map((l) => l.lab.value?.scenario ?? "").filter((n) => n !== "") : [];
      if (names.length > 0) around.title(`${names.join(", ")} · Wireloom`);
    });
  }

  /** boot opens the labs that the address names, or a new one. */
  async boot(): Promise<void> {
    this.around.onAddress(() => {
      const ids = this.addressed();
      if (ids.length > 0) this.enter(ids);
    });
    void this.around.scenarios().then((list) => {
      this.offered.value = list;
    });
    const ids = this.addressed();
    if (ids.length > 0) this.enter(ids);
    else await this.startLab(new URLSearchParams(this.around.address()).get("scenario") ?? undefined);
  }

  start(scenario: string): void {
    void this.startLab(scenario);
  }

  /** again starts a lab of the scenario that was wanted last. */
  again(): void {
    void this.startLab(this.labs()[0]?.lab.peek()?.scenario ?? this.wanted);
  }

  showKeys(): void {
    this.keysShown.value = true;
  }

  private async startLab(scenario: string | undefined): Promise<void> {
    this.wanted = scenario;
    this.leave([]);
    this.phase.value = { kind: "starting" };
    const got = await this.around.newLab(scenario);
    if (!got.ok) {
      this.phase.value = { kind: "failed", error: got.error };
      return;
    }
    this.around.goTo(`lab=${encodeURIComponent(got.value)}`, this.addressed().length === 0);
    this.enter([got.value]);
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
