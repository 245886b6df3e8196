import { describe, expect, test } from "vitest";
import { LINE, LINES, noConsole, write } from "../src/core/console";
import { decode } from "../src/core/decode";
import type { Event } from "../src/core/protocol";
import { append, at, end, find, last, noRows } from "../src/core/rows";
import { apply, greet, initial, ROWS, type State } from "../src/core/state";
import { fixture } from "./fixtures";

function log(seq: number): Event {
  return { seq, at: seq * 1000, kind: "log", node: "bob", text: `line ${seq}` };
}
const logs = (from: number, to: number): Event[] => Array.from({ length: to - from }, (_, i) => log(from + i));

function greeted(over: object = {}): State {
  const m = decode({ ...(fixture("hello") as object), ...over });
  if (!m.ok || m.value.kind !== "hello") throw new Error("bad fixture");
  return greet(initial, m.value);
}

describe("rows", () => {
  test("a new version leaves the old one as it was", () => {
    const a = append(noRows<number>(1000), [1, 2, 3]);
    const b = append(a, [4]);
    expect([...last(a, 9)]).toEqual([1, 2, 3]);
    expect([...last(b, 9)]).toEqual([1, 2, 3, 4]);
  });
  test("never more than the limit, and absolute numbers stay", () => {
    let rows = noRows<number>(1000);
    for (let i = 0; i < 5000; i += 7) rows = append(rows, [i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6]);
    expect(rows.length).toBeLessThanOrEqual(1000);
    expect(rows.first + rows.length).toBe(end(rows));
    for (let n = rows.first; n < end(rows); n++) expect(at(rows, n)).toBe(n);
    expect(at(rows, rows.first - 1)).toBeUndefined();
    expect(at(rows, end(rows))).toBeUndefined();
  });
  test("find looks both ways", () => {
    const rows = append(noRows<number>(1000), [5, 6, 7, 6]);
    expect(find(rows, 0, 1, (x) => x === 6)).toBe(1);
    expect(find(rows, 3, -1, (x) => x === 6)).toBe(3);
    expect(find(rows, 0, 1, (x) => x === 9)).toBeUndefined();
  });
});

describe("apply", () => {
  test("takes the fixture in", () => {
    const m = decode(fixture("events"));
    if (!m.ok || m.value.kind !== "events") throw new Error("bad fixture");
    const s = apply(greeted(), m.value.events);
    expect(s.rows.length).toBe(23);
    expect(s.traces.get("bob:pingd")?.length).toBe(9);
    expect(s.consoles.get("bob")?.lines.map((l) => l.text)).toEqual([
      "pingd: answering for 10.0.0.2 on tap0",
      "pingd was killed: killed from the page",
    ]);
    expect(s.traffic.get("alice:em0")).toEqual({ frames: 2, bytes: 140 });
    expect(s.learned.get("s1")?.size).toBe(0);
    expect(s.at).toBe(14_000_000_000);
  });
  test("a console shows what was run and typed, as a terminal does", () => {
    const at = (seq: number) => ({ seq, at: seq, node: "bob" });
    const did = (seq: number, op: string, what: object): Event => ({
      ...at(seq),
      kind: "command",
      op,
      proc: op === "exec" ? "" : "syscall.1",
      text: JSON.stringify({ op, node: "bob", ...what }),
    });
    const wrote = (seq: number, text: string): Event => ({
      ...at(seq),
      kind: "console",
      proc: "syscall.1",
      pid: 2,
      fd: 1,
      text,
      data: "",
    });
    const s = apply(greeted(), [
      did(1, "exec", { line: "syscall -c 'read 4' | cat" }),
      wrote(2, "syscall> "),
      did(3, "stdin", { proc: "syscall.1", text: "read 4\n" }),
      did(4, "stdin", { proc: "syscall.1", text: "\u0003" }),
      wrote(5, "= -1 EINTR\nsyscall> "),
      did(6, "stop", { proc: "syscall.1" }),
    ]);
    expect(s.consoles.get("bob")?.lines.map((l) => `${l.from} ${l.text}`)).toEqual([
      "$ syscall -c 'read 4' | cat",
      "syscall.1 syscall> read 4",
      "syscall.1 ^C= -1 EINTR",
      "syscall.1 syscall> ",
    ]);
    const bad: Event = { ...at(7), kind: "command", op: "exec", proc: "", text: "not JSON" };
    expect(apply(s, [bad]).consoles.get("bob")?.lines.at(-1)?.text).toBe("not JSON");
  });
  test("ignores what it has had already", () => {
    const s = apply(greeted(), logs(1, 5));
    expect(apply(s, logs(1, 5))).toBe(s);
    expect(apply(s, logs(3, 7)).rows.length).toBe(6);
  });
  test("a gap becomes a row that counts it", () => {
    const s = apply(apply(greeted(), logs(1, 3)), logs(10, 12));
    expect(s.missed).toBe(7);
    expect(at(s.rows, 2)).toEqual({ kind: "missed", at: 10_000, count: 7, why: "slow" });
  });
  test("a first hello beyond the start says how many are gone", () => {
    const s = apply(greeted({ first: 51, next: 60 }), logs(51, 53));
    expect(at(s.rows, 0)).toMatchObject({ kind: "missed", count: 50, why: "earlier" });
    expect(s.missed).toBe(0);
  });
  test("a resumed stream goes on; one that began anew starts over", () => {
    const s = apply(greeted(), logs(1, 30));
    const hello = decode({ ...(fixture("hello") as object), next: 40 });
    const anew = decode({ ...(fixture("hello") as object), next: 5 });
    if (!hello.ok || hello.value.kind !== "hello" || !anew.ok || anew.value.kind !== "hello") throw new Error("bad");
    expect(greet(s, hello.value).rows.length).toBe(29);
    expect(greet(s, anew.value).rows.length).toBe(0);
  });
  test("keeps a bounded number of rows and says how many it let go", () => {
    let s = greeted();
    for (let i = 1; i < ROWS + 5000; i += 250) s = apply(s, logs(i, i + 250));
    expect(s.rows.length).toBeLessThanOrEqual(ROWS);
    expect(s.rows.first).toBeGreaterThan(0);
    expect(s.rows.first + s.rows.length).toBe(s.expected - 1);
  });
  test("batches of any size leave full chunks behind, so that rows are found without a search", () => {
    let s = greeted();
    for (let i = 1; i < 50_000; i += 250) s = apply(s, logs(i, i + 250));
    expect(s.rows.chunks.slice(0, -1).every((c) => c.length === 500)).toBe(true);
  });
});

describe("console", () => {
  const out = (from: string, text: string) => ({ from, err: false, text });
  const lines = (...outs: { from: string; err: boolean; text: string }[]) =>
    write(noConsole, outs).lines.map((l) => `${l.from}: ${l.text}`);
  test.each<[string, readonly [string, string][], readonly string[]]>([
    [
      "a line in pieces is one line",
      [
        ["a", "64 by"],
        ["a", "tes\n"],
      ],
      ["a: 64 bytes"],
    ],
    [
      "two writers in turns keep their own",
      [
        ["a", "on"],
        ["b", "x\n"],
        ["a", "e\n"],
      ],
      ["a: one", "b: x"],
    ],
    ["an empty line is a line", [["a", "\n\nx\n"]], ["a: ", "a: ", "a: x"]],
    ["escape sequences are taken out", [["a", "\u001b[31mred\u001b[0m\u0007\n"]], ["a: red"]],
    ["CR LF is one end", [["a", "x\r\ny\r\n"]], ["a: x", "a: y"]],
  ])("%s", (_, outs, want) => {
    expect(lines(...outs.map(([f, t]) => out(f, t)))).toEqual(want);
  });
  test("is bounded in lines and in each line", () => {
    const c = write(noConsole, [out("a", "x\n".repeat(3 * LINES)), out("a", "y".repeat(5 * LINE))]);
    expect(c.lines.length).toBe(LINES);
    expect(Math.max(...c.lines.map((l) => l.text.length))).toBeLessThanOrEqual(LINE);
    expect(c.written).toBe(3 * LINES + 5);
  });
});
