// What panes may ask of the page around the labs.
import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Checked } from "../core/checks";
import type { Layout, Split } from "../core/layout";
import type { Scenario } from "../core/scenarios";

export interface Shell {
  /** What the server offers; empty until it has said so. */
  readonly scenarios: ReadonlySignal<readonly Scenario[]>;
  /** Leaves the labs that are shown for a new one; with the scenario's own programs, where they are the solution. */
  readonly start: (scenario: string, solution?: boolean) => void;
  /** Leaves the labs that are shown for the list of what there is. */
  readonly home: () => void;
  readonly showKeys: () => void;
  /** Where a lab's files are: its capture and its recording. */
  readonly fileUrl: (lab: string, file: string) => string;
  /** The address of a page that shows a lab, for other programs; undefined where they can't reach it. */
  readonly pageUrl: (lab: string) => string | undefined;
  /** Where the files are that one begins a scenario with. */
  readonly starterUrl: (scenario: string) => string;
  /** How the bench is divided, and what moves a border; to nowhere: back to where it was. */
  readonly layout: ReadonlySignal<Layout>;
  readonly arrange: (split: Split, share: number | undefined) => void;
  /** The scenarios whose checks have all passed in this browser, and what takes note of it. */
  readonly done: ReadonlySignal<ReadonlySet<string>>;
  /** The lab is a bench of a class's lesson: it is not left for another one. */
  readonly ofClass: ReadonlySignal<boolean>;
  readonly remember: (scenario: string, found: Checked) => void;
}

const ShellContext = createContext<Shell | undefined>(undefined);
export const ShellProvider = ShellContext.Provider;

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (shell === undefined) throw new Error("there is no page around this component");
  return shell;
}
