// Which rows of the time line are shown.
import { describe, expect, test } from "vitest";
import {
  everything,
  type Filter,
  frameFor,
  isAll,
  passes,
  SORTS,
  type Sort,
  sortOf,
  toggled,
  Verdicts,
} from "../src/core/filter";
import { Lister } from "../src/core/listed";
import type { Row } from "../src/core/row";
import { append, noRows, type Rows } from "../src/core/rows";
import { said } from "./fixtures";

const frame = said("frame", { port: "alice:em0", peer: "s1.1", frame: 1, data: "00", sum: { proto: "ARP" } });
const read = said("call", { node: "bob", proc: "pingd", op: "read", n: -1, errno: "EWOULDBLOCK" });
const out = said("console", { node: "bob", proc: "pingd", fd: 1, text: "Answering\n" });
const log = said("log", { node: "bob", text: "tap0: link state changed to UP" });
const exec = said("command", { op: "pause" });
const rows: readonly Row[] = [frame, read, out, log, exec];

describe("a filter", () => {
  test.each<[string, Partial<Filter>, readonly Row[]]>([
    ["of nothing", {}, rows],
    ["of blanks", { text: "  " }, rows],
    ["without frames", { hidden: new Set<Sort>(["frames"]) }, [read, out, log, exec]],
    ["without any sort keeps what people did", { hidden: new Set(SORTS) }, [exec]],
    ["by a word, whatever its case", { text: "answering" }, [out]],
    ["by who", { text: "alice" }, [frame]],
    ["by what went wrong", { text: "ewouldblock" }, [read]],
    ["by all of its words", { text: "bob up" }, [log]],
    ["by words of which one is missing", { text: "bob down" }, []],
    ["by both", { text: "bob", hidden: new Set<Sort>(["calls", "kernel"]) }, [out]],
  ])("%s", (_, over, want) => expect(rows.filter(passes({ ...everything, ...over }))).toEqual(want));

  test("every kind that comes often is of a sort, and what was left out is of the same", () => {
    const drop = said("drop", { node: "a", op: "queue-full" });
    expect([frame, drop, read, out, log].map(sortOf)).toEqual(["frames", "frames", "calls", "output", "kernel"]);
    expect(sortOf(said("left", { of: "frame", events: 3, to: 4 }))).toBe("frames");
    expect(sortOf(exec)).toBe(undefined);
  });

  test("a display filter shows frames that the server said it chooses, and what may hide some", () => {
    const display = new Verdicts("arp");
    const drop = said("drop", { node: "a", op: "queue-full", data: "ff", sum: { proto: "ARP" } });
    const left = said("left", { of: "frame", events: 3, to: 4 });
    const leftText = said("left", { of: "console", events: 3, to: 4 });
    const missed: Row = { kind: "missed", at: 0, count: 2, why: "slow" };
    const is = passes({ ...everything, display });
    expect([frame, drop, out, exec, left, leftText, missed].map(is)).toEqual([
      undefined,
      undefined,
      false,
      false,
      true,
      false,
      true,
    ]);
    expect(display.say([frame, drop], "10")).toBe(2);
    expect([frame, drop].map(is)).toEqual([true, false]);
    expect(passes({ ...everything, display, text: "bob" })(frame)).toBe(false);
    expect(isAll({ ...everything, display })).toBe(false);
  });

  test("the server is asked about a packet without what a tun puts before it", () => {
    const call = said("call", {
      node: "bob",
      proc: "p",
      op: "write",
      frame: 4,
      link: "raw",
      head: 4,
      data: "0000000245",
      sum: { proto: "IPv4" },
    });
    expect(frameFor(call)).toMatchObject({ link: "raw", hex: "45", size: 1, port: "" });
    expect(frameFor(frame)).toMatchObject({ link: "ethernet", hex: "00", port: "alice:em0" });
    expect(frameFor(log)).toBe(undefined);
  });

  test("a sort is hidden, and shown again", () => {
    const hidden = toggled(everything, "calls");
    expect([[...hidden.hidden], [...toggled(hidden, "calls").hidden]]).toEqual([["calls"], []]);
  });
});

describe("the list of a filter", () => {
  const logs = (from: number, to: number): readonly Row[] =>
    Array.from({ length: to - from }, (_, i) => said("log", { seq: from + i, node: "a", text: `n${from + i}` }));
  const even = { ...everything, text: "0 kernel" }; // those whose number has a 0
  const numbers = (l: ReturnType<Lister["list"]>): readonly (number | undefined)[] =>
    Array.from({ length: l.length }, (_, i) => l.at(l.first + i));
  const grown = (from: Rows<Row>, to: number): Rows<Row> => append(from, logs(from.first + from.length, to));

  test("grows with the rows, and looks at each once", () => {
    const lister = new Lister();
    let all = grown(noRows<Row>(1000), 25);
    expect(numbers(lister.list(all, even))).toEqual([0, 10, 20]);
    all = grown(all, 41);
    const listed = lister.list(all, even);
    expect(numbers(listed)).toEqual([0, 10, 20, 30, 40]);
    expect([listed.placeOf(20), listed.placeOf(21), listed.placeOf(99)]).toEqual([
      listed.first + 2,
      undefined,
      undefined,
    ]);
  });

  test("lets go of what the rows let go, and keeps the places of the rest", () => {
    const lister = new Lister();
    let all = grown(noRows<Row>(1000), 900);
    const before = lister.list(all, even).placeOf(800);
    all = grown(all, 1600);
    expect(all.first).toBe(1000);
    const listed = lister.list(all, even);
    expect(listed.at(listed.first)).toBe(1000);
    expect(numbers(listed).every((n) => n !== undefined && n >= 1000)).toBe(true);
    expect(listed.first).toBeGreaterThan(before ?? 0);
  });

  test("is made anew for another filter, and for other rows in the place of these", () => {
    const lister = new Lister();
    const all = grown(noRows<Row>(1000), 30);
    lister.list(all, even);
    expect(numbers(lister.list(all, { ...everything, text: "n29" }))).toEqual([29]);
    const other = append(noRows<Row>(1000), logs(100, 131));
    expect(numbers(lister.list(other, { ...everything, text: "n129" }))).toEqual([29]);
  });

  test("ends where the server has not been asked, and goes on when it has", () => {
    const frames = Array.from({ length: 4 }, (_, i) =>
      said("frame", { seq: i, port: "a:em0", frame: i, data: "00", sum: { proto: "ARP" } }),
    );
    const all = append(noRows<Row>(1000), frames);
    const f = { ...everything, display: new Verdicts("arp") };
    const lister = new Lister();
    expect(numbers(lister.list(all, f))).toEqual([]);
    f.display.say(frames.slice(0, 2), "11");
    expect(numbers(lister.list(all, f))).toEqual([0, 1]);
    f.display.say(frames.slice(2), "01");
    expect(numbers(lister.list(all, f))).toEqual([0, 1, 3]);
  });

  test("without a filter is the rows themselves", () => {
    const all = grown(noRows<Row>(1000), 30);
    const listed = new Lister().list(all, everything);
    expect([listed.first, listed.length, listed.at(7), listed.placeOf(30)]).toEqual([0, 30, 7, undefined]);
  });
});
