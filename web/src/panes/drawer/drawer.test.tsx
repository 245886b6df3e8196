// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { procOf } from "../../../test/fixtures";
import { change, click, FakeLab, find, mount, testId, text } from "../../../test/lab";
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
