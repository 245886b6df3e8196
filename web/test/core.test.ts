import { describe, expect, test } from "vitest";
import { parseBrief } from "../src/core/brief";
import { fieldAt, fieldByPath, fieldLines, lifted, parents } from "../src/core/fields";
import { Flight, PER_LINK, SEEN } from "../src/core/flight";
import { bytes, count, exactSeconds, grouped, percent, seconds, span } from "../src/core/format";
import { crossed, graph, layout, overlap, spread, tunnels } from "../src/core/graph";
import { hexLines, parseHex } from "../src/core/hex";
import { printable } from "../src/core/inert";
import { plan } from "../src/core/plan";
import { readScenarios } from "../src/core/scenarios";
import { atEnd, reveal, visible } from "../src/core/viewport";
import type { Event, Field, IfaceStatus, Topology } from "../src/protocol/types";
import { said } from "./fixtures";

describe("format", () => {
  const thin = (s: string): string => s.replaceAll("\u202f", "_");
  test.each<[string, string, string]>([
    ["seconds", seconds(12_004_318_000), "12.004_318"],
    ["seconds, long", seconds(3_600_000_001_000_000), "3,600,000.001_000"],
    ["exact seconds", exactSeconds(12_004_318_010), "12.004_318_010"],
    ["fuel", grouped(4_112), "4,112"],
    ["fuel, short", grouped(999), "999"],
    ["ns", span(10), "10 ns"],
    ["µs", span(1_500), "1.5 µs"],
    ["ms", span(1_000_000), "1 ms"],
    ["s", span(2_500_000_000), "2.5 s"],
    ["nearly a second", span(999_982_000), "1 s"],
    ["nearly a millisecond", span(999_600), "1 ms"],
    ["one byte", bytes(1), "1 byte"],
    ["a megabyte", bytes(3_145_728), "3.1 MB"],
    ["a little is not nothing", percent(0.001), "< 1 %"],
    ["nearly all is not all", percent(0.996), "99 %"],
    ["all", percent(1), "100 %"],
    ["one row", count(1, "row"), "1 row"],
    ["rows", count(1_234, "row"), "1,234 rows"],
    ["control characters", printable("a\u001b[1mb\nc\u202e"), "a·[1mb⏎c·"],
  ])("%s", (_, got, want) => {
    expect(thin(got)).toBe(want);
  });
});

const ping: Topology = {
  nodes: [
    {
      name: "alice",
      dialect: "freebsd",
      procs: [],
      ifaces: [{ name: "em0", kind: "nic", mac: "", addresses: [], port: "s1.1" }],
    },
    {
      name: "bob",
      dialect: "netbsd",
      procs: [],
      ifaces: [{ name: "tap0", kind: "tap", mac: "", addresses: [], port: "s1.2" }],
    },
  ],
  switches: [{ name: "s1", ports: ["s1.1", "s1.2"] }],
  links: [{ a: "alice:em0", b: "s1.1", delay: 1_000_000 }],
  doors: [],
};

describe("graph", () => {
  test("an interface in a port is a line, with or without a link", () => {
    expect(graph(ping).edges.map((e) => [e.id, e.from, e.to, e.delay])).toEqual([
      ["alice:em0|s1.1", "alice", "s1", 1_000_000],
      ["bob:tap0|s1.2", "bob", "s1", 0],
    ]);
  });
  test("a chain hangs on the longer side", () => {
    const g = graph(ping);
    const tall = layout(g, 400, 600, { x: 100, y: 50 });
    expect([...tall]).toEqual([
      ["alice", { x: 200, y: 50 }],
      ["s1", { x: 200, y: 300 }],
      ["bob", { x: 200, y: 550 }],
    ]);
    expect(layout(g, 900, 300, { x: 100, y: 50 }).get("s1")).toEqual({ x: 450, y: 150 });
  });
  test("many nodes stay in the box, apart from each other, always in the same place", () => {
    const many: Topology = {
      nodes: Array.from({ length: 12 }, (_, i) => ({
        name: `n${i}`,
        dialect: "",
        procs: [],
        ifaces: [{ name: "em0", kind: "nic" as const, mac: "", addresses: [], port: `s${i % 2}.${i}` }],
      })),
      switches: [0, 1].map((k) => ({
        name: `s${k}`,
        ports: [...Array.from({ length: 12 }, (_, i) => `s${k}.${i}`), `s${k}.up`],
      })),
      links: [{ a: "s0.up", b: "s1.up", delay: 0 }],
      doors: [],
    };
    const a = layout(graph(many), 1000, 800, { x: 50, y: 50 });
    expect(layout(graph(many), 1000, 800, { x: 50, y: 50 })).toEqual(a);
    const all = [...a.values()];
    expect(all.length).toBe(14);
    for (const p of all) expect(p.x >= 50 && p.x <= 950 && p.y >= 50 && p.y <= 750).toBe(true);
    const gaps = all.flatMap((p, i) => all.slice(i + 1).map((q) => Math.hypot(p.x - q.x, p.y - q.y)));
    expect(Math.min(...gaps)).toBeGreaterThan(40);
  });
  test("nodes without a link stand in a row", () => {
    const lone: Topology = { nodes: ping.nodes.map((n) => ({ ...n, ifaces: [] })), switches: [], links: [], doors: [] };
    expect([...layout(graph(lone), 400, 600, { x: 100, y: 50 }).values()].map((p) => p.x)).toEqual([200, 200]);
  });
  test("boxes on top of each other are pushed apart, inside the room, as far as it goes", () => {
    const pile = Array.from({ length: 6 }, (_, i) => ({ x: 100 + i, y: 100, w: 80, h: 40 }));
    const apart = spread(pile, { w: 400, h: 400 }, 10);
    expect(overlap(pile, 0)).toBe(true);
    expect(overlap(apart, 5)).toBe(false);
    for (const b of apart) expect(b.x >= 0 && b.x + b.w <= 400 && b.y >= 0 && b.y + b.h <= 400).toBe(true);
    expect(overlap(spread(pile, { w: 90, h: 90 }, 10), 5)).toBe(true);
    // The middle one of three in a row gives way to the line between the others.
    const row = [0, 1, 2].map((i) => ({ x: 20 + i * 120, y: 190, w: 40, h: 20 }));
    const clear = spread(row, { w: 400, h: 400 }, 10, [[0, 2]]);
    expect(Math.abs((clear[1]?.y ?? 0) - 190)).toBeGreaterThanOrEqual(19);
    expect([crossed(row, [[0, 2]]), crossed(clear, [[0, 2]])]).toEqual([true, false]);
    expect([clear[0], clear[2]]).toEqual([row[0], row[2]]);
    const far = [
      { x: 0, y: 0, w: 10, h: 10 },
      { x: 100, y: 0, w: 10, h: 10 },
    ];
    expect(spread(far, { w: 400, h: 400 }, 10)).toEqual(far);
  });
  test("tuns that are each other's peers are a tunnel", () => {
    const tun = (port: string, ...addresses: string[]): IfaceStatus => ({
      port,
      kind: port.includes("tun") ? "tun" : "nic",
      mac: "",
      mtu: 1500,
      addresses,
      flags: [],
      link: "up",
      qlen: 0,
      qmax: 50,
      counters: {},
    });
    expect(
      tunnels([
        tun("west:tun0", "10.8.0.1 --> 10.8.0.2"),
        tun("west:em0", "10.8.0.2/24"),
        tun("north:tun0", "10.9.0.1 --> 10.8.0.2"),
        tun("east:tun0", "fe80::1/64", "10.8.0.2 --> 10.8.0.1"),
      ]),
    ).toEqual([["west:tun0", "east:tun0"]]);
  });
  test("an empty topology has no places", () => {
    expect(layout(graph({ nodes: [], switches: [], links: [], doors: [] }), 100, 100, { x: 1, y: 1 }).size).toBe(0);
  });
});

describe("a plan", () => {
  test("of a thousand nodes stands in rows, within the room, without two in one place", () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => ({
      name: `h${i}`,
      dialect: "freebsd",
      procs: [],
      ifaces: [
        { name: "em0", kind: "nic" as const, mac: "", addresses: [], port: `s${i % 50}.${1 + Math.floor(i / 50)}` },
      ],
    }));
    const switches = Array.from({ length: 50 }, (_, i) => ({
      name: `s${i}`,
      ports: Array.from({ length: 20 }, (_, k) => `s${i}.${k + 1}`),
    }));
    const g = graph({ nodes, switches, links: [], doors: [] });
    const size = { w: 400, h: 300 };
    const { boxes, ends, zoom } = plan(g, new Map(nodes.map((n) => [n.name, 58])), size);
    expect([boxes.size, ends.size]).toEqual([1050, 1000]);
    const places = new Set<string>();
    for (const b of boxes.values()) {
      places.add(`${b.x} ${b.y}`);
      expect(b.x >= 0 && b.y >= 0 && b.x + b.w <= size.w * zoom && b.y + b.h <= size.h * zoom).toBe(true);
    }
    expect(places.size).toBe(1050);
    // Those of a switch follow it.
    const [s0, h0] = [boxes.get("s0"), boxes.get("h0")];
    expect(h0?.y).toBeCloseTo((s0?.y ?? 0) - 9, 0);
  });
});

describe("flight", () => {
  const frame = (seq: number, port: string, peer: string, delay = 1_000_000): Event =>
    said("frame", { seq, port, peer, n: delay, frame: 1 });
  const owner = (port: string): string => port.split(/[.:]/)[0] ?? "";
  test("a short delay is seen for 250 ms, a long one for its own time", () => {
    const f = new Flight(owner);
    f.add([frame(1, "a:em0", "s.1"), frame(2, "b:em0", "s.2", 2_000_000_000)], 0, 1);
    expect(f.at(0).map((d) => d.end)).toEqual([SEEN, 2000]);
    expect(f.at(SEEN).map((d) => d.seq)).toEqual([2]);
  });
  test("what a frame causes leaves when the frame has arrived", () => {
    const f = new Flight(owner);
    f.add([frame(1, "a:em0", "s.1"), frame(2, "s.2", "b:em0")], 0, 1);
    expect(f.at(10).map((d) => d.seq)).toEqual([1]);
    expect(f.at(SEEN + 10).map((d) => d.seq)).toEqual([2]);
  });
  test("a flood is capped on each link, and counted", () => {
    const f = new Flight(owner);
    f.add(
      Array.from({ length: 1000 }, (_, i) => frame(i + 1, "a:em0", "s.1")),
      0,
      1,
    );
    expect(f.at(1).length).toBe(PER_LINK);
    expect(f.skipped).toBe(1000 - PER_LINK);
    expect(f.busy(500)).toBe(true);
    expect(f.at(10_000).length).toBe(0);
    expect(f.idle).toBe(true);
    f.add([frame(2000, "a:em0", "s.1")], 10_000, 1);
    expect(f.at(10_000).length).toBe(1);
  });
});

describe("viewport", () => {
  test("draws what is in sight and a little more", () => {
    expect(visible(2200, 440, 22, 0, 1000, 5)).toEqual({ from: 95, to: 125 });
    expect(visible(0, 440, 22, 500, 3, 5)).toEqual({ from: 500, to: 503 });
    expect(visible(99_999, 440, 22, 0, 10)).toEqual({ from: 10, to: 10 });
  });
  test("the end is in sight, or not", () => {
    expect(atEnd(560, 440, 1000, 22)).toBe(true);
    expect(atEnd(500, 440, 1000, 22)).toBe(false);
  });
  test("reveal moves no more than it must", () => {
    expect(reveal(100, 220, 22, 6)).toBe(100);
    expect(reveal(100, 220, 22, 0)).toBe(0);
    expect(reveal(0, 220, 22, 10)).toBe(22);
  });
});

describe("bytes and fields", () => {
  const f = (off: number, len: number, fields: readonly Field[] = []): Field => ({
    name: "",
    label: "",
    value: "",
    text: "",
    off,
    len,
    bad: "",
    filter: "",
    fields,
  });
  const tree = [f(0, 14, [f(0, 6), f(6, 6), f(12, 2)]), f(14, 20, [f(14, 1, [f(14, 1)])])];
  test("a byte's field is the smallest that covers it", () => {
    expect(fieldAt(tree, 7)).toBe("0.1");
    expect(fieldAt(tree, 14)).toBe("1.0.0");
    expect(fieldAt(tree, 20)).toBe("1");
    expect(fieldAt(tree, 99)).toBeUndefined();
  });
  test("what is under a closed field is not listed", () => {
    expect(fieldLines(tree, new Set(["0"])).map((l) => l.path)).toEqual(["0", "1", "1.0", "1.0.0"]);
    expect(fieldByPath(tree, "1.0")?.off).toBe(14);
    expect(fieldByPath(tree, "7.0")).toBeUndefined();
    expect(parents("1.0.0")).toEqual(["1", "1.0"]);
  });
  test("hex goes into lines", () => {
    const lines = hexLines(parseHex("00417fff"), 3);
    expect(lines.map((l) => [l.off, ...l.cells.map((c) => c.hex + c.ascii)])).toEqual([
      ["0000", "00.", "41A", "7f."],
      ["0003", "ff."],
    ]);
  });
});

test("a brief becomes blocks, and HTML in it stays text", () => {
  expect(parseBrief("# A `b`\n\none **two**\nthree\n\n- x\n  y\n- z\n\n```\n<b>\n```\n<script>")).toEqual([
    {
      kind: "heading",
      spans: [
        { kind: "text", text: "A " },
        { kind: "code", text: "b" },
      ],
    },
    {
      kind: "paragraph",
      spans: [
        { kind: "text", text: "one " },
        { kind: "strong", text: "two" },
        { kind: "text", text: " three" },
      ],
    },
    { kind: "list", items: [[{ kind: "text", text: "x y" }], [{ kind: "text", text: "z" }]] },
    { kind: "code", text: "<b>" },
    { kind: "paragraph", spans: [{ kind: "text", text: "<script>" }] },
  ]);
});

describe("tun packets", () => {
  test("what stands before a packet is a field, and the others move behind it", () => {
    const f = (off: number, fields: readonly Field[] = []): Field => ({
      name: "ip",
      label: "",
      value: "",
      text: "",
      off,
      len: 4,
      bad: "",
      filter: "",
      fields,
    });
    const got = lifted([f(0, [f(2)])], 4, "0000000245000014");
    expect(got[0]).toMatchObject({ label: "Address family", text: "AF_INET", off: 0, len: 4 });
    expect([got[1]?.off, got[1]?.fields[0]?.off]).toEqual([4, 6]);
  });
});

test("labs are offered in the order of the course, then by name; nonsense is left out", () => {
  const raw = [
    { name: "vpn", title: "A tunnel" },
    { name: "ping", title: "Pings", course: 3 },
    { name: "dhcp" },
    { name: "arp", title: "ARP", course: 2 },
    { title: "nameless" },
    7,
  ];
  expect(readScenarios(raw).map((s) => `${s.course} ${s.name}: ${s.title}`)).toEqual([
    "2 arp: ARP",
    "3 ping: Pings",
    "0 dhcp: dhcp",
    "0 vpn: A tunnel",
  ]);
  expect(readScenarios({ error: "no" })).toEqual([]);
});

test("what a brief indents is code", () => {
  expect(parseBrief("Run\n\n    make\n\n      test\n\nand\n- a\n    b\n")).toEqual([
    { kind: "paragraph", spans: [{ kind: "text", text: "Run" }] },
    { kind: "code", text: "make\n\n  test" },
    { kind: "paragraph", spans: [{ kind: "text", text: "and" }] },
    { kind: "list", items: [[{ kind: "text", text: "a b" }]] },
  ]);
});
