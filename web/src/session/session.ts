// A LabSession is one lab as a page has it: its connection, what is known of it, what is
// selected. A page may hold many. Whoever makes one disposes of it; nothing of it is
// left then, and nothing of it is shared.
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Answer, Client, type Connection } from "../core/connection";
import type { Gap, Output } from "../core/console";
import { Flight } from "../core/flight";
import { capital, grouped } from "../core/format";
import { type Edge, type Graph, graph } from "../core/graph";
import type { Row } from "../core/row";
import type { Rows } from "../core/rows";
import { livesAs } from "../core/select";
import { apply, greet, initial, observe, type State, tell } from "../core/state";
import { ran } from "../core/terminal";
import { firstThing } from "../core/thing";
import { decodeTextParts, decodeTry } from "../protocol/decode";
import type { Button, Command, Event, Lab, Message, People, Status, Topology } from "../protocol/types";
import { Checks } from "./checks";
import { Display } from "./display";
import { Fields } from "./fields";
import { Intake } from "./intake";
import { Programs } from "./programs";
import { Prompts } from "./prompts";
import { Selection } from "./selection";
import { LinkView, NodeView } from "./views";
import type { Feed, World } from "./world";

/** Events older than this, in virtual nanoseconds, are history: they are not seen moving. */
const RECENT = 1e9;
/** A lab in which no frame was sent so long after it was opened is still: milliseconds. */
const STILL = 3000;
/** What is fetched of a text at most: characters. */
const SAVED = 8_000_000;

export class LabSession {
  readonly id: string;
  readonly connection = signal<Connection>({ kind: "connecting" });
  readonly live = computed(() => this.connection.value.kind === "live");
  private readonly drawn = signal<State>(initial);
  /** All that is known of the lab, as it was drawn last. */
  readonly state: ReadonlySignal<State> = this.drawn;
  readonly lab: ReadonlySignal<Lab | undefined> = computed(() => this.drawn.value.lab);
  readonly topology: ReadonlySignal<Topology> = computed(() => this.drawn.value.topology);
  readonly graph: ReadonlySignal<Graph> = computed(() => graph(this.topology.value));
  readonly status: ReadonlySignal<Status | undefined> = computed(() => this.drawn.value.status);
  readonly rows: ReadonlySignal<Rows<Row>> = computed(() => this.drawn.value.rows);
  /** What went wrong with a command, a sentence. */
  readonly notice = signal<string | undefined>(undefined);
  /** Who else is at this lab, and who may type in it; undefined where there is nobody else ever. */
  readonly people = signal<People | undefined>(undefined);
  /** The button of the lab that was pressed last. */
  readonly tried = signal<Button | undefined>(undefined);
  /** Limits that the person has read: the number of the newest, by node. */
  readonly limitsRead = signal<ReadonlyMap<string, number>>(new Map());
  readonly selection = new Selection(this.rows);
  readonly fields = new Fields((c) => this.ask(c));
  readonly display = new Display((c) => this.ask(c), this.rows, this.selection);
  readonly prompts: Prompts;
  readonly programs: Programs;
  readonly checks: Checks;
  /** The hash of the program that was last started, by NODE.PROC, as far as it was seen. */
  readonly started = signal<ReadonlyMap<string, string>>(new Map());
  readonly flight = new Flight((port) => this.graph.peek().owner.get(port) ?? port);

  private readonly world: World;
  private readonly intake: Intake;
  private readonly client: Client;
  private readonly stop: () => void;
  /** Lets a lab that was to wake lie. */
  private asleep = (): void => undefined;
  private current: State = initial;
  private readonly nodes = new Map<string, NodeView>();
  private readonly links = new Map<string, LinkView>();
  private readonly onFlights = new Set<() => void>();

  constructor(id: string, feed: Feed, world: World) {
    this.id = id;
    this.world = world;
    this.prompts = new Prompts(
      (c) => this.ask(c),
      (node, outputs) => this.say(node, outputs),
      world.after,
    );
    this.programs = new Programs(feed.upload, {
      alive: (node, proc) => livesAs(this.node(node).now.peek(), proc),
      send: (c) => this.send(c),
      given: () => this.checks.forget(),
    });
    this.checks = new Checks(feed.check);
    this.client = new Client({
      dial: feed.dial,
      probe: feed.probe,
      after: world.after,
      now: world.now,
      random: world.random,
      onWaiting: () => this.intake.waiting(),
      since: () => (this.current.lab === undefined ? undefined : this.current.expected),
      onConnection: (c) => {
        this.connection.value = c;
      },
      onMessage: (m) => this.hear(m),
    });
    this.intake = new Intake(
      world,
      (ms) => this.client.take(ms),
      () => {
        this.drawn.value = this.current;
      },
    );
    this.stop = this.client.start();
  }

  /** dispose ends the connection; the lab goes on at the server. */
  dispose(): void {
    this.stop();
    this.asleep();
    this.intake.dispose();
    this.display.dispose();
    this.prompts.dispose();
    this.flight.clear();
    this.onFlights.clear();
  }

  /** node is what is shown of a node. */
  node(name: string): NodeView {
    const had = this.nodes.get(name);
    if (had !== undefined) return had;
    const view = new NodeView(name, this.drawn);
    this.nodes.set(name, view);
    return view;
  }

  /** link is what is shown of a link. */
  link(edge: Edge): LinkView {
    const had = this.links.get(edge.id);
    if (had?.edge === edge) return had;
    const view = new LinkView(edge, this.drawn);
    this.links.set(edge.id, view);
    return view;
  }

  /** onFlight calls f when there is something new to draw in flight, until what it returns is called. */
  onFlight(f: () => void): () => void {
    this.onFlights.add(f);
    return () => this.onFlights.delete(f);
  }

  /** ask sends a command; there is always one answer. */
  ask(command: Command): Promise<Answer> {
    this.intake.hurry();
    return this.client.ask(command);
  }

  /** send sends a command; a refusal is shown. */
  async send(command: Command): Promise<boolean> {
    const answer = await this.ask(command);
    if (!answer.ok) this.notice.value = capital(answer.error);
    return answer.ok;
  }

  /** try does what a button of the lab does. Where that runs a line, its node is shown, and the line is in front. */
  async try(button: Button): Promise<void> {
    this.tried.value = button;
    const error = await this.press(button);
    if (error !== undefined) this.notice.value = capital(error);
  }

  private async press(button: Button): Promise<string | undefined> {
    if (button.node !== "") this.selection.pick({ kind: "node", node: button.node });
    const answer = await this.ask({ op: "try", n: button.n });
    if (!answer.ok) return answer.error;
    const got = decodeTry(answer.result);
    if (got.ok && got.value.proc !== "") this.prompts.change(got.value.node, (t) => ran(t, got.value.proc));
    return undefined;
  }

  /**
   * wake is for a lab that has just begun: one in which nothing moves by itself does something in a while, by the first
   * of its buttons that works, so that who opens it sees what it is about.
   */
  wake(): void {
    this.asleep();
    this.asleep = this.world.after(STILL, () => void this.stir());
  }

  private async stir(): Promise<void> {
    const still = (): boolean =>
      this.live.peek() &&
      this.status.peek()?.paused === false &&
      this.tried.peek() === undefined &&
      this.state.peek().traffic.size === 0;
    for (const t of this.lab.peek()?.tries ?? []) {
      if (!still()) return;
      if ((await this.press(t)) !== undefined) continue;
      this.tried.value = t;
      return;
    }
  }

  retry(): void {
    this.client.retry();
  }

  togglePause(): void {
    void this.send({ op: this.status.peek()?.paused === true ? "resume" : "pause" });
  }

  /** step pauses a running lab first, so that a step is always one. */
  async step(): Promise<void> {
    if (this.status.peek()?.paused === false && !(await this.send({ op: "pause" }))) return;
    await this.send({ op: "step" });
  }

  /** selectSeq selects the row of an event that may not have been drawn yet. */
  selectSeq(seq: number): void {
    this.intake.show();
    this.selection.selectSeq(seq);
  }

  /** saveText saves what a console leaves out as a file, as far as the server still has it. */
  async saveText(node: string, gap: Gap): Promise<void> {
    const parts: string[] = [];
    let missed = 0;
    let size = 0;
    for (let from = gap.first; from <= gap.last && size < SAVED; ) {
      const answer = await this.ask({ op: "text", node, proc: gap.proc, from, to: gap.last });
      const got = answer.ok ? decodeTextParts(answer.result) : answer;
      if (!got.ok) {
        this.notice.value = capital(got.error);
        return;
      }
      for (const p of got.value.parts) {
        if (p.fd === gap.fd) parts.push(p.text);
        size += p.text.length;
      }
      missed += got.value.missed;
      if (got.value.next <= from) break;
      from = got.value.next;
    }
    if (missed > 0) {
      this.notice.value = `The server keeps the newest events of a lab only: ${grouped(missed)} of these are gone${
        size > 0 ? ", the text that is saved is the rest" : " and nothing is left to save"
      }. The recording has all of it.`;
    }
    if (size > 0) this.world.save(`${node}-${gap.proc}.txt`, parts);
  }

  private say(node: string, outputs: readonly Output[]): void {
    this.current = tell(this.current, node, outputs);
    this.intake.show();
  }

  private hear(m: Message): void {
    switch (m.kind) {
      case "hello":
        batch(() => {
          // A lab that began anew under the same id is another list of rows.
          if (this.current.expected > m.next) this.selection.select(undefined);
          this.current = greet(this.current, m);
          this.intake.show();
          if (this.selection.thing.peek() === undefined) this.selection.thing.value = firstThing(m.topology);
        });
        return;
      case "events": {
        const fresh = m.events.filter((e) => e.seq >= this.current.expected);
        // A backlog is history: only what happens now is seen moving.
        if (!this.world.hidden() && fresh.length > 0 && this.isRecent(fresh)) {
          this.flight.add(fresh, this.world.now(), this.current.status?.rate ?? 1);
          for (const f of this.onFlights) f();
        }
        this.current = apply(this.current, m);
        this.noteStarts(fresh);
        this.prompts.heard(fresh);
        this.intake.changed();
        return;
      }
      case "state":
        this.current = observe(this.current, m);
        this.prompts.notice(this.current.now);
        this.intake.changed();
        return;
      case "people": {
        const had = this.people.peek();
        if (had !== undefined && had.may !== m.may) this.notice.value = undefined; // it may have said what one may
        this.people.value = m;
        return;
      }
      case "reply":
      case "bye":
        return;
      default:
        m satisfies never;
    }
  }

  private noteStarts(events: readonly Event[]): void {
    const starts = events.flatMap((e) => (e.kind === "start" && e.path !== "" ? [e] : []));
    if (starts.length === 0) return;
    const now = new Map(this.started.peek());
    for (const e of starts) now.set(`${e.node}.${e.proc}`, e.path);
    this.started.value = now;
  }

  private isRecent(events: readonly Event[]): boolean {
    const newest = events.at(-1)?.at ?? 0;
    return this.current.status === undefined || newest >= this.current.status.at - RECENT;
  }
}
