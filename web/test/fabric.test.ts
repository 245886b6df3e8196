import { expect, test } from "vitest";

import { CHANGES, colourOf, holdsBack, rootName, vlansOf } from "../src/core/fabric";
import { edgeId } from "../src/core/graph";
import { greet, initial, observe, type State } from "../src/core/state";
import { decode } from "../src/protocol/decode";
import type { PortState } from "../src/protocol/types";
import { fixture, observed, said, take } from "./fixtures";

const port = (over: object): PortState => {
  const all = observed({ switches: [{ switch: "s1", ports: [{ port: "s1.1", link: "up", ...over }] }] });
  const first = all.switches?.[0]?.ports[0];
  if (first === undefined) throw new Error("there is no port");
  return first;
};

function started(): State {
  const m = decode(fixture("hello"));
  if (!m.ok || m.value.kind !== "hello") throw new Error("the fixture is no hello");
  return greet(initial, m.value);
}

test("what is told of switches is taken in by difference", () => {
  let s = observe(
    started(),
    observed({
      switches: [
        {
          switch: "s1",
          now: { dialect: "standard", known: [{ vlan: 10, addresses: 2 }] },
          ports: [
            { port: "s1.1", link: "up", in: 1 },
            { port: "s1.2", link: "down" },
          ],
        },
      ],
    }),
  );
  s = observe(s, observed({ switches: [{ switch: "s1", ports: [{ port: "s1.1", link: "up", in: 2 }] }] }));
  expect(s.fabric.ports.get("s1.1")?.in).toBe(2);
  expect(s.fabric.ports.get("s1.2")?.link).toBe("down");
  expect(s.fabric.switches.get("s1")?.known).toEqual([{ vlan: 10, addresses: 2 }]);
  const same = observe(s, observed());
  expect(same.fabric).toBe(s.fabric);
});

test("a link that is plain again is not impaired any more", () => {
  let s = observe(started(), observed({ impaired: [{ port: "s1.1", words: ["loss 1%"] }] }));
  expect(s.fabric.impaired.get("s1.1")?.words).toEqual(["loss 1%"]);
  s = observe(s, observed({ impaired: [{ port: "s1.1" }] }));
  expect(s.fabric.impaired.size).toBe(0);
});

test("a cable that is unplugged goes, from its interface too, and is remembered with its delay", () => {
  const before = started();
  const [cut, stays] = before.topology.links;
  const s = observe(before, observed({ links: [stays] }));
  expect(s.topology.links).toEqual([stays]);
  expect(s.topology.nodes[0]?.ifaces[0]?.port).toBe("");
  expect(s.topology.nodes[1]?.ifaces[0]?.port).toBe("s1.2");
  expect([...s.fabric.unplugged]).toEqual([[edgeId(cut?.a ?? "", cut?.b ?? ""), 1_000_000]]);
  const again = observe(s, observed({ links: before.topology.links }));
  expect(again.topology.nodes[0]?.ifaces[0]?.port).toBe("s1.1");
  expect(again.fabric.unplugged.size).toBe(0);
});

test("the last changes of a tree are kept, so many of them", () => {
  const events = Array.from({ length: CHANGES + 3 }, (_, i) =>
    said("tree", { seq: i + 1, node: "s1", port: "s1.1", op: "state", text: `state ${i}` }),
  );
  const trees = take(started(), events).fabric.trees.get("s1") ?? [];
  expect(trees.length).toBe(CHANGES);
  expect(trees.at(-1)?.text).toBe(`state ${CHANGES + 2}`);
});

test.each([
  [{ access: 10 }, "10"],
  [{ native: 1, tagged: "10,20-22" }, "trunk 1, 10,20-22"],
  [{ native: 30, untagged: "10" }, "trunk 30, 10"],
  [{}, ""],
])("the VLANs of %o are %s", (over, want) => {
  expect(vlansOf(port(over))).toBe(want);
});

test.each([
  [{ state: "discarding" }, true],
  [{ state: "learning" }, true],
  [{ state: "forwarding" }, false],
  [{ state: "disabled", link: "down" }, false],
  [{ state: "discarding", link: "off" }, false],
])("a port that is %o holds back: %s", (over, want) => {
  expect(holdsBack(port(over))).toBe(want);
});

test("VLANs have colours, trunks have none, and a root its switch's name where that is known", () => {
  expect(colourOf(port({ access: 10 }), undefined)).toBe(10 % 6);
  expect(colourOf(undefined, port({ access: 7 }))).toBe(1);
  expect(colourOf(port({ tagged: "10" }), port({ tagged: "10" }))).toBeUndefined();
  const tree = { id: "1000.02", root: "1000.02", cost: 0, changing: false, changes: 0, changedAt: 0 };
  const s = observe(started(), observed({ switches: [{ switch: "s1", now: { dialect: "standard", tree } }] }));
  expect(rootName(s.fabric, "1000.02")).toBe("s1");
  expect(rootName(s.fabric, "2000.02")).toBe("2000.02");
});
