// What a lab's session needs of the world around it: a browser, or a test.
import type { Checked } from "../core/checks";
import type { Deps } from "../core/connection";

export type Got<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/** What is looked at of a file that a person chose; the rest is the world's. */
export interface Chosen {
  readonly name: string;
}

/** The lab as the server has it. */
export interface Feed {
  readonly dial: Deps["dial"];
  readonly probe: Deps["probe"];
  /** upload makes a file the program of a slot; the value is its name. */
  readonly upload: (node: string, proc: string, file: Chosen) => Promise<Got<string>>;
  /** check grades what is in the slots, in a lab of its own. */
  readonly check: () => Promise<Got<Checked>>;
}

export interface World {
  /** Real milliseconds, of any beginning. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Runs f after some milliseconds; returns what cancels it. */
  readonly after: (ms: number, f: () => void) => () => void;
  /** Runs f when the next frame is drawn; returns what cancels it. */
  readonly frame: (f: () => void) => () => void;
  /** Nobody sees the page: it gets no frames. */
  readonly hidden: () => boolean;
  /** Calls f when the page is seen again, until what it returns is called. */
  readonly onShown: (f: () => void) => () => void;
  /** Gives the person a text as a file. */
  readonly save: (name: string, parts: readonly string[]) => void;
}
