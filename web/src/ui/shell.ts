// What panes may ask of the page around the labs.
import type { ReadonlySignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Scenario } from "../core/scenarios";

export interface Shell {
  /** What the server offers; empty until it has said so. */
  readonly scenarios: ReadonlySignal<readonly Scenario[]>;
  /** Leaves the labs that are shown for a new one. */
  readonly start: (scenario: string) => void;
  readonly showKeys: () => void;
  /** Where a lab's files are: its capture and its recording. */
  readonly fileUrl: (lab: string, file: string) => string;
}

const ShellContext = createContext<Shell | undefined>(undefined);
export const ShellProvider = ShellContext.Provider;

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (shell === undefined) throw new Error("there is no page around this component");
  return shell;
}
