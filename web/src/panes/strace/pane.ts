import type { NodePane } from "../../ui/pane";
import { Strace } from "./strace";

export const strace: NodePane = { id: "calls", title: "strace", component: Strace, ofProc: true, keys: [] };
