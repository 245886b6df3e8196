import { describe, expect, test } from "vitest";
import { inVLAN, treeWords } from "../src/core/row";

describe("facts of switches in words", () => {
  test.each([
    ["state", "forwarding", 0, "is forwarding"],
    ["role", "alternate", 0, "is an alternate port"],
    ["role", "root", 0, "is a root port"],
    ["root", "8000.025300010000", 20000, "s1 takes 8000.025300010000 for the root, at a cost of 20000"],
    ["flush", "", 3, "forgets what it learned here (3): the topology has changed"],
    ["short-age", "15s", 15, "addresses age after 15s: the topology has changed"],
    ["proposal", "sent", 0, "proposal sent"],
    ["topology-change", "detected", 0, "topology change detected"],
    ["guard", "a BPDU came in", 0, "a BPDU came in"],
  ])("%s %s", (op, text, n, want) => {
    expect(treeWords({ op, text, n, node: "s1" })).toBe(want);
  });
  test("a VLAN is named where there is one", () => {
    expect([inVLAN(0), inVLAN(10)]).toEqual(["", " in VLAN 10"]);
  });
});
