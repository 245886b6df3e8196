// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";

import { change, click, FakeLab, fakeShell, find, mount, offered, settled, testId, text } from "../../../test/lab";
import { readChecked } from "../../core/checks";
import { scenario } from "./pane";

describe("the scenario", () => {
  test("shows its brief as text, never as HTML", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <scenario.component />);
    expect(text(find(root, "h2"))).toBe("Answer a ping");
    expect([...root.querySelectorAll("li")].map(text)).toEqual([
      "bob runs your program.",
      "It reads frames from /dev/tap0.",
    ]);
    expect(text(find(root, "pre.code"))).toContain("go build");
    const wild = new FakeLab("b", {
      lab: { id: "b", scenario: "x", title: "X", seed: "1", version: "", brief: "<b>hi</b>", goal: "", tries: [] },
    });
    const other = mount(wild, <scenario.component />);
    expect(other.querySelector("b")).toBe(null);
    expect(text(other)).toContain("<b>hi</b>");
  });

  test("a list of numbers is one, and keeps its numbers", () => {
    const lab = new FakeLab("a", {
      lab: {
        id: "a",
        scenario: "x",
        title: "X",
        seed: "1",
        version: "",
        goal: "",
        tries: [],
        brief: "Do it.\n\n3. this\n4. that\n- other\n",
      },
    });
    const root = mount(lab, <scenario.component />);
    expect((find(root, "ol") as HTMLOListElement).start).toBe(3);
    expect([...root.querySelectorAll("ol li")].map(text)).toEqual(["this", "that"]);
    expect([...root.querySelectorAll("ul li")].map(text)).toEqual(["other"]);
  });

  test("an exercise says what to do next: the starter, one's program, or the solution in another lab", async () => {
    const lab = new FakeLab("a");
    const started: string[] = [];
    const shell = fakeShell({
      scenarios: signal([offered("ping", { exercise: true, solved: true })]),
      start: (s, solution) => started.push(`${s} ${solution}`),
    });
    const root = mount(lab, <scenario.component />, shell);
    expect((testId(root, "starter") as HTMLAnchorElement).getAttribute("href")).toBe("ping/starter.zip");
    expect(text(testId(root, "next"))).toContain("on bob as pingd /dev/tap0");
    const file = testId(root, "give-file-pingd");
    Object.defineProperty(file, "files", { value: [{ name: "mine.wasm" }] });
    change(() => file.dispatchEvent(new Event("change")));
    await settled();
    expect(lab.uploads).toEqual(["bob:pingd mine.wasm"]);
    expect(lab.session.selection.thing.value).toEqual({ kind: "proc", node: "bob", proc: "pingd" });
    expect(started).toEqual([]);
  });

  test("its buttons do what they say: at a prompt, whose node is shown; and then it says what to look at", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <scenario.component />);
    expect(text(find(root, ".goal"))).toBe("bob's program answers pings to 10.0.0.2.");
    expect(text(testId(root, "look"))).toBe("");
    click(testId(root, "try-1"));
    expect(text(testId(root, "look"))).toBe("alice pings bob: Each request should come back as a reply.");
    expect(lab.waiting).toMatchObject([{ op: "try", n: 1 }]);
    await lab.answer({ node: "alice", proc: "ping.3" });
    expect(lab.session.selection.thing.value).toEqual({ kind: "node", node: "alice" });
    expect(lab.session.prompts.of("alice").front).toBe("ping.3");
    lab.state({ paused: true });
    lab.draw();
    expect(text(testId(root, "look"))).toMatch(/^Time is paused/);
    click(testId(root, "try-2"));
    await lab.answer("there is no port s1.1");
    expect(lab.session.notice.value).toBe("There is no port s1.1");
    expect(lab.session.selection.thing.value).toEqual({ kind: "node", node: "alice" });
  });

  test("a lab that is no exercise has nothing to download, and nothing to check", () => {
    const root = mount(new FakeLab("a"), <scenario.component />, fakeShell({ scenarios: signal([offered("ping")]) }));
    expect(root.querySelector("[data-testid=starter], [data-testid=check]")).toBe(null);
  });
});

describe("the check", () => {
  const check = (over: object) => ({ title: "it answers", points: 2, earned: 2, status: "passed", ...over });
  const found = (over: object = {}) => readChecked({ checks: [check({ id: "a" })], ...over });

  async function checked(got: FakeLab["check"]) {
    const lab = new FakeLab("a");
    lab.check = got;
    const remembered: string[] = [];
    const scenarios = signal([offered("ping", { exercise: true, checked: true })]);
    const shell = fakeShell({ scenarios, remember: (s) => remembered.push(s) });
    const root = mount(lab, <scenario.component />, shell);
    click(testId(root, "check"));
    await settled();
    return { root, remembered };
  }
  const ok = (value: ReturnType<typeof found>): FakeLab["check"] => {
    if (value === undefined) throw new Error("it is no report");
    return { ok: true, value };
  };

  test("says how many passed, with their points, and remembers it", async () => {
    const { root, remembered } = await checked(ok(found()));
    expect(text(testId(root, "checked"))).toBe("1 of 1 checks passed: 2 of 2 points.");
    expect(text(find(root, "[data-testid=check-a] summary"))).toBe("✓it answers passed, 2 of 2 points");
    expect(remembered).toEqual(["ping"]);
  });

  test("says that the solution is not one's own work", async () => {
    const { root } = await checked(ok(found({ solution: true })));
    expect(text(testId(root, "checked"))).toMatch(/2 of 2 points. That is what the lab began with, not your work.$/);
    expect(root.querySelector(".good")).toBe(null);
  });

  test("one that failed has its reason, its hint, and what came instead", async () => {
    const bad = check({
      id: "b",
      status: "failed",
      earned: 0,
      why: "RFC 792",
      hint: "type 0",
      expected: "a reply",
      actual: "none",
      diff: [{ field: "icmp.type", want: "0", got: "8", same: false }],
      log: ["bob: read"],
    });
    const { root } = await checked(ok(found({ checks: [bad], hidden: true, notes: ["pingd exited with 1"] })));
    expect(text(testId(root, "checked"))).toContain(
      "0 of 1 checks passed so far. More is checked, and the total comes later.",
    );
    const one = testId(root, "check-b");
    expect([...one.querySelectorAll("dt, dd")].map(text)).toEqual([
      "why",
      "RFC 792",
      "hint",
      "type 0",
      "expected",
      "a reply",
      "came",
      "none",
    ]);
    expect(text(find(one, "tbody tr"))).toBe("icmp.type08");
    expect(text(find(one, "pre"))).toBe("bob: read");
    expect(text(root)).toContain("pingd exited with 1");
  });

  test("a refusal is said", async () => {
    const { root, remembered } = await checked({
      ok: false,
      error: "nothing was checked: bob.pingd has no program yet",
    });
    expect(text(testId(root, "checked"))).toBe("Nothing was checked: bob.pingd has no program yet");
    expect(remembered).toEqual([]);
  });

  test("what is no report is none", () => {
    expect(readChecked("x")).toBe(undefined);
    expect(readChecked({ checks: 7 })).toBe(undefined);
    expect(readChecked({ checks: [7, { status: "odd", diff: "x", log: [3, "a"] }] })?.checks).toMatchObject([
      { id: "", status: "error", points: 0, diff: [], log: ["a"] },
    ]);
  });
});
