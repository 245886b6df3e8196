// The panes that there are. Where each has its place is the bench's to say.
import { console } from "../panes/console/pane";
import { detail } from "../panes/detail/pane";
import { drawer } from "../panes/drawer/pane";
import { network } from "../panes/network/pane";
import { processes } from "../panes/processes/pane";
import { scenario } from "../panes/scenario/pane";
import { strace } from "../panes/strace/pane";
import { timebar } from "../panes/timebar/pane";
import { timeline } from "../panes/timeline/pane";
import { topology } from "../panes/topology/pane";
import type { NodePane, Pane } from "../ui/pane";

export const panes = { timebar, topology, timeline, detail, scenario, drawer } satisfies { [id: string]: Pane };

/** The views of a node, in the order of their tabs. */
export const nodePanes: readonly NodePane[] = [console, strace, processes, network];

/** All of them, in the order in which the list of keys has theirs. */
export const all: readonly (Pane | NodePane)[] = [...Object.values(panes), ...nodePanes];
