// What is selected of a lab: a thing on the bench, a row of the time line, a field of
// that row's frame; and whether the time line follows what comes.
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { frameOf, type Row } from "../core/row";
import { at, end, find, type Rows } from "../core/rows";
import type { Thing } from "../core/thing";

export class Selection {
  readonly thing = signal<Thing | undefined>(undefined);
  /** Which view of a node the drawer shows: the id of its pane. */
  readonly tab = signal("console");
  /** Absolute number of the selected row. */
  readonly n = signal<number | undefined>(undefined);
  readonly row: ReadonlySignal<Row | undefined>;
  /** The frame that the selected row is about, 0 for none. */
  readonly frame: ReadonlySignal<number>;
  /** Path of the selected field. */
  readonly field = signal<string | undefined>(undefined);
  readonly following = signal(true);
  private readonly rows: ReadonlySignal<Rows<Row>>;

  constructor(rows: ReadonlySignal<Rows<Row>>) {
    this.rows = rows;
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

  /** selectSeq selects the row that is an event. */
  selectSeq(seq: number): void {
    const rows = this.rows.peek();
    const n = find(rows, end(rows) - 1, -1, (r) => r.kind !== "missed" && r.seq === seq);
    if (n !== undefined) this.select(n);
  }

  /** move goes through the rows from anywhere. */
  move(by: number): void {
    const rows = this.rows.peek();
    if (rows.length === 0) return;
    const from = this.n.peek() ?? (by > 0 ? rows.first - 1 : end(rows));
    this.select(Math.min(Math.max(from + by, rows.first), end(rows) - 1));
  }

  /** along goes to the next or previous row of the selected frame. */
  along(step: 1 | -1): void {
    const frame = this.frame.peek();
    const from = this.n.peek();
    if (frame === 0 || from === undefined) return;
    const n = find(this.rows.peek(), from + step, step, (r) => frameOf(r) === frame);
    if (n !== undefined) this.select(n);
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
