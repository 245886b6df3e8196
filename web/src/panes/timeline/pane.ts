import type { Pane } from "../../ui/pane";
import { TimeLine } from "./timeline";

export const timeline: Pane = {
  id: "timeline",
  part: "timeline",
  title: "time line",
  focus: "l",
  component: TimeLine,
  keys: [
    { shown: "↑ ↓  Page  Home End", does: "in the time line: move through rows" },
    { shown: "Ctrl+F", does: "find rows by words", presses: ["Ctrl+f"], goTo: "filter", always: true },
    {
      shown: "=",
      does: "look for rows with a display filter, as Wireshark has them (docs/filters.md), or with words again",
      presses: ["="],
      run: (lab) => lab.display.toggle(),
    },
    {
      shown: "Ctrl+↑ Ctrl+↓",
      does: "previous, next row from anywhere",
      presses: ["Ctrl+ArrowUp", "Ctrl+ArrowDown"],
      run: (lab, press) => lab.selection.move(press === "Ctrl+ArrowUp" ? -1 : 1),
      always: true,
    },
    {
      shown: "[  ]",
      does: "previous, next row of the same frame",
      presses: ["[", "]"],
      run: (lab, press) => lab.selection.along(press === "[" ? -1 : 1),
    },
    {
      shown: "f",
      does: "follow what comes",
      presses: ["f"],
      run: (lab) => {
        lab.selection.following.value = true;
      },
    },
    {
      shown: "Esc",
      does: "let go of the selected row",
      presses: ["Escape"],
      run: (lab) => lab.selection.select(undefined),
    },
  ],
};
