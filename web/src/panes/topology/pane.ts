import type { Pane } from "../../ui/pane";
import { TopologyPane } from "./topology";

export const topology: Pane = {
  id: "topology",
  part: "topology",
  title: "topology",
  focus: "t",
  component: TopologyPane,
  keys: [{ shown: "Enter", does: "choose what has the focus" }],
};
