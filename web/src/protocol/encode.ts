// What the page sends.
import type { Command } from "./types";

/** One command as the text the server expects; the reply carries the same id. */
export function encode(id: number, command: Command): string {
  return JSON.stringify({ type: "cmd", id, ...command });
}

/** acknowledgement tells the server that the message n, and those before it, have been taken in. */
export function acknowledgement(n: number): string {
  return JSON.stringify({ type: "ack", n });
}
