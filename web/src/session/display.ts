// The display filter of the time line. The server reads it and says which frames it chooses; the page asks, a
// few hundred rows at a time, from the oldest on, one question after the other.
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Answer } from "../core/connection";
import { frameFor, Verdicts } from "../core/filter";
import type { Row } from "../core/row";
import { at, end, type Rows } from "../core/rows";
import { decodeMatch } from "../protocol/decode";
import type { Command, MatchFrame } from "../protocol/types";
import type { Selection } from "./selection";

export type DisplayState =
  /** No filter was typed. */
  | { readonly kind: "none" }
  /** The server is asked whether what was typed is one. */
  | { readonly kind: "asking" }
  | { readonly kind: "valid" }
  /** What was valid before is still in force. */
  | { readonly kind: "invalid"; readonly error: string };

/** What one question has at most: frames, and digits of them. A message takes 192 KiB. */
const FRAMES = 500;
const DIGITS = 100_000;

export class Display {
  /** Whether the time line's box takes a display filter, and no words. */
  readonly on = signal(false);
  readonly text = signal("");
  readonly state = signal<DisplayState>({ kind: "none" });
  private readonly ask: (command: Command) => Promise<Answer>;
  private readonly rows: ReadonlySignal<Rows<Row>>;
  private readonly selection: Selection;
  private readonly stop: () => void;
  /** A question about frames is on its way. */
  private busy = false;
  /** The first row that was not asked about. */
  private next = 0;

  constructor(ask: (command: Command) => Promise<Answer>, rows: ReadonlySignal<Rows<Row>>, selection: Selection) {
    this.ask = ask;
    this.rows = rows;
    this.selection = selection;
    this.stop = effect(() => {
      void rows.value;
      const { display } = selection.filter.value;
      if (display !== undefined) void this.judge(display);
      else if (this.state.peek().kind === "valid") this.forget();
    });
  }

  dispose(): void {
    this.stop();
  }

  /** toggle makes the box one for display filters, or one for words. */
  toggle(): void {
    this.on.value = !this.on.peek();
    if (!this.on.peek()) void this.type("");
  }

  /** apply has the time line show the frames that a filter chooses. */
  apply(text: string): Promise<void> {
    this.on.value = true;
    return this.type(text);
  }

  /** type takes what was typed: a filter is in force as soon as it is one. */
  async type(text: string): Promise<void> {
    this.text.value = text;
    if (text.trim() === "") {
      this.state.value = { kind: "none" };
      this.selection.filter.value = { ...this.selection.filter.peek(), display: undefined };
      return;
    }
    this.state.value = { kind: "asking" };
    const answer = await this.ask({ op: "match", filter: text, frames: [] });
    if (this.text.peek() !== text) return;
    if (!answer.ok) {
      this.state.value = { kind: "invalid", error: answer.error };
      return;
    }
    this.next = 0;
    this.state.value = { kind: "valid" };
    this.selection.filter.value = { ...this.selection.filter.peek(), display: new Verdicts(text) };
  }

  private forget(): void {
    this.text.value = "";
    this.state.value = { kind: "none" };
  }

  /** judge asks about the rows that are new, until there are none. */
  private async judge(display: Verdicts): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    while (this.selection.filter.peek().display === display) {
      const { rows, frames, next } = this.few(display);
      if (frames.length === 0) {
        this.next = next;
        break;
      }
      const answer = await this.ask({ op: "match", filter: display.filter, frames });
      const got = answer.ok ? decodeMatch(answer.result) : answer;
      // Without a connection it is asked again with the next rows.
      if (!got.ok || display.say(rows, got.value) === 0) break;
      this.selection.told.value++;
    }
    this.busy = false;
    const now = this.selection.filter.peek().display;
    if (now !== undefined && now !== display) void this.judge(now);
  }

  /** few are the next rows to ask about, and where the ones after them begin. */
  private few(display: Verdicts): { rows: Row[]; frames: MatchFrame[]; next: number } {
    const all = this.rows.peek();
    const rows: Row[] = [];
    const frames: MatchFrame[] = [];
    let digits = 0;
    let n = Math.max(this.next, all.first);
    for (; n < end(all) && frames.length < FRAMES; n++) {
      const row = at(all, n);
      if (row === undefined || display.of(row) !== undefined) {
        if (frames.length === 0) this.next = n + 1;
        continue;
      }
      const frame = frameFor(row);
      if (frame === undefined) continue;
      digits += frame.hex.length;
      if (digits > DIGITS && frames.length > 0) break;
      rows.push(row);
      frames.push(frame);
    }
    return { rows, frames, next: n };
  }
}
