import type { NodePane } from "../../ui/pane";
import { Processes } from "./processes";

export const processes: NodePane = {
  id: "procs",
  title: "processes",
  component: Processes,
  ofProc: false,
  keys: [],
  badge: (lab, node) => {
    const more = lab.node(node).visitors.value.length;
    return more === 0 ? "" : ` +${more}`;
  },
};
