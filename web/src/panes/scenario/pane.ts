import type { Pane } from "../../ui/pane";
import { Scenario } from "./scenario";

export const scenario: Pane = {
  id: "scenario",
  part: "scenario",
  title: "brief",
  focus: "b",
  component: Scenario,
  keys: [],
};
