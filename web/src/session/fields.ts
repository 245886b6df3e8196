// The fields of the selected row. The server decodes them; the page never does.
import { signal } from "@preact/signals";
import type { Answer } from "../core/connection";
import { lifted } from "../core/fields";
import { capital } from "../core/format";
import { dataOf, headOf, linkOf, type Row } from "../core/row";
import { decodeFields } from "../protocol/decode";
import type { Command, DecodeResult } from "../protocol/types";

export type Shown =
  | { readonly kind: "none" }
  | { readonly kind: "waiting" }
  | { readonly kind: "fields"; readonly decode: DecodeResult }
  | { readonly kind: "failed"; readonly error: string };

/** Frames whose fields are kept. */
const DECODES = 64;

export class Fields {
  readonly shown = signal<Shown>({ kind: "none" });
  private readonly had = new Map<string, DecodeResult>();
  private readonly ask: (command: Command) => Promise<Answer>;
  /** What is to be shown: answers to earlier questions are not. */
  private wanted = "";

  constructor(ask: (command: Command) => Promise<Answer>) {
    this.ask = ask;
  }

  async show(row: Row | undefined): Promise<void> {
    const link = row === undefined ? undefined : linkOf(row);
    if (row === undefined || link === undefined) {
      this.wanted = "";
      this.shown.value = { kind: "none" };
      return;
    }
    const [hex, start] = [dataOf(row), headOf(row)];
    const key = `${link} ${start} ${hex}`;
    this.wanted = key;
    const had = this.had.get(key);
    if (had !== undefined) {
      this.shown.value = { kind: "fields", decode: had };
      return;
    }
    this.shown.value = { kind: "waiting" };
    const answer = await this.ask({ op: "decode", link, hex: hex.slice(2 * start) });
    if (this.wanted !== key) return;
    const got = answer.ok ? decodeFields(answer.result) : answer;
    if (!got.ok) {
      const error = answer.ok ? `The server's decode could not be read: ${got.error}.` : capital(got.error);
      this.shown.value = { kind: "failed", error };
      return;
    }
    const decode = start === 0 ? got.value : { ...got.value, fields: lifted(got.value.fields, start, hex) };
    this.had.set(key, decode);
    for (const old of this.had.keys()) {
      if (this.had.size <= DECODES) break;
      this.had.delete(old);
    }
    this.shown.value = { kind: "fields", decode };
  }
}
