// The prompts of a lab's nodes: what was typed at each, and who gets the next line.
import { signal } from "@preact/signals";
import type { Answer } from "../core/connection";
import type { Output } from "../core/console";
import type { Present } from "../core/present";
import { fresh, noticed, ran, remembered, type Terminal } from "../core/terminal";
import { decodeExec } from "../protocol/decode";
import type { Command } from "../protocol/types";

export class Prompts {
  private readonly all = signal<ReadonlyMap<string, Terminal>>(new Map());
  private readonly ask: (command: Command) => Promise<Answer>;
  /** Writes into a node's console what the page itself has to say. */
  private readonly tell: (node: string, outputs: readonly Output[]) => void;

  constructor(ask: (command: Command) => Promise<Answer>, tell: (node: string, outputs: readonly Output[]) => void) {
    this.ask = ask;
    this.tell = tell;
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
    const answer = await this.ask({ op: "exec", node, line });
    if (!answer.ok) {
      this.tell(node, [
        { kind: "command", from: "", text: `${line}\n` },
        { kind: "bad", from: "", text: `${answer.error}\n` },
      ]);
      return;
    }
    const got = decodeExec(answer.result);
    if (got.ok) this.change(node, (t) => ran(t, got.value));
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
