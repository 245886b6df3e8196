// Processes that come and go, and what is shown of what they do.
import { describe, expect, test } from "vitest";
import { callText } from "../src/core/calls";
import type { ConsoleLine } from "../src/core/console";
import { ENDED } from "../src/core/lives";
import { headOf, linkOf, rowText } from "../src/core/row";
import { last, noRows } from "../src/core/rows";
import { greet, initial, observe, type State } from "../src/core/state";
import { traceText } from "../src/core/trace";
import { decode } from "../src/protocol/decode";
import type { Event, Status } from "../src/protocol/types";
import { fixture, observed, procOf, said as saidOf, take } from "./fixtures";

function greeted(): State {
  const m = decode(fixture("hello"));
  if (!m.ok || m.value.kind !== "hello") throw new Error("bad fixture");
  return greet(initial, m.value);
}

let seq = 0;
/** said is an event of alice's that follows the one before. */
function said(k: string, over: object = {}): Event {
  seq++;
  return saidOf(k, { seq, t: seq * 1000, node: "alice", ...over });
}

function status(at: number, procs: readonly object[]): Status {
  return observed({ t: at, procs: procs.map(procOf) });
}

const start = (proc: string, pid: number) => said("start", { proc, pid, text: proc.split(".")[0] });
const exit = (proc: string, pid: number, over: object = {}) => said("exit", { proc, pid, n: 0, op: "exit", ...over });
const names = (s: State) =>
  (s.lives.get("alice") ?? []).map((l) => `${l.name}${l.end === undefined ? "" : " ended"} of ${l.ppid}`);

test("a call reads as on a terminal: labserver run --strace", () => {
  const all = fixture("strace") as readonly { readonly event: object; readonly text: string }[];
  expect(all.length).toBeGreaterThan(20);
  for (const x of all) {
    const e = said("call", x.event);
    if (e.kind !== "call") throw new Error(e.kind);
    const c = callText(e);
    expect(c.error === "" ? c.text : `${c.text} ${c.error}`).toBe(x.text);
  }
});

test("a row has the data of what is no frame", () => {
  const e = said("call", { op: "write", fd: 1, path: "pipe", len: 3, n: 3, data: "68690a" });
  expect(rowText(e).what).toBe('write(1<pipe>, "hi\\n", 3) = 3');
});

test("what one did is a row in the words one typed", () => {
  const did = (op: string, proc: string, what: object) =>
    rowText(said("command", { op, proc, text: JSON.stringify(what) }));
  expect(did("exec", "", { line: "ls | cat" }).what).toBe("alice$ ls | cat");
  expect(did("exec", "", { argv: ["ls", "a b"] }).what).toBe('alice$ ls "a b"');
  expect(did("stdin", "cat.1", { text: "\u0003" })).toMatchObject({ what: "type ^C", more: "at alice:cat.1" });
  expect(did("stop", "cat.1", {}).what).toBe("stop alice:cat.1");
});

test("who comes to a door and goes is a row, and a frame that comes in is one, not two", () => {
  const did = (op: string, what: object) =>
    rowText(said("command", { op, text: JSON.stringify({ port: "s1.3", ...what }) }));
  expect(did("open-door", { by: "a peer" })).toMatchObject({ who: "door", what: "s1.3 is open: a peer" });
  expect(did("close-door", { why: "it went" }).what).toBe("s1.3 is closed: it went");
  expect(did("close-door", { why: "it went", dropped: { rate: 3, paused: 1 } }).what).toBe(
    "s1.3 is closed: it went; lost there: 3 rate, 1 paused",
  );
  const frame = { port: "door:s1.3", peer: "s1.3", frame: 1, len: 60, sum: { proto: "ARP" } };
  const s = take(greeted(), [said("command", { op: "enter" }), said("frame", frame)]);
  expect(last(s.rows, 2).map((r) => r.kind)).toEqual(["missed", "frame"]);
});

test.each<[string, object, string | undefined, number]>([
  ["a frame of a tap", { op: "read", path: "/dev/tap0", frame: 1, data: "ff", sum: { proto: "IPv4" } }, "ethernet", 0],
  [
    "a packet of a tun",
    { op: "read", path: "/dev/tun0", link: "raw", frame: 1, data: "45", sum: { proto: "IPv4" } },
    "raw",
    0,
  ],
  [
    "a packet behind its family",
    { op: "read", link: "raw", head: 4, frame: 1, data: "0000000245", sum: { proto: "IPv4" } },
    "raw",
    4,
  ],
  ["an ioctl's argument", { op: "ioctl", path: "/dev/tap0", data: "00" }, undefined, 0],
  ["a file's bytes", { op: "read", path: "/dev/tunes", data: "00" }, undefined, 0],
])("%s is decoded as what it is", (_, over, want, head) => {
  const row = said("call", over);
  expect(linkOf(row)).toBe(want);
  expect(headOf(row)).toBe(head);
});

describe("strace", () => {
  test("each line has the fuel since the one before, from nothing in a new process", () => {
    const call = (op: string, fuel: number, pid = 5) => said("call", { proc: "p", pid, op, fuel, n: 0 });
    let s = take(greeted(), [start("p", 5), call("kqueue", 100), call("kqueue", 150)]);
    s = take(s, [said("limit", { proc: "p", pid: 5, op: "open-files", text: "no more" }), call("kqueue", 175)]);
    s = take(s, [exit("p", 5, { fuel: 180 }), start("p", 6), call("kqueue", 30, 6)]);
    const lines = s.traces.get("alice:p");
    expect(lines && last(lines, 99).map((l) => `${l.event.kind} ${l.used}`)).toEqual([
      "start 0",
      "call 100",
      "call 50",
      "limit 0",
      "call 25",
      "exit 5",
      "start 0",
      "call 30",
    ]);
  });
  test.each<[string, string, object, string]>([
    ["start", "start", { pid: 7, text: "ls" }, "started as process 7: ls"],
    ["signal", "signal", { op: "SIGIO", text: "caught" }, "--- SIGIO --- | caught"],
    ["limit", "limit", { proc: "p", op: "fuel", text: "no more" }, "limit fuel: | no more"],
    ["exit", "exit", { op: "exit", n: 0 }, "ended, exit, code 0"],
    [
      "trap",
      "exit",
      { op: "trap", n: 139, text: "out of bounds memory access in f <- main" },
      "ended, trap, code 139 | out of bounds memory access in f <- main",
    ],
    [
      "a call that slept",
      "call",
      { op: "poll", text: "4:POLLIN, 1s", t: 2_000_000, began: 1_000_000 },
      "poll(4:POLLIN, 1s) = 0 | <1 ms>",
    ],
  ])("%s", (_, k, over, want) => {
    const e = said(k, over);
    if (e.kind !== "start" && e.kind !== "signal" && e.kind !== "limit" && e.kind !== "exit" && e.kind !== "call")
      throw new Error(e.kind);
    const t = traceText(e);
    expect([t.text, t.error, t.more].filter((x) => x !== "").join(" | ")).toBe(want);
  });
});

describe("lives", () => {
  test("a child has its parent from the spawn, and is remembered when it ended", () => {
    const spawned = () => said("call", { proc: "ping", pid: 1, op: "spawn", n: 3, text: '["ls"], [0 1 2]' });
    let s = take(greeted(), [start("ping", 1), start("ls.1", 3), spawned()]);
    expect(names(s)).toEqual(["ping of 0", "ls.1 of 1"]);
    s = take(s, [exit("ls.1", 3)]);
    expect(names(s)).toEqual(["ping of 0", "ls.1 ended of 1"]);
  });
  test("many that ended are forgotten, the lab's own and those alive are not", () => {
    let s = take(greeted(), [start("ping", 1), exit("ping", 1), start("cat.0", 2)]);
    for (let i = 3; i < 60; i++) s = take(s, [start(`ls.${i}`, i), exit(`ls.${i}`, i)]);
    const all = names(s);
    expect(all.slice(0, 2)).toEqual(["ping ended of 0", "cat.0 of 0"]);
    expect(all.length).toBe(2 + ENDED);
    expect(all.at(-1)).toBe("ls.59 ended of 0");
  });
  test("a state says who is there: its parents are known, and whose end was missed has ended", () => {
    const s = take(greeted(), [start("cat.1", 4), start("cat.2", 5)]);
    const later = seq * 1000 + 1;
    expect(names(observe(s, status(later, [{ proc: "cat.2", pid: 5, ppid: 9 }])))).toEqual([
      "cat.1 ended of 0",
      "cat.2 of 9",
    ]);
    expect(names(observe(s, status(0, [])))).toEqual(["cat.1 of 0", "cat.2 of 0"]);
  });
  test("routes stay until a state has others", () => {
    const net = { node: "alice", forward: true, forward6: false, routes: [] };
    const s = observe(greeted(), { ...status(1, []), nodes: [net] });
    expect(observe(s, status(2, [])).nets.get("alice")?.forward).toBe(true);
    expect(observe(s, { ...status(2, []), nodes: [] }).nets.size).toBe(0);
  });
});

test("a command that did its work says nothing on the console; what failed does, and what the lab has", () => {
  const s = take(greeted(), [
    exit("ls.1", 3),
    exit("cat.1", 4, { n: 130, op: "killed", text: "killed by SIGINT" }),
    exit("ping", 1),
  ]);
  expect(last(s.consoles.get("alice")?.lines ?? noRows<ConsoleLine>(1), 99).map((l) => l.text)).toEqual([
    "cat.1 was killed: killed by SIGINT",
    "ping exited with code 0",
  ]);
});

test("the newest limits of a node are kept", () => {
  const hit = (n: number) => said("limit", { proc: "p", pid: 1, op: `l${n}`, text: "no more" });
  const s = take(greeted(), [1, 2, 3, 4, 5, 6].map(hit));
  expect(s.limits.get("alice")?.map((l) => l.op)).toEqual(["l3", "l4", "l5", "l6"]);
});
