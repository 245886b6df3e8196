// What is selected of a lab: a thing on the bench, a row of the time line, a field of
// that row's frame; and whether the time line follows what comes.
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { everything, type Filter } from "../core/filter";
import { type Listed, Lister } from "../core/listed";
import { frameOf, type Row } from "../core/row";
import { at, end, find, type Rows } from "../core/rows";
import type { Thing } from "../core/thing";

/** Parts of the bench, each of which fills a narrow page. */
export type Part = "scenario" | "topology" | "timeline" | "detail" | "drawer";

export class Selection {
  readonly thing = signal<Thing | undefined>(undefined);
  /** Which view of a node the drawer shows: the id of its pane. */
  readonly tab = signal("console");
  /** Which part of the bench is shown where there is room for one. */
  readonly part = signal<Part>("scenario");
  /** Absolute number of the selected row. */
  readonly n = signal<number | undefined>(undefined);
  readonly row: ReadonlySignal<Row | undefined>;
  /** The frame that the selected row is about, 0 for none. */
  readonly frame: ReadonlySignal<number>;
  /** Path of the selected field. */
  readonly field = signal<string | undefined>(undefined);
  readonly following = signal(true);
  /** Which rows the time line shows, and where. */
  readonly filter = signal<Filter>(everything);
  /** How often a display filter has been answered: the list goes on then. */
  readonly told = signal(0);
  readonly listed: ReadonlySignal<Listed>;
  private readonly rows: ReadonlySignal<Rows<Row>>;

  constructor(rows: ReadonlySignal<Rows<Row>>) {
    this.rows = rows;
    const lister = new Lister();
    this.listed = computed(() => {
      void this.told.value;
      return lister.list(rows.value, this.filter.value);
    });
    this.row = computed(() => (this.n.value === undefined ? undefined : at(rows.value, this.n.value)));
    this.frame = computed(() => (this.row.value === undefined ? 0 : frameOf(this.row.value)));
  }

  /** select selects a row; the list stops following, for a selected row should stay in sight. */
  select(n: number | undefined): void {
    batch(() => {
      this.n.value = n;
      this.field.value = undefined;
      if (n !== undefined) this.following.value = false;
    });
  }

  /** selectSeq selects the row that is an event; a filter that hides it goes. */
  selectSeq(seq: number): void {
    const rows = this.rows.peek();
    const n = find(rows, end(rows) - 1, -1, (r) => r.kind !== "missed" && r.seq === seq);
    if (n !== undefined) this.reach(n);
  }

  /** move goes through the listed rows from anywhere. */
  move(by: number): void {
    const { first, length, placeOf } = this.listed.peek();
    const n = this.n.peek();
    const from = (n === undefined ? undefined : placeOf(n)) ?? (by > 0 ? first - 1 : first + length);
    this.selectPlace(Math.min(Math.max(from + by, first), first + length - 1));
  }

  /** selectPlace selects what is listed at a place. */
  selectPlace(place: number): void {
    const n = this.listed.peek().at(place);
    if (n !== undefined) this.select(n);
  }

  /** along goes to the next or previous row of the selected frame, also to one that is not listed. */
  along(step: 1 | -1): void {
    const frame = this.frame.peek();
    const from = this.n.peek();
    if (frame === 0 || from === undefined) return;
    const n = find(this.rows.peek(), from + step, step, (r) => frameOf(r) === frame);
    if (n !== undefined) this.reach(n);
  }

  /** reach selects a row that somebody asked for: a filter that hides it goes. */
  private reach(n: number): void {
    batch(() => {
      if (this.listed.peek().placeOf(n) === undefined) this.filter.value = everything;
      this.select(n);
    });
  }

  /** pick selects a thing, and the view of its node that shows it. */
  pick(t: Thing): void {
    batch(() => {
      this.thing.value = t;
      const tab = this.tab.peek();
      if (t.kind === "iface") this.tab.value = "network";
      else if (t.kind === "node" || tab === "network" || tab === "procs") this.tab.value = "console";
    });
  }

  /** open shows a view of a node. */
  open(node: string, tab: string): void {
    batch(() => {
      this.pick({ kind: "node", node });
      this.tab.value = tab;
    });
  }
}
