// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { fixture, procOf } from "../../../test/fixtures";
import { change, click, FakeLab, find, mount, press } from "../../../test/lab";
import { topology } from "./pane";

const labels = (root: Element): readonly (string | null)[] =>
  [...root.querySelectorAll("g[role=button]")].map((g) => g.getAttribute("aria-label"));

describe("the topology", () => {
  test("has links, switches, nodes, interfaces and programs as buttons", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <topology.component />);
    expect(labels(root)).toEqual([
      "link alice:em0 to s1.1, 1 ms",
      "link bob:tap0 to s1.2, no delay",
      "switch s1, 2 ports",
      "node alice, freebsd",
      "interface em0 of alice, 10.0.0.1/24",
      "program ping on alice: not started",
      "node bob, netbsd",
      "interface tap0 of bob, 02:00:00:00:00:0b",
      "program pingd on bob: not started",
    ]);
    click(find(root, 'g[aria-label^="switch s1"]'));
    expect(lab.session.selection.thing.value).toEqual({ kind: "switch", name: "s1" });
    press(find(root, 'g[aria-label^="link alice"]'), "Enter");
    expect(lab.session.selection.thing.value?.kind).toBe("link");
    expect(find(root, "g.on").getAttribute("aria-label")).toMatch(/^link alice/);
  });

  test("has doors, which say whether somebody is there", () => {
    const hello = fixture("hello") as { topology: object };
    const doors = ["1", "2", "3"].map((n) => ({ port: `s1.${n}`, kind: "stream" }));
    const lab = new FakeLab("a", { topology: { ...hello.topology, links: [], doors } });
    const root = mount(lab, <topology.component />);
    const door = { kind: "stream", in: 1, out: 2, dropped: {} };
    lab.state({
      doors: [
        { ...door, port: "s1.1", by: "a peer" },
        { ...door, port: "s1.2" },
        { ...door, port: "s1.3", shut: "so" },
      ],
    });
    const said = labels(root).filter((l) => l?.startsWith("door"));
    expect(said).toEqual(["door s1.1, stream: outside", "door s1.2, stream: nobody", "door s1.3, stream: shut"]);
    expect(root.querySelectorAll(".door.away").length).toBe(2);
    click(find(root, 'g[aria-label^="door s1.1"]'));
    expect(lab.session.selection.thing.value).toEqual({ kind: "link", id: "door:s1.1|s1.1" });
  });

  test("shows what runs, who spins, and processes beside the scenario's", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <topology.component />);
    const kids = [3, 4].map((pid) => procOf({ proc: `cat.${pid}`, pid }));
    lab.state({ procs: [procOf({ node: "bob", proc: "pingd", pid: 2, state: "running", cpu: 1 }), ...kids] });
    expect(labels(root)).toContain("program pingd on bob: CPU 100 %");
    click(find(root, 'g[aria-label="2 more processes on alice"]'));
    expect(lab.session.selection.tab.value).toBe("procs");
    lab.state({ procs: kids.slice(1) });
    click(find(root, 'g[aria-label="process cat.4 on alice: sleeping"]'));
    expect(lab.session.selection.thing.value).toEqual({ kind: "proc", node: "alice", proc: "cat.4" });
  });

  test("lights what the selected row is about", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <topology.component />);
    lab.events({ k: "frame", port: "alice:em0", peer: "s1.1", frame: 1, data: "00", sum: { proto: "ARP" } });
    change(() => lab.session.selection.select(0));
    const lit = [...root.querySelectorAll(".lit")].map((g) => g.getAttribute("aria-label")?.split(",")[0]);
    expect(lit.sort()).toEqual(["interface em0 of alice", "link alice:em0 to s1.1", "node alice", "switch s1"]);
    expect(root.querySelector(".legend")?.textContent).toBe("ARP");
  });

  test("draws what the ports at a link's ends are", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <topology.component />);
    const ports = [
      { port: "s1.1", link: "up", state: "discarding", role: "alternate", access: 10 },
      { port: "s1.2", link: "off", tagged: "10,20", native: 1 },
    ];
    lab.state({
      switches: [{ switch: "s1", ports }],
      impaired: [{ port: "alice:em0", words: ["delay 10ms loss 1%"] }],
    });
    expect(labels(root)).toContain("link alice:em0 to s1.1, 1 ms, discarding at s1.1, 10, delay 10ms loss 1%");
    expect(labels(root)).toContain("link bob:tap0 to s1.2, no delay, down, trunk 1, 10,20");
    expect(find(root, "g.held").classList.contains("vlan4")).toBe(true);
    expect(root.querySelectorAll("line.stop").length).toBe(1);
    expect(find(root, "g.down").classList.contains("trunk")).toBe(true);
    expect(root.querySelector(".legend")?.textContent).toBe("blocked by the spanning treedowntrunk");
  });

  test("joins two tuns that are each other's peers by a tunnel", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <topology.component />);
    const rest = { kind: "tun", link: "up", addresses: [], flags: [], qlen: 0, qmax: 50, counters: {} };
    lab.state({
      ifaces: [
        { ...rest, port: "alice:tun0", addresses: ["10.8.0.1 --> 10.8.0.2"] },
        { ...rest, port: "bob:tun0", addresses: ["10.8.0.2 --> 10.8.0.1"] },
      ],
    });
    expect(find(root, ".tunnel").textContent).toBe("tunnel alice:tun0 to bob:tun0");
    expect(labels(root)).toContain("interface tun0 of alice, 10.8.0.1 → 10.8.0.2, link up");
    lab.state();
    expect(root.querySelector(".tunnel")).toBe(null);
  });
});
