// A node's console: what its processes wrote, line by line, and what was run there.

/** Lines kept per node; a line goes on in a new one beyond LINE characters. */
export const LINES = 2000;
export const LINE = 2000;

export interface ConsoleLine {
  /** Number since the console began. */
  readonly n: number;
  /** The process that wrote it; "$" for a command typed here, "!" for its refusal. */
  readonly from: string;
  readonly err: boolean;
  readonly text: string;
  /** No newline yet: what the process writes next goes on here. */
  readonly open: boolean;
}

export interface Console {
  readonly lines: readonly ConsoleLine[];
  /** Lines written in all, kept or not. */
  readonly written: number;
}

export const noConsole: Console = { lines: [], written: 0 };

export interface Output {
  readonly from: string;
  readonly err: boolean;
  readonly text: string;
}

/** write appends output; processes that write in turns each keep their own open line. */
export function write(console: Console, outputs: readonly Output[]): Console {
  const lines = console.lines.slice();
  let written = console.written;
  for (const out of outputs) {
    const parts = clean(out.text).split("\n");
    // "a\n" gives ["a", ""]: the empty rest is no line yet.
    const closed = parts.length - 1;
    parts.forEach((part, i) => {
      if (i === closed && part === "") return;
      const open = i === closed;
      const j = i === 0 ? lines.findLastIndex((l) => l.open && l.from === out.from && l.err === out.err) : -1;
      const before = j < 0 ? undefined : lines[j];
      if (before !== undefined && before.text.length + part.length <= LINE) {
        lines[j] = { ...before, text: before.text + part, open };
        return;
      }
      if (before !== undefined) lines[j] = { ...before, open: false };
      for (let k = 0; k < Math.max(part.length, 1); k += LINE) {
        const piece = part.slice(k, k + LINE);
        lines.push({ n: written++, from: out.from, err: out.err, text: piece, open: open && k + LINE >= part.length });
      }
    });
    // Trimmed now and then inside a batch, so that one huge batch stays bounded too.
    if (lines.length > 2 * LINES) lines.splice(0, lines.length - LINES);
  }
  if (lines.length > LINES) lines.splice(0, lines.length - LINES);
  return { lines, written };
}

// Guests choose these bytes: escape sequences and control characters are taken
// out, so that no program can dress its output up as the page's.
function clean(text: string): string {
  return (
    text
      .replace(/\r\n/g, "\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
      .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "")
      .replace(/\t/g, "    ")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "")
  );
}
