import type { NodePane } from "../../ui/pane";
import { Network } from "./network";

export const network: NodePane = { id: "network", title: "network", component: Network, ofProc: false, keys: [] };
