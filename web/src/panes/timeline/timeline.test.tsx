// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { change, click, FakeLab, find, mount, press, testId, text, type } from "../../../test/lab";
import { timeline } from "./pane";

const frame = { k: "frame", port: "alice:em0", peer: "s1.1", frame: 7, data: "00", sum: { proto: "ARP" } };

function line() {
  const lab = new FakeLab("a");
  lab.events(frame, { k: "log", node: "bob", text: "up" }, { ...frame, port: "s1.2", peer: "bob:tap0" });
  return { lab, root: mount(lab, <timeline.component />) };
}

describe("the time line", () => {
  test("says each event in words, and selects one by mouse and keys", () => {
    const { lab, root } = line();
    expect([...root.querySelectorAll(".row .what")].map((e) => e.textContent?.trim())).toEqual([
      "ARP 1 byte",
      "up kernel",
      "ARP 1 byte",
    ]);
    click(find(root, '.row[data-n="0"]'));
    expect(find(root, ".row.on").dataset.n).toBe("0");
    expect(find(root, ".row.mate").dataset.n).toBe("2");
    press(testId(root, "timeline"), "ArrowDown");
    expect(lab.session.selection.n.value).toBe(1);
    press(testId(root, "timeline"), "End");
    expect(lab.session.selection.n.value).toBe(2);
    expect(testId(root, "timeline").getAttribute("aria-activedescendant")).toBe(find(root, ".row.on").id);
  });

  test("stops following when a row is selected, and says so", () => {
    const { root } = line();
    expect(text(testId(root, "following"))).toBe("following");
    click(find(root, '.row[data-n="1"]'));
    expect(text(testId(root, "following"))).toBe("not following: you are reading");
    click(testId(root, "follow"));
    expect(text(testId(root, "following"))).toBe("following");
  });

  test("keys go along a frame's rows, and from row to row from anywhere", () => {
    const { lab } = line();
    const run = (press: string) => timeline.keys.find((k) => k.presses?.includes(press))?.run?.(lab.session, press);
    run("Ctrl+ArrowDown");
    run("]");
    expect(lab.session.selection.n.value).toBe(2);
    run("[");
    run("Ctrl+ArrowDown");
    expect(lab.session.selection.n.value).toBe(1);
    run("Escape");
    expect(lab.session.selection.n.value).toBe(undefined);
    run("f");
    expect(lab.session.selection.following.value).toBe(true);
  });

  test("of 20,000 rows only those in sight are in the document", () => {
    const lab = new FakeLab("a");
    lab.events(...Array.from({ length: 20_000 }, () => ({ k: "log", node: "bob", text: "again" })));
    const root = mount(lab, <timeline.component />);
    expect(root.querySelectorAll(".row").length).toBeLessThan(80);
    expect(text(testId(root, "kept"))).toBe("20,000 rows");
  });

  test("what was missed and what was left out is counted", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timeline.component />);
    lab.events({ k: "left", of: "frame", port: "alice:em0", events: 7, bytes: 70, to: 8 });
    lab.say({ type: "events", n: 9, from: 20, next: 21, missed: 0, events: [{ seq: 20, t: 0, k: "log", node: "a" }] });
    lab.draw();
    expect(text(testId(root, "kept"))).toMatch(/3 rows · 18 missed · 7 left out/);
  });
});

describe("what is looked for", () => {
  test("sorts are switched off, words are found, and the number says how many are shown", () => {
    const { lab, root } = line();
    click(testId(root, "show-frames"));
    expect([...root.querySelectorAll(".row")].map((r) => (r as HTMLElement).dataset.n)).toEqual(["1"]);
    expect(text(testId(root, "kept"))).toBe("1 of 3 rows");
    click(testId(root, "show-frames"));
    type(testId(root, "filter"), "bob arp");
    expect([...root.querySelectorAll(".row")].map((r) => (r as HTMLElement).dataset.n)).toEqual(["2"]);
    press(testId(root, "timeline"), "Home");
    expect(lab.session.selection.n.value).toBe(2);
    lab.events({ k: "frame", port: "s1.2", peer: "bob:tap0", frame: 8, data: "00", sum: { proto: "ARP" } });
    press(testId(root, "timeline"), "ArrowDown");
    expect(lab.session.selection.n.value).toBe(3);
    press(testId(root, "filter"), "Escape");
    expect(text(testId(root, "kept"))).toBe("4 rows");
  });

  test("where nothing is found, all can be had again", () => {
    const { root } = line();
    type(testId(root, "filter"), "carol");
    expect(text(testId(root, "timeline"))).toContain("None of the 3 rows is what you look for.");
    click(find(testId(root, "timeline"), "button"));
    expect(root.querySelectorAll(".row").length).toBe(3);
  });

  test("a row that one asks for elsewhere is shown, though a filter hid it", () => {
    const { lab, root } = line();
    click(testId(root, "show-kernel"));
    change(() => lab.session.selectSeq(2));
    expect(find(root, ".row.on").dataset.n).toBe("1");
  });

  const shown = (root: Element): readonly (string | undefined)[] =>
    [...root.querySelectorAll(".row")].map((r) => (r as HTMLElement).dataset.n);

  test("a display filter is asked of the server: whether it is one, and which frames it chooses", async () => {
    const { lab, root } = line();
    click(testId(root, "display"));
    type(testId(root, "filter"), "arp.opcode == 1");
    expect(await lab.answer({ matched: "" })).toMatchObject({ op: "match", filter: "arp.opcode == 1", frames: [] });
    expect(find(root, ".display").className).toContain("valid");
    const asked = await lab.answer({ matched: "01" });
    expect(asked).toMatchObject({ frames: [{ hex: "00", port: "alice:em0" }, { port: "s1.2" }] });
    expect(shown(root)).toEqual(["2"]);
    expect(text(testId(root, "kept"))).toBe("1 of 3 rows");
    change(() => lab.events(frame, { k: "log", node: "bob", text: "down" }));
    lab.draw();
    expect(await lab.answer({ matched: "1" })).toMatchObject({ frames: [{ port: "alice:em0" }] });
    expect(shown(root)).toEqual(["2", "3"]);
    press(testId(root, "filter"), "Escape");
    expect(text(testId(root, "kept"))).toBe("5 rows");
    expect(lab.waiting.length).toBe(0);
  });

  test("what is no display filter is red and says why; the one before stays in force", async () => {
    const { lab, root } = line();
    click(testId(root, "display"));
    type(testId(root, "filter"), "arp");
    await lab.answer({ matched: "" });
    await lab.answer({ matched: "10" });
    type(testId(root, "filter"), "arp.op == 1");
    await lab.answer('filter, column 1: there is no field "arp.op": did you mean arp.opcode?');
    expect(find(root, ".display").className).toContain("invalid");
    expect(testId(root, "filter").getAttribute("aria-invalid")).toBe("true");
    expect(text(testId(root, "filter-error"))).toBe('Column 1: there is no field "arp.op": did you mean arp.opcode?');
    expect(shown(root)).toEqual(["0"]);
    click(testId(root, "display"));
    expect(shown(root)).toEqual(["0", "1", "2"]);
  });

  test("where the server looked at some frames only, it is asked about the others", async () => {
    const { lab, root } = line();
    void lab.session.display.apply("ip");
    await lab.answer({ matched: "" });
    await lab.answer({ matched: "0" });
    expect(await lab.answer({ matched: "1" })).toMatchObject({ frames: [{ port: "s1.2" }] });
    expect(shown(root)).toEqual(["2"]);
    expect(testId(root, "filter").getAttribute("value") ?? (testId(root, "filter") as HTMLInputElement).value).toBe(
      "ip",
    );
  });
});
