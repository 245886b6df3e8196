// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { procOf } from "../../../test/fixtures";
import { change, click, FakeLab, find, mount, submit, testId, text, type } from "../../../test/lab";
import { drawer } from "./pane";

describe("the drawer", () => {
  test("shows the program that is one's own, its views, and what one can do to it", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <drawer.component />);
    expect(text(find(root, "h2"))).toBe("bob: pingd");
    expect([...root.querySelectorAll("[role=tab]")].map(text)).toEqual(["console", "strace", "processes", "network"]);
    click(testId(root, "start"));
    expect(await lab.answer("it has no program")).toMatchObject({ op: "start", node: "bob", proc: "pingd" });
    expect(lab.session.notice.value).toBe("It has no program");
    lab.state({ procs: [procOf({ node: "bob", proc: "pingd", pid: 2, fuel: 4112, cpu: 0.5, memory: 2e6 })] });
    expect(text(testId(root, "proc-state"))).toBe("sleeping");
    expect(text(testId(root, "cpu"))).toContain("50 %");
    click(testId(root, "kill"));
    expect(lab.waiting).toMatchObject([{ op: "kill", node: "bob", proc: "pingd" }]);
    click(testId(root, "tab-network"));
    expect(text(testId(root, "network"))).toContain("Interfaces");
  });

  test("shows a switch and a link, and what went through them", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <drawer.component />);
    lab.events(
      { k: "frame", port: "alice:em0", peer: "s1.1", frame: 1, data: "00ff" },
      { k: "learn", node: "s1", port: "s1.1", text: "02:00:00:00:00:0a" },
    );
    change(() => lab.session.selection.pick({ kind: "switch", name: "s1" }));
    expect(text(root)).toContain("switch s1");
    expect(text(find(root, 'dl[aria-label="Learned addresses"]'))).toBe("02:00:00:00:00:0aat s1.1");
    const [edge] = lab.session.graph.value.edges;
    change(() => lab.session.selection.pick({ kind: "link", id: edge?.id ?? "" }));
    expect(text(root)).toMatch(/link alice:em0 – s1\.1delay, each way1 msalice:em0 → s1\.11 frame, 2 bytes/);
  });

  test("shows what ports of a switch are, its tree and its table, and sends what one does to a port", async () => {
    const lab = new FakeLab("a");
    lab.session.selection.pick({ kind: "switch", name: "s1" });
    const root = mount(lab, <drawer.component />);
    const tree = {
      id: "8000.01",
      root: "1000.02",
      cost: 20000,
      rootPort: "s1.1",
      changing: true,
      changes: 2,
      changedAt: 3e9,
    };
    const blocked = { port: "s1.2", link: "up", state: "discarding", role: "alternate", native: 1, tagged: "10,20" };
    lab.state({
      switches: [
        {
          switch: "s1",
          now: { dialect: "standard", tree, known: [{ vlan: 10, addresses: 1 }] },
          ports: [
            {
              port: "s1.1",
              link: "up",
              state: "forwarding",
              role: "root",
              access: 10,
              in: 12,
              out: 7,
              dropped: [{ why: "blocked", n: 3 }],
            },
            blocked,
          ],
        },
      ],
    });
    lab.events({ k: "tree", node: "s1", port: "s1.2", op: "role", text: "alternate" });
    expect([...testId(root, "ports").querySelectorAll("tbody tr")].map(text)).toEqual([
      "s1.1alice:em0root, forwarding101273",
      "s1.2bob:tap0alternate, discardingtrunk 1, 10,20000",
    ]);
    expect(text(testId(root, "tree"))).toContain("by s1.1, at a cost of 20,000");
    expect(text(testId(root, "tree"))).toContain("2, the last at 3");
    expect(text(find(root, 'dl[aria-label="Last changes"]'))).toContain("s1.2 is an alternate port");
    click([...testId(root, "ports").querySelectorAll("button")][1] as Element);
    click(testId(root, "port-power"));
    expect(await lab.answer("there is no port")).toMatchObject({ op: "port", port: "s1.2", link: "down" });
    expect(lab.session.notice.value).toBe("There is no port");
    submit(testId(root, "vlans"));
    expect(await lab.answer()).toMatchObject({ op: "vlan", port: "s1.2", access: 0, native: 1, trunk: "10,20" });
    click(testId(root, "unplug"));
    expect(await lab.answer()).toMatchObject({ op: "unplug", port: "s1.2" });
    click(testId(root, "read-table"));
    const entry = { mac: "02:00:00:00:00:0a", vlan: 10, port: "s1.1", seen: 1e9, static: false };
    expect(await lab.answer({ entries: [entry], total: 1 })).toMatchObject({ op: "table", switch: "s1", vlan: -1 });
    expect(text(testId(root, "mac-table"))).toContain("02:00:00:00:00:0aat s1.1 in VLAN 10seen at 1");
    lab.state({ switches: [{ switch: "s1", ports: [{ ...blocked, link: "off", state: "disabled" }] }] });
    expect(text(testId(root, "port-power"))).toBe("switch on");
  });

  test("impairs a link each way, says what that did, unplugs it and plugs it in again", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <drawer.component />);
    const [edge] = lab.session.graph.value.edges;
    change(() => lab.session.selection.pick({ kind: "link", id: edge?.id ?? "" }));
    const [out] = [...root.querySelectorAll("form")];
    if (out === undefined) throw new Error("there is no form");
    type(find(out, "input"), "delay 10ms; loss 1%");
    submit(out);
    expect(await lab.answer("there is no word dely")).toMatchObject({
      op: "impair",
      port: "alice:em0",
      way: "out",
      words: ["delay 10ms", "loss 1%"],
    });
    expect(lab.session.notice.value).toBe("There is no word dely");
    const way = {
      port: "alice:em0",
      words: ["loss 1%"],
      stages: ["limit 1000 loss 1%"],
      entered: 200,
      lost: 3,
      came: 197,
      mean: 1e6,
      least: 1e6,
      longest: 2e6,
    };
    lab.state({ impaired: [way] });
    expect(text(testId(root, "impaired"))).toMatch(
      /meanslimit 1000 loss 1%entered200lost3 \(.*came out197, after 1 ms to 2 ms/,
    );
    click(testId(root, "unplug"));
    expect(await lab.answer()).toMatchObject({ op: "unplug", port: "alice:em0" });
    lab.state({ links: [{ a: "bob:tap0", b: "s1.2", delay: 0 }] });
    expect(text(find(root, "h2"))).toBe("This link is not there any more");
    click(testId(root, "plug"));
    expect(await lab.answer()).toMatchObject({ op: "plug", a: "alice:em0", b: "s1.1", delay: 1_000_000 });
  });

  test("a limit is said until it is read, an upload that is refused until it is dismissed", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <drawer.component />);
    lab.events({ k: "limit", node: "bob", proc: "pingd", op: "memory", text: "it may have 64 MB", n: 64 });
    expect(text(testId(root, "limit"))).toContain("pingd: limit memory: it may have 64 MB");
    click(find(testId(root, "limit"), "button"));
    expect(root.querySelector("[data-testid=limit]")).toBe(null);
    lab.upload = { ok: false, error: "notes.wasm is no WebAssembly" };
    await lab.session.programs.give("bob", "pingd", { name: "notes.wasm" });
    expect(text(testId(root, "upload-error"))).toContain("Notes.wasm is no WebAssembly");
    click(find(testId(root, "upload-error"), "button"));
    expect(root.querySelector("[data-testid=upload-error]")).toBe(null);
    lab.upload = { ok: true, value: "mine.wasm" };
    const given = lab.session.programs.give("bob", "pingd", { name: "mine.wasm" });
    while (lab.waiting.length === 0) await Promise.resolve();
    expect(await lab.answer()).toMatchObject({ op: "start" });
    await given;
    expect(lab.uploads).toEqual(["bob:pingd notes.wasm", "bob:pingd mine.wasm"]);
  });

  test("programs that came and went are chosen from", () => {
    const lab = new FakeLab("a");
    lab.session.selection.pick({ kind: "node", node: "alice" });
    const root = mount(lab, <drawer.component />);
    lab.events(
      { k: "start", node: "alice", proc: "ls.5", pid: 5, text: "ls" },
      { k: "exit", node: "alice", proc: "ls.5", pid: 5, op: "exit", n: 3, text: "" },
    );
    expect([...testId(root, "program").querySelectorAll("optgroup")].map((g) => `${g.label}: ${text(g)}`)).toEqual([
      "of the lab: ping",
      "ended: ls.5",
    ]);
    change(() => lab.session.selection.pick({ kind: "proc", node: "alice", proc: "ls.5" }));
    expect(text(testId(root, "proc-state"))).toBe("exited 3");
  });
});
