// @vitest-environment happy-dom

import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import { click, FakeLab, fakeShell, mount, offered, press, testId, text } from "../../../test/lab";
import { timebar } from "./pane";

describe("the time bar", () => {
  test("says what time it is, and pauses, steps and sets the speed", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timebar.component />);
    lab.state({ t: 12_004_318_000 });
    expect(text(testId(root, "clock"))).toBe("12.004\u202f318");
    click(testId(root, "pause"));
    expect(await lab.answer()).toMatchObject({ op: "pause" });
    lab.state({ paused: true, steps: 812 });
    expect([text(testId(root, "pause")), text(testId(root, "steps"))]).toEqual(["run", "paused after step 812"]);
    click(testId(root, "rate-max"));
    expect(await lab.answer()).toMatchObject({ op: "rate", rate: 0 });
    const run = (press: string) => timebar.keys.find((k) => k.presses?.includes(press))?.run?.(lab.session, press);
    run(".");
    run("2");
    run(" ");
    expect(lab.waiting).toMatchObject([{ op: "step" }, { op: "rate", rate: 10 }, { op: "resume" }]);
  });

  test("a step of a lab that runs pauses it first", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timebar.component />);
    lab.state();
    click(testId(root, "step"));
    expect(await lab.answer()).toMatchObject({ op: "pause" });
    expect(await lab.answer()).toMatchObject({ op: "step" });
  });

  test("says why a lab has ended, and what its capture lacks", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timebar.component />);
    lab.state({
      ended: true,
      why: "The limit is reached. Start anew.",
      capture: { missing: 7, why: "the disk is full" },
    });
    expect(text(testId(root, "ended"))).toBe("ended: The limit is reached");
    expect(testId(root, "missing").title).toBe("the disk is full");
    expect((testId(root, "step") as HTMLButtonElement).disabled).toBe(true);
  });

  test("a lab with doors is marked, and says who is there", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timebar.component />);
    lab.state();
    expect(root.querySelector(".doors")).toBeNull();
    const door = { port: "s1.3", kind: "stream", in: 1234, out: 5, dropped: {} };
    lab.state({
      doors: [
        { ...door, by: "a stream from 192.0.2.7", dropped: { paused: 1, rate: 2000 } },
        { ...door, at: "127.0.0.1:9100", last: "it went" },
        { ...door, shut: "not allowed" },
      ],
    });
    expect(text(testId(root, "doors").querySelector("summary"))).toBe("reproducible from its recording only");
    const rows = [...testId(root, "doors").querySelectorAll("tbody tr")].map((r) => [...r.children].slice(2).map(text));
    expect(rows).toEqual([
      ["a stream from 192.0.2.7", "1,234", "5", "1 paused, 2,000 rate"],
      ["nobody; it listens at 127.0.0.1:9100. The last: it went", "1,234", "5", ""],
      ["shut: not allowed", "1,234", "5", ""],
    ]);
  });

  test("the lab is started over by a button", () => {
    const lab = new FakeLab("a");
    const started: string[] = [];
    const root = mount(lab, <timebar.component />, fakeShell({ start: (s) => started.push(s) }));
    click(testId(root, "again"));
    expect(started).toEqual(["ping"]);
  });

  test("another lab is chosen, and started by the button", () => {
    const lab = new FakeLab("a");
    const started: string[] = [];
    const scenarios = signal([
      offered("ping", { title: "Answer a ping", course: 2 }),
      offered("vpn", { title: "A tunnel" }),
    ]);
    const root = mount(lab, <timebar.component />, fakeShell({ scenarios, start: (s) => started.push(s) }));
    const choice = testId(root, "scenario") as HTMLSelectElement;
    expect([...choice.options].map((o) => o.text)).toEqual(["2  Answer a ping", "A tunnel"]);
    choice.value = "vpn";
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    expect(started).toEqual([]);
    return Promise.resolve().then(() => {
      click(testId(root, "start-lab"));
      expect(started).toEqual(["vpn"]);
    });
  });

  test("the speeds are one stop for the Tab key, and arrow keys choose", () => {
    const lab = new FakeLab("a");
    lab.state();
    lab.draw();
    const root = mount(lab, <timebar.component />);
    const stops = () => [...root.querySelectorAll<HTMLElement>("[role=radio]")].map((b) => b.tabIndex);
    expect(stops()).toEqual([0, -1, -1]);
    const [first] = root.querySelectorAll<HTMLElement>("[role=radio]");
    if (first === undefined) throw new Error("there is no speed");
    press(first, "ArrowLeft");
    expect(lab.waiting).toMatchObject([{ op: "rate", rate: 0 }]);
    expect(document.activeElement?.textContent).toBe("max");
  });
});
