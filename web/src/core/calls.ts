// A system call in the words of `labserver run --strace`: both are tested with
// internal/stream/testdata/strace.json.

import type { CallEvent } from "../protocol/types";
import { sentence } from "./errno";
import { printable } from "./inert";

/** Calls whose argument is a path. */
const ON_PATHS: ReadonlySet<string> = new Set([
  ..."open mkdir mkfifo symlink readlink link unlink rmdir rename chroot utimensat stat".split(" "),
]);
/** Calls that are on no file. */
const ON_NOBODY: ReadonlySet<string> = new Set([
  ..."poll socket kqueue pipe signalfd sigaction sigtake sigpause kill alarm spawn waitpid getaddrinfo".split(" "),
]);
/** Shown at most of what a call moved: characters of text, bytes of anything else. */
const TEXT = 32;
const BYTES = 16;

export interface CallText {
  /** read(4</dev/tap0>, 2048) = 98 */
  readonly text: string;
  /** "EINTR (Interrupted system call)", "" when the call succeeded. */
  readonly error: string;
}

/** callText writes a call as strace does, with or without the beginning of what it moved. */
export function callText(e: CallEvent, withData = true): CallText {
  const args: string[] = [];
  if (ON_PATHS.has(e.op)) args.push(JSON.stringify(printable(e.path)));
  else if (!ON_NOBODY.has(e.op)) args.push(`${e.fd}<${printable(e.path)}>`);
  if (withData && e.op !== "ioctl" && e.data !== "") args.push(dataText(e.data));
  if (e.text !== "") args.push(printable(e.text));
  if (e.len > 0 && e.op !== "kevent") args.push(String(e.len));
  const text = `${e.op}(${args.join(", ")}) = ${e.n}`;
  if (e.errno === "") return { text, error: "" };
  const says = sentence(e.errno);
  return { text, error: says === "" ? e.errno : `${e.errno} (${says})` };
}

/** dataText shows the beginning of some bytes: text as text, the rest in hexadecimal. */
export function dataText(hex: string): string {
  let text = "";
  for (let i = 0; i < hex.length; i += 2) {
    const c = Number.parseInt(hex.slice(i, i + 2), 16);
    if ((c < 0x20 || c > 0x7e) && c !== 0x0a && c !== 0x09 && c !== 0x0d) {
      return hex.length > 2 * BYTES ? `${hex.slice(0, 2 * BYTES)}...` : hex;
    }
    if (i < 2 * TEXT) text += String.fromCharCode(c);
  }
  return `${JSON.stringify(text)}${hex.length > 2 * TEXT ? "..." : ""}`;
}
