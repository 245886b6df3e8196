// Programs that a person uploads into the slots of a lab.
import { signal } from "@preact/signals";
import { capital } from "../core/format";
import { procKey } from "../core/state";
import type { Command } from "../protocol/types";
import type { Chosen, Feed } from "./world";

/** What the session does for an upload. */
export interface Runs {
  readonly alive: (node: string, proc: string) => boolean;
  /** Sends a command; a refusal is shown. */
  readonly send: (command: Command) => Promise<boolean>;
  /** Another program is in a slot. */
  readonly given: () => void;
}

export class Programs {
  /** How often a program was put into a slot. */
  readonly given = signal(0);
  /** What is being done to a program, by "node:proc": "uploading mine.wasm". */
  private readonly doing = signal<ReadonlyMap<string, string>>(new Map());
  /** What went wrong, likewise. */
  private readonly wrong = signal<ReadonlyMap<string, string>>(new Map());
  private readonly upload: Feed["upload"];
  private readonly runs: Runs;

  constructor(upload: Feed["upload"], runs: Runs) {
    this.upload = upload;
    this.runs = runs;
  }

  busy(node: string, proc: string): string | undefined {
    return this.doing.value.get(procKey(node, proc));
  }

  refused(node: string, proc: string): string | undefined {
    return this.wrong.value.get(procKey(node, proc));
  }

  dismiss(node: string, proc: string): void {
    this.wrong.value = without(this.wrong.peek(), procKey(node, proc));
  }

  /** give uploads a file into a slot and starts it. */
  async give(node: string, proc: string, file: Chosen): Promise<void> {
    const key = procKey(node, proc);
    if (this.doing.peek().has(key)) return;
    this.dismiss(node, proc);
    this.doing.value = new Map(this.doing.peek()).set(key, `uploading and checking ${file.name}`);
    const got = await this.upload(node, proc, file);
    this.doing.value = without(this.doing.peek(), key);
    if (!got.ok) {
      this.wrong.value = new Map(this.wrong.peek()).set(key, capital(got.error));
      return;
    }
    this.given.value = this.given.peek() + 1;
    this.runs.given();
    // The new program runs from the next start on: what runs now makes room.
    if (this.runs.alive(node, proc) && !(await this.runs.send({ op: "kill", node, proc }))) return;
    await this.runs.send({ op: "start", node, proc });
  }
}

function without(map: ReadonlyMap<string, string>, key: string): ReadonlyMap<string, string> {
  if (!map.has(key)) return map;
  const out = new Map(map);
  out.delete(key);
  return out;
}
