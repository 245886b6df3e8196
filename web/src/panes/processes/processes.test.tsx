// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { procOf } from "../../../test/fixtures";
import { click, FakeLab, find, mount, testId, text } from "../../../test/lab";
import { processes } from "./pane";

describe("the processes", () => {
  test("are listed with who started them, those that live first, and can be stopped", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <processes.component node="alice" proc={undefined} iface={undefined} />);
    lab.events(
      { k: "start", node: "alice", proc: "family.3", pid: 3, text: "family" },
      { k: "start", node: "alice", proc: "kid.4", pid: 4, text: "kid" },
      { k: "call", node: "alice", proc: "family.3", pid: 3, op: "spawn", n: 4 },
      { k: "start", node: "alice", proc: "ls.5", pid: 5, text: "ls" },
      { k: "exit", node: "alice", proc: "ls.5", pid: 5, op: "exit", n: 2, text: "no such file" },
    );
    lab.state({
      procs: [procOf({ proc: "family.3", pid: 3 }), procOf({ proc: "kid.4", pid: 4, ppid: 3, wchan: "ttyin" })],
    });
    const rows = [...testId(root, "procs").querySelectorAll("tbody tr")];
    expect(rows.map(text)).toEqual([
      "3family.3the promptsleeping0 %stopkill",
      "4kid.4family.3sleeping on ttyin0 %stopkill",
      "pingthe labnot started",
      "5ls.5the promptexited 2",
    ]);
    expect(processes.badge?.(lab.session, "alice")).toBe(" +2");
    click(find(root, "tr[data-alive=true]:nth-child(2) button[title=SIGTERM]"));
    expect(lab.waiting).toMatchObject([{ op: "stop", node: "alice", proc: "kid.4" }]);
    click(find(root, "tr:nth-child(1) button.plain"));
    expect([lab.session.selection.tab.value, lab.session.selection.thing.value]).toEqual([
      "calls",
      { kind: "proc", node: "alice", proc: "family.3" },
    ]);
  });
});
