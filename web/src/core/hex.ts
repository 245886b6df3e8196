// Bytes, and the lines of a hex dump.

/** parseHex turns the server's hex into bytes; it has been checked by decode. */
export function parseHex(hex: string): Uint8Array {
  const out = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export interface HexCell {
  readonly off: number;
  readonly hex: string;
  /** "." for what is not printable ASCII. */
  readonly ascii: string;
}

export interface HexLine {
  readonly off: string;
  readonly cells: readonly HexCell[];
}

/** hexLines lays bytes out, width to a line. */
export function hexLines(data: Uint8Array, width: number): readonly HexLine[] {
  const lines: HexLine[] = [];
  for (let start = 0; start < data.length; start += width) {
    const cells: HexCell[] = [];
    for (let off = start; off < Math.min(start + width, data.length); off++) {
      const b = data[off] ?? 0;
      cells.push({
        off,
        hex: b.toString(16).padStart(2, "0"),
        ascii: b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : ".",
      });
    }
    lines.push({ off: start.toString(16).padStart(4, "0"), cells });
  }
  return lines;
}

/** utf8 is the hex of a text's bytes. */
export function utf8(text: string): string {
  let hex = "";
  for (const c of text) {
    const p = c.codePointAt(0) ?? 0;
    const rest = (n: number): number => 0x80 | ((p >> (6 * n)) & 0x3f);
    const bytes =
      p < 0x80
        ? [p]
        : p < 0x800
          ? [0xc0 | (p >> 6), rest(0)]
          : p < 0x10000
            ? [0xe0 | (p >> 12), rest(1), rest(0)]
            : [0xf0 | (p >> 18), rest(2), rest(1), rest(0)];
    for (const b of bytes) hex += b.toString(16).padStart(2, "0");
  }
  return hex;
}
