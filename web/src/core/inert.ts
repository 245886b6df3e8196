// Guests choose what they print: here it is made text and nothing else.

/** What terminals obey. A sequence that has no end goes as far as its line. */
const ESCAPES = new RegExp(
  [
    // CSI: colours, cursor movements.
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]`,
    // OSC and other strings: titles, links.
    String.raw`\u001b[\]PX^_][^\n\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?`,
    // The short ones.
    String.raw`\u001b[ -/]*[0-~]`,
  ].join("|"),
  "g",
);

/** Other control characters, those that turn the direction of text around, and line separators that are no newline. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be taken out
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** inert takes out of a text what would make it more than text; it keeps newlines. */
export function inert(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(ESCAPES, "").replace(/\t/g, "    ").replace(CONTROLS, "");
}

/** printable keeps a guest's text on one line and its control characters visible. */
export function printable(text: string): string {
  return text.replace(CONTROLS, mark).replace(/\n/g, "⏎");
}

function mark(c: string): string {
  return c === "\t" ? "  " : c === "\r" ? "" : "·";
}
