// Who gets a line that is typed, and how often the page is drawn.
import { describe, expect, test } from "vitest";
import { Pace, READ_EVERY } from "../src/core/pace";
import { fresh, goesTo, noticed, ran, remembered } from "../src/core/terminal";
import type { ProcStatus } from "../src/protocol/types";

function proc(name: string, pid: number, wchan: string, ppid = 0): ProcStatus {
  return {
    node: "alice",
    proc: name,
    pid,
    ppid,
    state: "sleeping",
    wchan,
    fuel: 0,
    cpu: 0,
    memory: 0,
    program: name,
    dropped: 0,
    exit: undefined,
  };
}
const all = (): boolean => true;

describe("a prompt stays a prompt", () => {
  test.each<[string, readonly ProcStatus[], string]>([
    ["while a program prints", [proc("ping.1", 3, "select")], ""],
    ["until it reads what is typed", [proc("ping.1", 3, "ttyin")], "ping.1"],
    [
      "or one that it started does",
      [proc("ping.1", 3, "wait"), proc("sh.2", 4, "wait", 3), proc("cat.3", 5, "ttyin", 4)],
      "ping.1",
    ],
    ["but not another's", [proc("ping.1", 3, "select"), proc("cat.9", 9, "ttyin")], ""],
    ["nor when it is not there", [proc("cat.9", 9, "ttyin")], ""],
    [
      "nor in a family without an end",
      [proc("ping.1", 3, "select", 3), proc("a.1", 4, "ttyin", 5), proc("b.1", 5, "", 4)],
      "",
    ],
  ])("%s", (_, procs, want) => {
    expect(goesTo(noticed(ran(fresh, "ping.1"), procs), all)).toBe(want);
  });

  test("a program that has read keeps the lines while it works on one, and until it ends", () => {
    const t = noticed(noticed(ran(fresh, "cat.1"), [proc("cat.1", 3, "ttyin")]), [proc("cat.1", 3, "")]);
    expect(goesTo(t, all)).toBe("cat.1");
    expect(goesTo(t, () => false)).toBe("");
    expect(goesTo(ran(t, "ping.2"), all)).toBe("");
  });

  test("what the person chooses goes before", () => {
    const t = noticed(ran(fresh, "cat.1"), [proc("cat.1", 3, "ttyin")]);
    expect(goesTo({ ...t, target: "" }, all)).toBe("");
    expect(goesTo({ ...t, target: "pingd" }, all)).toBe("pingd");
    expect(goesTo({ ...t, target: "pingd" }, (p) => p !== "pingd")).toBe("cat.1");
  });

  test("lines are remembered once each, the newest 50", () => {
    let t = fresh;
    for (let i = 0; i < 80; i++) t = remembered(remembered(t, `ping ${i}`), " ");
    t = remembered(t, "ping 40");
    expect([t.history.length, t.history.at(-1), t.history[0]]).toEqual([50, "ping 40", "ping 30"]);
  });
});

describe("pace", () => {
  test("drawing comes as often as people read, and less often where frames are late", () => {
    const p = new Pace();
    let now = 10_000;
    const frames = (n: number, ms: number): void => {
      for (let i = 0; i < n; i++) {
        now += ms;
        p.frame(now, true);
      }
    };
    p.frame(now, false);
    frames(5, 16);
    expect(p.every).toBe(READ_EVERY);
    expect(p.due(now)).toBe(true);
    p.drew(now);
    expect(p.due(now + 99)).toBe(false);
    expect(p.due(now + 100)).toBe(true);
    frames(20, 90);
    expect(p.every).toBe(500);
    p.drew(now);
    expect(p.due(now + 400)).toBe(false);
    frames(100, 16);
    expect(p.every).toBe(READ_EVERY);
  });
  test("frames that are far apart because there is nothing to do are not late", () => {
    const p = new Pace();
    p.frame(1, false);
    for (let t = 100; t < 5000; t += 100) p.frame(t, false);
    expect(p.every).toBe(READ_EVERY);
  });
  test("who has asked for something sees what comes of it at once, for a while", () => {
    const p = new Pace();
    p.drew(1000);
    p.hurry(1010, 500);
    expect(p.due(1020)).toBe(false);
    expect(p.due(1032)).toBe(true);
    p.drew(1500);
    expect(p.due(1540)).toBe(false);
  });
});
