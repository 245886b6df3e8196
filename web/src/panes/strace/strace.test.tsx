// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { click, FakeLab, find, mount, testId, text } from "../../../test/lab";
import { strace } from "./pane";

const of = { node: "bob", proc: "pingd", pid: 2 };

describe("the strace", () => {
  test("has a line a call, with the fuel between them, and leads to the row and to a child", () => {
    const lab = new FakeLab("a");
    const spec = { name: "pingd", argv: [], slot: true, program: "" };
    const root = mount(lab, <strace.component node="bob" proc={spec} iface={undefined} />);
    expect(text(root)).toContain("No system call yet. Each call of pingd");
    lab.events(
      { k: "start", ...of, text: "pingd.wasm" },
      { k: "call", ...of, op: "open", path: "/dev/tap0", n: 4, fuel: 1204, text: "O_RDWR" },
      { k: "start", node: "bob", proc: "ifconfig.3", pid: 3, text: "ifconfig" },
      { k: "call", ...of, op: "spawn", n: 3, fuel: 1500, text: '["ifconfig"], [0 1 2]' },
      { k: "call", ...of, op: "read", fd: 4, path: "/dev/tap0", len: 2048, n: -1, errno: "EWOULDBLOCK", fuel: 1600 },
    );
    expect([...root.querySelectorAll(".traceline")].map(text)).toEqual([
      expect.stringMatching(/started as process 2: pingd\.wasm/),
      expect.stringMatching(/\+1,204open\("\/dev\/tap0", O_RDWR\) = 4/),
      expect.stringMatching(/\+296spawn\(.*\) = 3ifconfig\.3/),
      expect.stringMatching(/\+100read\(4<\/dev\/tap0>, 2048\) = -1 EWOULDBLOCK/),
    ]);
    click(find(root, ".child"));
    expect(lab.session.selection.thing.value).toEqual({ kind: "proc", node: "bob", proc: "ifconfig.3" });
    click(root.querySelectorAll(".traceline button")[1] ?? root);
    expect(lab.session.selection.n.value).toBe(1);
    expect(testId(root, "calls").getAttribute("aria-label")).toBe("System calls of pingd");
  });
});
