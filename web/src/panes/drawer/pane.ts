import type { Pane } from "../../ui/pane";
import { Drawer } from "./drawer";

export const drawer: Pane = { id: "drawer", title: "selected thing", component: Drawer, keys: [] };
