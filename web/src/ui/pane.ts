// What a pane says of itself. Panes don't know each other: the app puts them where they
// belong, and makes the list of keys of what they say.
import { type ComponentType, createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ProcSpec } from "../protocol/types";
import type { Part } from "../session/selection";
import type { LabSession } from "../session/session";

/** A key, or some that belong together. */
export interface Key {
  /** As the list of keys has it: "Ctrl+↑ Ctrl+↓". */
  readonly shown: string;
  readonly does: string;
  /** What is pressed, by KeyboardEvent.key, with "Ctrl+" before it; none: the pane itself listens. */
  readonly presses?: readonly string[];
  readonly run?: (lab: LabSession, press: string) => void;
  /** Where it goes: to the element with this data-focus. */
  readonly goTo?: string;
  /** Also while one types. */
  readonly always?: boolean;
}

export interface Pane {
  readonly id: string;
  /** As it is called in the list of keys. */
  readonly title: string;
  readonly keys: readonly Key[];
  /** The part of the bench that it stands in. */
  readonly part?: Part;
  /** The key that goes to it: to the element whose data-focus is its id. */
  readonly focus?: string;
  readonly component: ComponentType;
}

/** What a view of a node is given. */
export interface OfNode {
  readonly node: string;
  /** The process and the interface of it that are chosen. */
  readonly proc: ProcSpec | undefined;
  readonly iface: string | undefined;
}

/** A NodePane is one of the views of a node, of which one is shown at a time. */
export interface NodePane extends Omit<Pane, "component"> {
  readonly component: ComponentType<OfNode>;
  /** It is about one process: what a slot lacks is said above it. */
  readonly ofProc: boolean;
  /** What stands behind its name, "" for nothing. */
  readonly badge?: (lab: LabSession, node: string) => string;
}

const LabContext = createContext<LabSession | undefined>(undefined);
export const LabProvider = LabContext.Provider;

/** useLab is the lab that this part of the page is about. */
export function useLab(): LabSession {
  const lab = useContext(LabContext);
  if (lab === undefined) throw new Error("there is no lab around this component");
  return lab;
}

const NodePanes = createContext<readonly NodePane[]>([]);
export const NodePanesProvider = NodePanes.Provider;

/** useNodePanes are the views that a node has. */
export function useNodePanes(): readonly NodePane[] {
  return useContext(NodePanes);
}
