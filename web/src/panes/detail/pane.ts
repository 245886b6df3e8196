import type { Pane } from "../../ui/pane";
import { Detail } from "./detail";

export const detail: Pane = {
  id: "detail",
  part: "detail",
  title: "detail",
  focus: "d",
  component: Detail,
  keys: [{ shown: "← → ↑ ↓", does: "in the detail tree: close, open, move" }],
};
