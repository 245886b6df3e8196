// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { fixture } from "../../../test/fixtures";
import { click, FakeLab, find, mount, press, text } from "../../../test/lab";
import { detail } from "./pane";

const data = "02000000000b02000000000a0800";
const frame = { k: "frame", port: "alice:em0", peer: "s1.1", frame: 7, sum: { proto: "ICMP" } };

async function shown(event: object = { ...frame, data }) {
  const lab = new FakeLab("a");
  lab.events(event);
  lab.session.selection.select(0);
  const root = mount(lab, <detail.component />);
  const { result } = fixture("reply-ok") as { result: object };
  const asked = await lab.answer(result);
  return { lab, root, asked };
}

describe("the detail", () => {
  test("asks the server for the fields of a frame, and lights a field's bytes", async () => {
    const { root, asked } = await shown();
    expect(asked).toMatchObject({ op: "decode", link: "ethernet", hex: data });
    click(find(root, '.field[title^="eth.src:"]'));
    expect([...root.querySelectorAll(".hex .lit:not(.ascii)")].map((e) => e.textContent).join("")).toBe("02000000000a");
    click(find(root, '.hex [data-off="0"]:not(.ascii)'));
    expect(find(root, ".field[aria-selected=true]").title).toBe("eth.dst: bytes 0 to 5");
  });

  test("the chosen field is told as a display filter, and the time line is filtered by it", async () => {
    const { lab, root } = await shown();
    expect(root.querySelector(".chosen")).toBe(null);
    click(find(root, '.field[title^="eth.src:"]'));
    expect(text(find(root, ".chosen code"))).toBe("eth.src == 02:00:00:00:00:0a");
    click(find(root, ".chosen button"));
    expect(await lab.answer({ matched: "" })).toMatchObject({ op: "match", filter: "eth.src == 02:00:00:00:00:0a" });
    expect(lab.session.display.on.value).toBe(true);
    expect(lab.session.display.state.value.kind).toBe("valid");
  });

  test("a tree of fields is walked by keys", async () => {
    const { lab, root } = await shown();
    const tree = find(root, "[role=tree]");
    press(tree, "Home");
    press(tree, "ArrowDown");
    expect(find(root, ".field[aria-selected=true]").title).toMatch(/^eth\.dst/);
    press(tree, "ArrowLeft");
    press(tree, "ArrowLeft");
    expect(root.querySelector('.field[title^="eth.dst"]')).toBe(null);
    press(tree, "ArrowRight");
    expect(root.querySelector('.field[title^="eth.dst"]')).not.toBe(null);
    expect(tree.getAttribute("aria-activedescendant")).toBe(find(root, "[aria-selected=true]").id);
    expect(lab.sent.length).toBe(1);
  });

  test("says why there are no fields", async () => {
    const lab = new FakeLab("a");
    lab.events({ ...frame, data });
    lab.session.selection.select(0);
    const root = mount(lab, <detail.component />);
    expect(text(root)).toContain("Decoding…");
    await lab.answer("the lab is too busy");
    expect(text(find(root, "p.bad"))).toBe("The lab is too busy");
  });

  test("an answer that comes late is not shown with another row", async () => {
    const lab = new FakeLab("a");
    lab.events({ ...frame, data }, { k: "log", node: "bob", text: "up" });
    lab.session.selection.select(0);
    const root = mount(lab, <detail.component />);
    lab.session.selection.select(1);
    await lab.answer((fixture("reply-ok") as { result: object }).result);
    expect(root.querySelector("[role=tree]")).toBe(null);
    expect(text(root)).toContain("This row moved no bytes.");
  });
});
