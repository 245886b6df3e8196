import { describe, expect, test } from "vitest";
import { rowText } from "../src/core/row";
import { decode, decodeExec, decodeFields, decodeText, decodeTextParts, type EventKind } from "../src/protocol/decode";
import { acknowledgement, encode } from "../src/protocol/encode";
import type { Command, Message } from "../src/protocol/types";
import { batchOf, fixture, procOf, stateOf } from "./fixtures";

function ok(raw: unknown): Message {
  const got = decode(raw);
  if (!got.ok) throw new Error(got.error);
  return got.value;
}

describe("decode", () => {
  test("reads a hello", () => {
    const m = ok(fixture("hello"));
    if (m.kind !== "hello") throw new Error(m.kind);
    expect(m.lab.seed).toBe("42");
    expect(m.topology.nodes.map((n) => n.name)).toEqual(["alice", "bob"]);
    expect(m.topology.links).toEqual([
      { a: "alice:em0", b: "s1.1", delay: 1_000_000 },
      { a: "bob:tap0", b: "s1.2", delay: 0 },
    ]);
    expect(m.next).toBe(24);
  });

  test("reads every kind of event, and the fixture has them all", () => {
    const m = ok(fixture("events"));
    if (m.kind !== "events") throw new Error(m.kind);
    const all: Record<Exclude<EventKind, "other">, true> = {
      lab: true,
      command: true,
      start: true,
      exit: true,
      call: true,
      frame: true,
      drop: true,
      learn: true,
      tree: true,
      forget: true,
      iface: true,
      console: true,
      signal: true,
      log: true,
      panic: true,
      limit: true,
      step: true,
      check: true,
      left: true,
    };
    const thinned = ok(fixture("thinned"));
    if (thinned.kind !== "events") throw new Error(thinned.kind);
    expect([...new Set([...m.events, ...thinned.events].map((e) => e.kind))].sort()).toEqual(Object.keys(all).sort());
    expect(m.events.map((e) => e.seq)).toEqual(m.events.map((_, i) => i + 1));
  });

  test("a frame's bytes are in a message once, and each of its events has them", () => {
    const m = ok(fixture("events"));
    if (m.kind !== "events") throw new Error(m.kind);
    const of = m.events.filter((e) => "frame" in e && e.frame === 1);
    expect(of.length).toBe(3);
    for (const e of of) {
      if (!("sum" in e)) throw new Error(e.kind);
      expect([e.data.length, e.size, e.sum?.info]).toEqual([84, 42, "who-has 10.0.0.2 tell 10.0.0.1"]);
    }
  });

  test("what a frame starts with, and behind what, is told with its bytes", () => {
    const tun = { k: "call", n: 0, node: "a", proc: "p", op: "read", frame: 2, path: "/dev/tun0" };
    const m = ok(
      batchOf([
        { seq: 1, t: 0, ...tun, data: "0000000245", link: "raw", head: 4, sum: { proto: "IPv4" } },
        { seq: 2, t: 0, ...tun, as: 1 },
        { seq: 3, t: 0, k: "frame", n: 0, port: "a:em0", frame: 3, data: "ff", sum: { proto: "Ethernet" } },
        { seq: 4, t: 0, k: "frame", n: 0, port: "s1.1", frame: 3, as: 3 },
        { seq: 5, t: 0, ...tun, frame: 0, path: "/tmp/x", data: "45" },
      ]),
    );
    if (m.kind !== "events") throw new Error(m.kind);
    expect(m.events.map((e) => "head" in e && [e.link, e.head, e.sum?.proto])).toEqual([
      ["raw", 4, "IPv4"],
      ["raw", 4, "IPv4"],
      ["ethernet", 0, "Ethernet"],
      ["ethernet", 0, "Ethernet"],
      [undefined, 0, undefined],
    ]);
  });

  test("says every event in words", () => {
    const m = ok(fixture("events"));
    if (m.kind !== "events") throw new Error(m.kind);
    const words = m.events.map((e) => {
      const t = rowText(e);
      return [t.who, t.what, t.error, t.more].filter((s) => s !== "").join(" | ");
    });
    expect(words).toEqual([
      "lab | lab ping begins | seed 42",
      "bob:pingd | start pingd.wasm | pid 2",
      'bob:pingd | open("/dev/tap0", O_RDWR) = 4',
      "bob:tap0 | link state up",
      "bob:pingd | pingd: answering for 10.0.0.2 on tap0",
      "alice:em0 → s1.1 | ARP  10.0.0.1 → 10.0.0.2  who-has 10.0.0.2 tell 10.0.0.1 | 42 bytes",
      "s1 | learn 02:00:00:00:00:0a | is at s1.1",
      "s1.2 → bob:tap0 | ARP  10.0.0.1 → 10.0.0.2  who-has 10.0.0.2 tell 10.0.0.1 | 42 bytes",
      "bob:pingd | read(4</dev/tap0>, 2048) = 42 | ARP  10.0.0.1 → 10.0.0.2  who-has 10.0.0.2 tell 10.0.0.1  after 2 ms",
      "alice:em0 → s1.1 | ICMP  10.0.0.1 → 10.0.0.2  echo request id 7 seq 12 | 98 bytes",
      "bob:pingd | read(4</dev/tap0>, 2048) = 98 | ICMP  10.0.0.1 → 10.0.0.2  echo request id 7 seq 12  after 999 ms",
      "bob:pingd | write(4</dev/tap0>, 98) = 98 | ICMP  10.0.0.2 → 10.0.0.1  echo reply id 7 seq 12",
      "bob:pingd | read(4</dev/tap0>, 2048) = -1 | EWOULDBLOCK (Resource temporarily unavailable)",
      "bob:tap0 | drop ICMP  10.0.0.1 → 10.0.0.2  echo request id 7 seq 12 | queue-full: the send queue holds 256 packets",
      "s1 | forget 02:00:00:00:00:0a | was at s1.1",
      "bob:pingd | --- SIGIO --- | caught",
      "bob | tap0: link state changed to UP | kernel",
      "bob | panic | mtx_lock of a destroyed mutex: tap_softc was freed | this kernel would have stopped here",
      "bob:pingd | limit memory | pingd asked for 80 MB; a program may have 64 MB | 67,108,864",
      "you | kill bob:pingd",
      "bob:pingd | killed | 5,120 fuel",
      "s1.2 | is forwarding",
      "scenario | step first-ping | alice sends an echo request",
      "scenario | check replies failed | no echo reply within 1 s",
    ]);
  });

  test("keeps a kind it does not know by its name", () => {
    const m = ok(batchOf([{ seq: 1, t: 0, k: "rebirth", text: "again" }]));
    expect(m).toMatchObject({ events: [{ kind: "other", name: "rebirth", text: "again" }], missed: 0 });
  });

  test("reads what is not in the capture", () => {
    const m = ok(fixture("state"));
    if (m.kind !== "state") throw new Error(m.kind);
    expect(m.capture).toEqual({ missing: 7, why: "the disk is full" });
  });

  test("reads a state", () => {
    const m = ok(fixture("state"));
    if (m.kind !== "state") throw new Error(m.kind);
    expect(m.procs.map((p) => p.state)).toEqual(["sleeping", "sleeping", "exited"]);
    expect(m.procs[2]?.exit).toEqual({ code: 2, how: "exit", why: "no reply" });
    expect(Object.entries(m.ifaces[0]?.counters ?? {})[0]).toEqual(["ipackets", 12]);
    expect(m.ifaces[0]).toMatchObject({ kind: "tap", mtu: 1500, addresses: [] });
    expect(m.procs.map((p) => p.ppid)).toEqual([0, 1, 0]);
    expect(m.nodes?.[0]?.routes).toEqual([
      { to: "0.0.0.0/0", via: "10.0.0.9", dev: "em0", flags: "UGS" },
      { to: "10.0.0.0/24", via: "", dev: "em0", flags: "U" },
    ]);
  });

  test("reads replies and what a decode gave", () => {
    const m = ok(fixture("reply-ok"));
    if (m.kind !== "reply" || !m.ok) throw new Error("no good reply");
    const fields = decodeFields(m.result);
    if (!fields.ok) throw new Error(fields.error);
    const icmp = fields.value.fields.find((f) => f.name === "icmp");
    const sum = icmp?.fields.find((f) => f.name === "icmp.checksum");
    expect(sum).toMatchObject({ label: "Checksum", bad: "should be 0xecbd", off: 36 });
    const exec = ok(fixture("reply-exec"));
    expect(exec.kind === "reply" && decodeExec(exec.result)).toEqual({ ok: true, value: "ping.3" });
    const text = ok(fixture("reply-text"));
    if (text.kind !== "reply" || !text.ok) throw new Error("no good reply");
    expect(decodeTextParts(text.result)).toEqual({
      ok: true,
      value: {
        parts: [
          { fd: 1, text: "line 101\nline 102\n" },
          { fd: 2, text: "pingd: no answer\n" },
        ],
        next: 3513,
        missed: 0,
      },
    });
    expect(ok(fixture("reply-error"))).toMatchObject({ ok: false, id: 8 });
    expect(ok(fixture("bye"))).toMatchObject({ kind: "bye" });
  });

  test.each<[string, unknown, string]>([
    ["no object", 7, "message is 7, not an object"],
    ["unknown type", { type: "hi" }, 'unknown type "hi"'],
    ["another protocol", { type: "hello", protocol: 1 }, "speaks protocol 3 and the server 1"],
    ["a seq that is a text", batchOf([{ seq: "1", t: 0, k: "log" }]), 'events.events[0].seq is "1", not a number'],
    ["data that is not hex", batchOf([{ seq: 1, t: 0, k: "frame", n: 0, data: "xyz0" }]), "data is not hex"],
    [
      "a frame that is as another which is not there",
      batchOf([
        { seq: 1, t: 0, k: "frame", n: 0, data: "00" },
        { seq: 2, t: 0, k: "frame", n: 0, as: 3 },
      ]),
      "as is 3, and no event before has that number",
    ],
    ["events without their number", { type: "events", from: 1, next: 2, events: [] }, "events.n is missing"],
    ["parts that are no list", partsOf({}), "events.parts is not a list"],
    ["a part without rows", partsOf([{ seq: 1, t: 0, shapes: [] }]), "parts[0].rows is not a list"],
    [
      "a row of a shape there is not",
      partsOf([{ seq: 1, t: 0, shapes: [], rows: [[2, 0, 0]] }]),
      "has the shape 2, and there are 0",
    ],
    ["a shape that is no list", partsOf([{ seq: 1, t: 0, shapes: [{}], rows: [] }]), "shapes[0] is not a list"],
    ["a shape of numbers", partsOf([{ seq: 1, t: 0, shapes: [[{}, 3]], rows: [] }]), "shapes[0][1] is 3"],
    [
      "a row that ends early",
      partsOf([{ seq: 1, t: 0, shapes: [[{ k: "log" }, "text"]], rows: [[0, 0, 0]] }]),
      "rows[0] ends before its text",
    ],
    [
      "a row without a time",
      partsOf([{ seq: 1, t: 0, shapes: [[{ k: "log" }]], rows: [[0, 0]] }]),
      "rows[0] has what is no number",
    ],
    [
      "a frame without a summary",
      partsOf([{ seq: 1, t: 0, shapes: [[{ k: "frame" }]], rows: [[0, 0, 0, ["00"]]] }]),
      "rows[0]'s summary is not a list",
    ],
    ["an unknown process state", stateOf({ procs: [procOf({ state: "dreaming" })] }), '"dreaming", not one of'],
    [
      "an interface of a kind there is not",
      stateOf({ ifaces: [{ port: "a:gre0", kind: "gre" }] }),
      'kind is "gre", not one of',
    ],
    ["a rate there is not", stateOf({ rate: 3 }), "state.rate is 3"],
  ])("refuses %s with a sentence", (_, raw, want) => {
    const got = decode(raw);
    expect(got.ok ? "accepted" : got.error).toContain(want);
  });

  test("refuses what is not JSON, and trees without end", () => {
    expect(decodeText("{").ok).toBe(false);
    let f: unknown = {};
    for (let i = 0; i < 40; i++) f = { fields: [f] };
    expect(decodeFields(f).ok).toBe(false);
  });
});

const partsOf = (parts: unknown): unknown => ({ ...batchOf([]), parts });

test("events in short are those that they stand for", () => {
  const got = decode(
    partsOf([
      {
        seq: 10,
        t: 1000,
        shapes: [
          [{ k: "call", node: "bob", op: "read" }, "n", "-began", "frame"],
          [{}],
          [{ k: "log", node: "bob" }, "text"],
        ],
        rows: [
          [0, 0, 5, 4, 3, 7, ["00ff", ["ARP", "", "", "who-has"], "raw", 4]],
          [2, 1, 6, "up"],
          { seq: 12, t: 1007, k: "log", node: "eve", text: "whole" },
          [0, 3, 8, 4, 0, 7, 0],
        ],
      },
    ]),
  );
  if (!got.ok || got.value.kind !== "events") throw new Error(got.ok ? got.value.kind : got.error);
  expect(got.value.events).toMatchObject([
    {
      kind: "call",
      seq: 10,
      at: 1005,
      node: "bob",
      op: "read",
      n: 4,
      began: 1002,
      frame: 7,
      data: "00ff",
      link: "raw",
      head: 4,
      sum: { proto: "ARP", info: "who-has" },
    },
    { kind: "log", seq: 11, at: 1006, node: "bob", text: "up" },
    { kind: "log", seq: 12, node: "eve", text: "whole" },
    { kind: "call", seq: 13, at: 1008, began: 1008, data: "00ff", as: 10 },
  ]);
});

test("encode writes the commands that the Go side reads", () => {
  const link = "ethernet";
  const raw = fixture("commands");
  if (!Array.isArray(raw)) throw new Error("commands.json is no list");
  const commands: readonly Command[] = [
    { op: "pause" },
    { op: "resume" },
    { op: "rate", rate: 10 },
    { op: "step" },
    { op: "start", node: "bob", proc: "pingd" },
    { op: "stop", node: "bob", proc: "pingd" },
    { op: "kill", node: "bob", proc: "pingd" },
    { op: "exec", node: "alice", line: "ping -c 3 10.0.0.2" },
    { op: "try", n: 2 },
    { op: "stdin", node: "bob", proc: "pingd", text: "hello\n" },
    { op: "decode", link, hex: raw[10].hex },
    { op: "text", node: "bob", proc: "pingd", from: 101, to: 3512 },
    { op: "port", port: "s1.2", link: "down" },
    { op: "vlan", port: "s1.2", access: 0, native: 1, trunk: "10,20-30" },
    { op: "impair", port: "s1.2", way: "out", words: ["delay 10ms", "loss 1%"] },
    { op: "plug", a: "s1.2", b: "bob:tap0", delay: 1e6 },
    { op: "unplug", port: "s1.2" },
    { op: "table", switch: "s1", vlan: -1 },
    {
      op: "match",
      filter: "arp.opcode == 1",
      frames: [{ link, hex: raw[10].hex, size: 0, at: 1_000_000, port: "alice:em0" }],
    },
  ];
  expect(commands.map((c, i) => JSON.parse(encode(i + 1, c)))).toEqual(raw);
  expect(JSON.parse(acknowledgement(7))).toEqual(fixture("ack"));
});
