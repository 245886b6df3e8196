// What a console keeps, how it wraps, and that text is nothing but text.
import { describe, expect, test } from "vitest";
import { CHARS, type Console, LINE, LINES, noConsole, type Output, share, write } from "../src/core/console";
import { inert, printable } from "../src/core/inert";
import { append, end, last, noRows } from "../src/core/rows";
import { above, height, places, rowOf, rowsOf, type Wrapped } from "../src/core/wrap";

const out = (from: string, text: string): Output => ({ kind: "out", from, text });
const gap = (lines: number, proc = "a"): Output => ({
  kind: "left",
  gap: { proc, fd: 1, first: lines, last: lines + 1, lines, bytes: 10 * lines },
});
const said = (c: Console) =>
  last(c.lines, 1e6).map((l) => (l.gap === undefined ? `${l.from}: ${l.text}` : `${l.from}: ${l.gap.lines} left out`));

describe("console", () => {
  test.each<[string, readonly Output[], readonly string[]]>([
    ["a line in pieces is one line", [out("a", "64 by"), out("a", "tes\n")], ["a: 64 bytes"]],
    [
      "two writers in turns keep their own",
      [out("a", "on"), out("b", "x\n"), out("a", "e\n"), out("a", "two\n")],
      ["a: one", "b: x", "a: two"],
    ],
    ["an empty line is a line", [out("a", "\n\nx\n")], ["a: ", "a: ", "a: x"]],
    ["escape sequences are taken out", [out("a", "\u001b[31mred\u001b[0m\u0007\n")], ["a: red"]],
    ["CR LF is one end", [out("a", "x\r\ny\r\n")], ["a: x", "a: y"]],
    [
      "what follows a gap is another line",
      [out("a", "line 1\nline 2 is c"), gap(30), out("a", "line 33\n")],
      ["a: line 1", "a: line 2 is c", "a: 30 left out", "a: line 33"],
    ],
    [
      "gaps of one writer in a row are one",
      [gap(30), gap(12), gap(1, "b"), gap(2)],
      ["a: 42 left out", "b: 1 left out", "a: 2 left out"],
    ],
  ])("%s", (_, outs, want) => {
    expect(said(write(noConsole, outs))).toEqual(want);
    // The same in a batch each.
    expect(said(outs.reduce((c, o) => write(c, [o]), noConsole))).toEqual(want);
  });

  test("an open line goes on where it is, however much others have written meanwhile", () => {
    let c = write(noConsole, [out("a", "begun ")]);
    for (let i = 0; i < 30; i++) c = write(c, [out("b", "x\n".repeat(100))]);
    const before = c;
    c = write(c, [out("a", "and ended\n")]);
    expect(said(c)[0]).toBe("a: begun and ended");
    expect(said(before)[0]).toBe("a: begun ");
  });

  test("is bounded in lines and in each line, and counts what it lets go", () => {
    const c = write(noConsole, [out("a", "x\n".repeat(3 * LINES)), out("a", "y".repeat(5 * LINE))]);
    expect(c.lines.length).toBeLessThanOrEqual(LINES);
    expect(c.lines.length).toBeGreaterThan(LINES - 501);
    expect(Math.max(...last(c.lines, 1e6).map((l) => l.text.length))).toBeLessThanOrEqual(LINE);
    expect(end(c.lines)).toBe(3 * LINES + 5);
  });

  test("is bounded in characters, of all nodes together", () => {
    let c = noConsole;
    for (let i = 0; i < 40; i++) c = write(c, [out("a", `${"z".repeat(LINE)}\n`.repeat(100))], 200_000);
    expect(c.chars).toBe(last(c.lines, 1e6).reduce((n, l) => n + l.text.length, 0));
    expect(c.chars).toBeLessThanOrEqual(200_000 + 500 * LINE);
    expect(end(c.lines)).toBe(4000);
    expect(share(1)).toBe(CHARS);
    expect(share(40) * 40).toBeLessThanOrEqual(CHARS);
    expect(share(1e6)).toBeGreaterThan(0);
  });

  test("a batch costs one chunk, however long the console is", () => {
    const c = write(noConsole, [out("a", "x\n".repeat(LINES - 1000))]);
    const next = write(c, [out("a", "y\n")]);
    expect(next.lines.chunks.slice(0, -1).every((chunk, i) => chunk === c.lines.chunks[i])).toBe(true);
  });

  test("writers that come and go are forgotten", () => {
    const c = write(
      noConsole,
      Array.from({ length: 500 }, (_, i) => out(`p.${i}`, "no end")),
    );
    expect(c.open.size).toBeLessThanOrEqual(64);
  });
});

describe("wrapped lines", () => {
  test.each<[string, string, number, readonly string[]]>([
    ["an empty line is a row", "", 10, [""]],
    ["a short one too", "abc", 10, ["abc"]],
    ["a full row has no empty one after it", "0123456789", 10, ["0123456789"]],
    ["a long one goes on", "0123456789abcdefghijxyz", 10, ["0123456789", "abcdefghij", "xyz"]],
    ["wide characters have two columns", "日本語のテキスト", 5, ["日本", "語の", "テキ", "スト"]],
    ["pictures too, and are not cut in two", "a😀😀😀", 5, ["a😀😀", "😀"]],
    ["accents that are characters of their own have none", "e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]],
  ])("%s", (_, text, columns, want) => {
    expect(rowsOf(text, columns)).toBe(want.length);
    expect(want.map((_, i) => rowOf(text, columns, i))).toEqual(want);
  });

  const of = (n: number): Wrapped[] => Array.from({ length: n }, (_, i) => ({ text: "x".repeat((i * 7) % 50) }));

  test("rows are found by their number, also after lines were let go", () => {
    let lines = noRows<Wrapped>(1500);
    for (const line of of(4000)) lines = append(lines, [line]);
    for (const columns of [1, 10, 80]) {
      const all = places(lines, columns, 0, 1e9);
      expect(all.length).toBe(height(lines, columns));
      for (const from of [0, 1, 499, 500, 501, 1234, all.length - 3])
        expect(places(lines, columns, from, from + 30)).toEqual(all.slice(from, from + 30));
      for (const line of [lines.first, lines.first + 1, lines.first + 777, end(lines) - 1])
        expect(all[above(lines, columns, line)]).toEqual({ line, row: 0 });
      expect(above(lines, columns, end(lines))).toBe(all.length);
    }
  });

  test("counting again after more lines looks at the newest chunk only", () => {
    let looked = 0;
    const line = (): Wrapped => ({
      get text() {
        looked++;
        return "x";
      },
    });
    let lines = append(noRows<Wrapped>(100_000), Array.from({ length: 50_250 }, line));
    height(lines, 80);
    looked = 0;
    lines = append(lines, [line()]);
    height(lines, 80);
    expect(looked).toBeLessThanOrEqual(251);
  });
});

describe("text of guests", () => {
  test.each<[string, string, string]>([
    ["newlines stay", "a\nb", "a\nb"],
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["cursor and screen", "\u001b[2J\u001b[H\u001b[?25lx\u001b[10;20H", "x"],
    ["the title of the window", "\u001b]0;owned\u0007x", "x"],
    ["a link, ended the other way", "\u001b]8;;http://evil/\u001b\\click\u001b]8;;\u001b\\", "click"],
    ["a string without an end takes its line", "\u001b]0;owned\nnext", "\nnext"],
    ["eight-bit sequences", "\u009b31mred", "red"],
    ["short ones", "\u001b7x\u001b8\u001bcy\u001b(0z", "xyz"],
    ["half of one", "x\u001b", "x"],
    ["what turns text around", "abc\u202edcba\u2066x\u200fy\u061c", "abcdcbaxy"],
    ["other line ends are none", "a\u2028b\u2029c\u0085d\u000be", "abcde"],
    ["bells and deletes", "a\u0007\u0008\u007fb\u0000", "ab"],
  ])("%s", (_, text, want) => {
    expect(inert(text)).toBe(want);
    expect(printable(text)).not.toMatch(/[^\P{C}]/u); // no control, format or unassigned character
  });
});
