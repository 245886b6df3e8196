// A lab's session: two of them share nothing, and what changes of one node changes the
// signals of that node alone.
// @vitest-environment happy-dom
import { effect } from "@preact/signals";
import { describe, expect, test } from "vitest";
import { rowText } from "../src/core/row";
import { at, end } from "../src/core/rows";
import { procOf } from "./fixtures";
import { FakeLab, settled } from "./lab";

const newest = (lab: FakeLab): string => {
  const rows = lab.session.rows.value;
  const row = at(rows, end(rows) - 1);
  return row === undefined ? "" : rowText(row).what;
};

describe("two sessions", () => {
  test("have rows, selections, prompts and programs of their own", async () => {
    const [a, b] = [new FakeLab("a"), new FakeLab("b")];
    a.events(
      { k: "log", node: "alice", text: "of a" },
      { k: "console", node: "alice", proc: "ping", fd: 1, text: "hi\n" },
    );
    b.events({ k: "log", node: "alice", text: "of b" });
    a.state({ paused: true });
    expect([newest(a), newest(b)]).toEqual(["hi", "of b"]);
    expect([a.session.status.value?.paused, b.session.status.value?.paused]).toEqual([true, undefined]);
    a.session.selection.select(0);
    a.session.selection.pick({ kind: "switch", name: "s1" });
    expect([b.session.selection.n.value, b.session.selection.thing.value?.kind]).toEqual([undefined, "proc"]);
    expect([a.session.selection.following.value, b.session.selection.following.value]).toEqual([false, true]);
    void a.session.prompts.run("alice", "frobnicate");
    await a.answer("there is no such command");
    a.later();
    expect(a.session.node("alice").console.value.lines.length).toBe(3);
    expect(b.session.node("alice").console.value.lines.length).toBe(0);
    expect(b.session.prompts.of("alice").history).toEqual([]);
    expect(b.sent).toEqual([]);
    a.upload = { ok: false, error: "it is no WebAssembly" };
    await a.session.programs.give("bob", "pingd", { name: "x" });
    expect(a.session.programs.refused("bob", "pingd")).toBe("It is no WebAssembly");
    expect(b.session.programs.refused("bob", "pingd")).toBe(undefined);
  });

  test("one is disposed of: the other goes on, and nothing of the first comes any more", async () => {
    const [a, b] = [new FakeLab("a"), new FakeLab("b")];
    a.session.onFlight(() => {
      throw new Error("it flies");
    });
    a.say({ type: "events", n: 1, from: 1, next: 2, missed: 0, events: [] });
    const asked = a.session.ask({ op: "pause" });
    a.session.dispose();
    expect(await asked).toMatchObject({ ok: false });
    expect(a.closed).toBe(true);
    expect(a.pending).toBe(0);
    a.events({ k: "frame", port: "alice:em0", peer: "s1.1", frame: 1, data: "00" });
    expect(a.session.rows.value.length).toBe(0);
    expect(a.pending).toBe(0);
    b.events({ k: "log", node: "alice", text: "on" });
    expect(newest(b)).toBe("on");
    expect(b.closed).toBe(false);
  });
});

describe("fine signals", () => {
  const ping = procOf({ node: "alice", proc: "ping", pid: 1 });
  const counting = (f: () => unknown): { times: number } => {
    const seen = { times: -1 };
    effect(() => {
      f();
      seen.times++;
    });
    return seen;
  };

  test("a node's change when something of it does, and not with every message", () => {
    const lab = new FakeLab("a");
    const pingd = (fuel: number) => procOf({ node: "bob", proc: "pingd", pid: 2, fuel });
    lab.state({ procs: [ping, pingd(1)] });
    const alice = counting(() => lab.session.node("alice").now.value);
    const bob = counting(() => lab.session.node("bob").now.value);
    const console = counting(() => lab.session.node("alice").console.value);
    const topology = counting(() => lab.session.graph.value);
    for (let fuel = 2; fuel < 7; fuel++) {
      lab.state({ procs: [ping, pingd(fuel)] });
      lab.events({ k: "log", node: "bob", text: "again" });
    }
    expect([alice.times, bob.times, console.times, topology.times]).toEqual([0, 5, 0, 0]);
    lab.events({ k: "console", node: "alice", proc: "ping", fd: 1, text: "64 bytes\n" });
    expect([alice.times, bob.times, console.times]).toEqual([0, 5, 1]);
  });

  test("a link's change when something is sent there", () => {
    const lab = new FakeLab("a");
    lab.events();
    const [first, second] = lab.session.graph.value.edges;
    if (first === undefined || second === undefined) throw new Error("the fixture has two links");
    const one = counting(() => lab.session.link(first).a.value);
    const other = counting(() => lab.session.link(second).a.value);
    lab.events({ k: "frame", port: first.a, peer: first.b, frame: 1, data: "00ff" });
    expect([one.times, other.times]).toEqual([1, 0]);
    expect(lab.session.link(first).a.value).toEqual({ frames: 1, bytes: 2 });
  });

  test("many messages between two frames are drawn once", () => {
    const lab = new FakeLab("a");
    const rows = counting(() => lab.session.rows.value);
    for (let n = 1; n <= 20; n++)
      lab.say({ type: "events", n, from: n, next: n + 1, missed: 0, events: [{ seq: n, t: n, k: "log", node: "a" }] });
    expect(rows.times).toBe(0);
    lab.draw();
    expect([rows.times, lab.session.rows.value.length]).toEqual([1, 20]);
  });
});

describe("a lab that has just begun", () => {
  const woken = async (lab: FakeLab): Promise<FakeLab> => {
    lab.state();
    lab.session.wake();
    lab.later();
    await settled();
    return lab;
  };

  test("does something by its first button that works, if nothing moves by itself", async () => {
    const lab = await woken(new FakeLab("a"));
    expect(lab.waiting).toMatchObject([{ op: "try", n: 1 }]);
    await lab.answer("there is no program");
    await settled();
    expect(lab.waiting).toMatchObject([{ op: "try", n: 2 }]);
    await lab.answer({});
    await settled();
    expect(lab.session.tried.value?.n).toBe(2);
    expect(lab.session.notice.value).toBe(undefined);
  });

  test("a refusal is not shown any longer than it holds", async () => {
    const lab = await woken(new FakeLab("a"));
    const say = (watching: string[], may: string): string | undefined => {
      lab.say({ type: "people", watching, may });
      return lab.session.notice.value;
    };
    lab.session.notice.value = "The server keeps the newest events only";
    expect(say([], "watch")).toBe("The server keeps the newest events only");
    lab.session.notice.value = "You watch this lab";
    expect(say(["Tina"], "watch")).toBe("You watch this lab");
    expect(say(["Tina"], "type")).toBe(undefined);
  });

  test("is left alone where frames move, time stands, or somebody was first", async () => {
    const moves = new FakeLab("a");
    moves.events({ k: "frame", port: "alice:em0", peer: "s1.1", frame: 7, sum: { proto: "ICMP" }, data: "02" });
    const stands = new FakeLab("b");
    stands.state({ paused: true });
    const used = new FakeLab("c");
    used.session.tried.value = used.session.lab.value?.tries[1];
    for (const lab of [moves, used]) expect((await woken(lab)).waiting).toEqual([]);
    stands.session.wake();
    stands.later();
    await settled();
    expect(stands.waiting).toEqual([]);
  });

  test("and that was left does nothing any more", () => {
    const lab = new FakeLab("a");
    lab.state();
    lab.session.wake();
    lab.session.dispose();
    lab.later();
    expect(lab.sent).toEqual([]);
  });
});
