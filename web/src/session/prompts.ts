// The prompts of a lab's nodes: what was typed at each, and who gets the next line.
import { signal } from "@preact/signals";
import { execLine } from "../core/command";
import type { Answer } from "../core/connection";
import type { Output } from "../core/console";
import type { Present } from "../core/present";
import { fresh, noticed, ran, remembered, type Terminal } from "../core/terminal";
import { decodeExec } from "../protocol/decode";
import type { Command, Event } from "../protocol/types";
import type { World } from "./world";

/** How long the log has to tell a line that was refused, in milliseconds. */
const TOLD = 1000;

/** A line that was run: the lab's log tells it, before the server's answer or after it. */
interface Run {
  readonly node: string;
  readonly line: string;
  told: boolean;
  /** Why it was refused, and what stops waiting for the log. */
  refused: { readonly why: string; readonly cancel: () => void } | undefined;
}

export class Prompts {
  private readonly all = signal<ReadonlyMap<string, Terminal>>(new Map());
  private readonly ask: (command: Command) => Promise<Answer>;
  /** Writes into a node's console what the page itself has to say. */
  private readonly tell: (node: string, outputs: readonly Output[]) => void;
  private readonly after: World["after"];
  /** Lines that wait for their answer, or to be told. */
  private runs: readonly Run[] = [];

  constructor(
    ask: (command: Command) => Promise<Answer>,
    tell: (node: string, outputs: readonly Output[]) => void,
    after: World["after"],
  ) {
    this.ask = ask;
    this.tell = tell;
    this.after = after;
  }

  of(node: string): Terminal {
    return this.all.value.get(node) ?? fresh;
  }

  change(node: string, f: (t: Terminal) => Terminal): void {
    const all = this.all.peek();
    const old = all.get(node) ?? fresh;
    const now = f(old);
    if (now !== old) this.all.value = new Map(all).set(node, now);
  }

  /** run runs a line at a node's prompt; what becomes of it is in the node's console. */
  async run(node: string, line: string): Promise<void> {
    this.change(node, (t) => remembered(t, line));
    const run: Run = { node, line, told: false, refused: undefined };
    this.runs = [...this.runs, run];
    const answer = await this.ask({ op: "exec", node, line });
    if (!answer.ok) {
      run.refused = {
        why: answer.error,
        cancel: run.told ? () => undefined : this.after(TOLD, () => this.refuse(run)),
      };
      if (run.told) this.refuse(run);
      return;
    }
    this.over(run);
    const got = decodeExec(answer.result);
    if (got.ok) this.change(node, (t) => ran(t, got.value));
  }

  /** refuse says why a line was not run, behind that line. */
  private refuse(run: Run): void {
    this.over(run);
    this.tell(run.node, [
      ...(run.told ? [] : [{ kind: "command", from: "", text: `${run.line}\n` } as const]),
      { kind: "bad", from: "", text: `${run.refused?.why ?? ""}\n` },
    ]);
  }

  private over(run: Run): void {
    run.refused?.cancel();
    this.runs = this.runs.filter((r) => r !== run);
  }

  /** heard takes note of events that are in the console now: of lines that were run. */
  heard(events: readonly Event[]): void {
    if (this.runs.length === 0) return;
    for (const e of events) {
      if (e.kind !== "command" || e.op !== "exec") continue;
      const run = this.runs.find((r) => !r.told && r.node === e.node && r.line === execLine(e.text));
      if (run === undefined) continue;
      run.told = true;
      if (run.refused !== undefined) this.refuse(run);
    }
  }

  dispose(): void {
    for (const r of this.runs) this.over(r);
  }

  /** type types text at a program; why that did not work is in the node's console. */
  async type(node: string, proc: string, text: string): Promise<void> {
    const answer = await this.ask({ op: "stdin", node, proc, text });
    if (!answer.ok) this.tell(node, [{ kind: "bad", from: "", text: `${answer.error}\n` }]);
  }

  /** notice takes note of programs that have begun to wait for a line. */
  notice(now: Present): void {
    for (const node of this.all.peek().keys()) this.change(node, (t) => noticed(t, now.get(node)?.procs ?? []));
  }
}
