// The check of one's work: what the server found of the programs that are in the slots.
import { signal } from "@preact/signals";
import type { Checked } from "../core/checks";
import { capital } from "../core/format";
import type { Feed } from "./world";

export type Checking =
  | { readonly kind: "none" }
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly found: Checked }
  | { readonly kind: "failed"; readonly error: string };

export class Checks {
  readonly state = signal<Checking>({ kind: "none" });
  private readonly check: Feed["check"];

  constructor(check: Feed["check"]) {
    this.check = check;
  }

  /** forget forgets what was found: another program is there now. */
  forget(): void {
    if (this.state.peek().kind !== "busy") this.state.value = { kind: "none" };
  }

  /** run checks what is in the slots now, and returns what was found. */
  async run(): Promise<Checked | undefined> {
    if (this.state.peek().kind === "busy") return undefined;
    this.state.value = { kind: "busy" };
    const got = await this.check();
    this.state.value = got.ok ? { kind: "done", found: got.value } : { kind: "failed", error: capital(got.error) };
    return got.ok ? got.value : undefined;
  }
}
