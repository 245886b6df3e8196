// A signal for each thing that is shown of a node or a link: it changes when that thing
// does, and not with every message.
import { computed, type ReadonlySignal } from "@preact/signals";
import { type Console, noConsole } from "../core/console";
import type { Edge } from "../core/graph";
import type { Life } from "../core/lives";
import type { NodeNow } from "../core/present";
import { type Port, portsOf, specsOf, visitors } from "../core/select";
import type { State, Traffic } from "../core/state";
import type { ImpairState, LimitEvent, NodeStatus, PortState, ProcSpec, ProcStatus } from "../protocol/types";

const nowhere: NodeNow = { procs: [], ifaces: [] };
const none: readonly never[] = [];
const nothing: Traffic = { frames: 0, bytes: 0 };

export class NodeView {
  readonly name: string;
  /** Its processes and interfaces. */
  readonly now: ReadonlySignal<NodeNow>;
  readonly ports: ReadonlySignal<readonly Port[]>;
  /** Its processes, those of the scenario first, alive or not. */
  readonly specs: ReadonlySignal<readonly ProcSpec[]>;
  /** Those that live and are not of the scenario. */
  readonly visitors: ReadonlySignal<readonly ProcStatus[]>;
  readonly lives: ReadonlySignal<readonly Life[]>;
  readonly limits: ReadonlySignal<readonly LimitEvent[]>;
  readonly net: ReadonlySignal<NodeStatus | undefined>;
  readonly console: ReadonlySignal<Console>;

  constructor(name: string, state: ReadonlySignal<State>) {
    this.name = name;
    const topology = computed(() => state.value.topology);
    const node = computed(
      () => topology.value.nodes.find((n) => n.name === name) ?? { name, ifaces: none, procs: none },
    );
    this.now = computed(() => state.value.now.get(name) ?? nowhere);
    this.lives = computed(() => state.value.lives.get(name) ?? none);
    this.limits = computed(() => state.value.limits.get(name) ?? none);
    this.net = computed(() => state.value.nets.get(name));
    this.console = computed(() => state.value.consoles.get(name) ?? noConsole);
    this.ports = computed(() => portsOf(node.value, this.now.value));
    this.specs = computed(() => specsOf(node.value, this.lives.value));
    this.visitors = computed(() => visitors(node.value, this.now.value));
  }
}

/** One end of a link. */
export interface EndView {
  readonly port: string;
  /** Of a switch: what it is like. */
  readonly is: ReadonlySignal<PortState | undefined>;
  /** What is done to the frames that leave it. */
  readonly way: ReadonlySignal<ImpairState | undefined>;
}

export class LinkView {
  readonly edge: Edge;
  readonly ends: readonly [EndView, EndView];
  /** What was sent at its two ends. */
  readonly a: ReadonlySignal<Traffic>;
  readonly b: ReadonlySignal<Traffic>;

  constructor(edge: Edge, state: ReadonlySignal<State>) {
    this.edge = edge;
    const end = (port: string): EndView => ({
      port,
      is: computed(() => state.value.fabric.ports.get(port)),
      way: computed(() => state.value.fabric.impaired.get(port)),
    });
    this.ends = [end(edge.a), end(edge.b)];
    this.a = computed(() => state.value.traffic.get(edge.a) ?? nothing);
    this.b = computed(() => state.value.traffic.get(edge.b) ?? nothing);
  }
}
