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
