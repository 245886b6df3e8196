import { describe, expect, test } from "vitest";
import type { Console, ConsoleLine } from "../src/core/console";
import { type Row, rowFacts, rowText } from "../src/core/row";
import { append, at, dropFirst, end, find, last, noRows, replace } from "../src/core/rows";
import { apply, greet, initial, ROWS, type State } from "../src/core/state";
import { type TraceLine, traceText } from "../src/core/trace";
import { decode } from "../src/protocol/decode";
import type { Event, LeftEvent } from "../src/protocol/types";
import { fixture, said, take } from "./fixtures";

function log(seq: number): Event {
  return { seq, at: seq * 1000, kind: "log", node: "bob", text: `line ${seq}` };
}
const logs = (from: number, to: number): Event[] => Array.from({ length: to - from }, (_, i) => log(from + i));

function greeted(over: object = {}): State {
  const m = decode({ ...(fixture("hello") as object), ...over });
  if (!m.ok || m.value.kind !== "hello") throw new Error("bad fixture");
  return greet(initial, m.value);
}

const lines = (c: Console | undefined): readonly ConsoleLine[] => (c === undefined ? [] : last(c.lines, 1e6));

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
  test("an item in the middle is replaced, and the old version keeps its own", () => {
    const old = append(
      noRows<number>(5000),
      Array.from({ length: 1200 }, (_, i) => i),
    );
    const now = replace(old, 700, -1);
    expect([at(now, 699), at(now, 700), at(now, 701), at(old, 700)]).toEqual([699, -1, 701, 700]);
    expect(now.chunks[0]).toBe(old.chunks[0]);
    expect(replace(old, 1200, -1)).toBe(old);
    const less = dropFirst(now);
    expect([less.first, less.length, at(less, 499), at(less, 700)]).toEqual([500, 700, undefined, -1]);
    expect(replace(less, 499, -1)).toBe(less);
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
    const s = apply(greeted(), m.value);
    expect(s.rows.length).toBe(24);
    expect(s.traces.get("bob:pingd")?.length).toBe(9);
    expect(lines(s.consoles.get("bob")).map((l) => l.text)).toEqual([
      "pingd: answering for 10.0.0.2 on tap0",
      "pingd was killed: killed from the page",
    ]);
    expect(s.traffic.get("alice:em0")).toEqual({ frames: 2, bytes: 140 });
    expect(s.learned.get("s1")?.size).toBe(0);
    expect(s.at).toBe(14_000_000_000);
  });
  test("a console shows what was run and typed, as a terminal does", () => {
    const at = (seq: number) => ({ seq, at: seq, node: "bob" });
    const did = (seq: number, op: string, what: object): Event =>
      said("command", {
        seq,
        node: "bob",
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
      events: 1,
      to: seq,
      left: undefined,
      tail: "",
    });
    const s = take(greeted(), [
      did(1, "exec", { line: "syscall -c 'read 4' | cat" }),
      wrote(2, "syscall> "),
      did(3, "stdin", { proc: "syscall.1", text: "read 4\n" }),
      did(4, "stdin", { proc: "syscall.1", text: "\u0003" }),
      wrote(5, "= -1 EINTR\nsyscall> "),
      did(6, "stop", { proc: "syscall.1" }),
    ]);
    expect(lines(s.consoles.get("bob")).map((l) => `${l.kind} ${l.from} ${l.text}`)).toEqual([
      "command  syscall -c 'read 4' | cat",
      "out syscall.1 syscall> read 4",
      "out syscall.1 ^C= -1 EINTR",
      "out syscall.1 syscall> ",
    ]);
    const bad = said("command", { seq: 7, node: "bob", op: "exec", text: "not JSON" });
    expect(lines(take(s, [bad]).consoles.get("bob")).at(-1)?.text).toBe("not JSON");
  });
  test("ignores what it has had already", () => {
    const s = take(greeted(), logs(1, 5));
    expect(take(s, logs(1, 5))).toBe(s);
    expect(take(s, logs(3, 7)).rows.length).toBe(6);
  });
  test("a gap becomes a row that counts it", () => {
    const s = take(take(greeted(), logs(1, 3)), logs(10, 12));
    expect(s.missed).toBe(7);
    expect(at(s.rows, 2)).toEqual({ kind: "missed", at: 10_000, count: 7, why: "slow" });
  });
  test("what the server lost is a row, and in the sum", () => {
    const s = take(greeted(), logs(41, 43), 40);
    expect(at(s.rows, 0)).toMatchObject({ kind: "missed", count: 40, why: "slow" });
    expect([s.missed, s.expected]).toEqual([40, 43]);
  });
  test("takes a thinned batch in: what is left out is counted, and shown where it is", () => {
    const m = decode(fixture("thinned"));
    if (!m.ok || m.value.kind !== "events") throw new Error("bad fixture");
    const s = apply({ ...greeted(), expected: 100 }, m.value);
    expect([s.expected, s.missed, s.left]).toEqual([200, 19, 36]);
    expect(lines(s.consoles.get("bob")).map((l) => l.gap ?? l.text)).toEqual([
      "line 01",
      "line 02",
      "line 03",
      { proc: "flood", fd: 1, first: 100, last: 178, lines: 34, bytes: 272 },
      "line 38",
      "line 39",
      "line 40",
    ]);
    const rows = last(s.rows, 99).map((r) => {
      const t = rowText(r);
      return `${t.who} | ${t.what} | ${t.more}`;
    });
    expect(rows[1]).toBe("bob:flood | line 01⏎line 02⏎line 03 | … and 34 lines, 272 bytes left out");
    expect(rows[4]).toBe("bob:flood | … 36 calls left out … | faster than people read; the recording has them all");
    const traced = last(s.traces.get("bob:flood") ?? noRows<TraceLine>(9), 99).map((l) => traceText(l.event).text);
    expect(traced[2]).toBe("… 36 calls left out …");
    expect(rowFacts(last(s.rows, 99)[1] as Row).map((f) => `${f.name}: ${f.value}`)).toContain(
      "stands for: 40 writes, up to event 178",
    );
  });
  test("frames that are only counted are traffic, and a table of addresses says how many changes it lacks", () => {
    const left = (seq: number, of: string, over: object): LeftEvent => ({
      kind: "left",
      seq,
      at: seq,
      of,
      node: "",
      proc: "",
      port: "",
      fd: 0,
      events: 7,
      bytes: 700,
      lines: 0,
      to: seq,
      ...over,
    });
    const s = take(greeted(), [
      left(1, "frame", { port: "alice:em0" }),
      left(2, "learn", { node: "s1" }),
      left(3, "forget", { node: "s1", events: 2 }),
    ]);
    expect(s.traffic.get("alice:em0")).toEqual({ frames: 7, bytes: 700 });
    expect(s.unlearned.get("s1")).toBe(9);
  });
  test("a table of 1,000 addresses is copied once for a batch that changes it 5,000 times", () => {
    const learned = Array.from(
      { length: 5000 },
      (_, i): Event => ({
        kind: "learn",
        seq: i + 1,
        at: i,
        node: "s1",
        port: "s1.1",
        vlan: 0,
        text: `02:00:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`,
      }),
    );
    let copies = 0;
    class Counted<K, V> extends Map<K, V> {
      override [Symbol.iterator]() {
        copies++;
        return super[Symbol.iterator]();
      }
    }
    const before = take(greeted(), learned.slice(0, 1000));
    const table = new Counted(before.learned.get("s1"));
    copies = 0;
    const s = take({ ...before, learned: new Map([["s1", table]]) }, learned.slice(1000));
    expect(copies).toBe(1);
    expect(s.learned.get("s1")?.size).toBe(1024);
  });
  test("a first hello beyond the start says how many are gone", () => {
    const s = take(greeted({ first: 51, next: 60 }), logs(51, 53));
    expect(at(s.rows, 0)).toMatchObject({ kind: "missed", count: 50, why: "earlier" });
    expect(s.missed).toBe(0);
  });
  test("a resumed stream goes on; one that began anew starts over", () => {
    const s = take(greeted(), logs(1, 30));
    const hello = decode({ ...(fixture("hello") as object), next: 40 });
    const anew = decode({ ...(fixture("hello") as object), next: 5 });
    if (!hello.ok || hello.value.kind !== "hello" || !anew.ok || anew.value.kind !== "hello") throw new Error("bad");
    expect(greet(s, hello.value).rows.length).toBe(29);
    expect(greet(s, anew.value).rows.length).toBe(0);
  });
  test("keeps a bounded number of rows and says how many it let go", () => {
    let s = greeted();
    for (let i = 1; i < ROWS + 5000; i += 250) s = take(s, logs(i, i + 250));
    expect(s.rows.length).toBeLessThanOrEqual(ROWS);
    expect(s.rows.first).toBeGreaterThan(0);
    expect(s.rows.first + s.rows.length).toBe(s.expected - 1);
  });
  test("batches of any size leave full chunks behind, so that rows are found without a search", () => {
    let s = greeted();
    for (let i = 1; i < 50_000; i += 250) s = take(s, logs(i, i + 250));
    expect(s.rows.chunks.slice(0, -1).every((c) => c.length === 500)).toBe(true);
  });
});
