import type { NodePane } from "../../ui/pane";
import { Console } from "./console";

export const console: NodePane = {
  id: "console",
  part: "drawer",
  title: "console",
  focus: "c",
  component: Console,
  ofProc: true,
  keys: [
    { shown: "Ctrl+C  Ctrl+D", does: "in the console: interrupt what runs; end its input" },
    { shown: "Ctrl+A E U K W", does: "in the console: begin, end of the line; cut it before, behind; a word" },
  ],
};
