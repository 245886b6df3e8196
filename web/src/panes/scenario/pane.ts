import type { Pane } from "../../ui/pane";
import { Scenario } from "./scenario";

/** It stands where the detail is, and the detail's key goes to it. */
export const scenario: Pane = { id: "scenario", title: "what the lab is about", component: Scenario, keys: [] };
