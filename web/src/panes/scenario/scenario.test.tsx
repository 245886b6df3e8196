// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { FakeLab, find, mount, text } from "../../../test/lab";
import { scenario } from "./pane";

describe("the scenario", () => {
  test("shows its brief as text, never as HTML", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <scenario.component />);
    expect(text(find(root, "h3"))).toBe("Answer a ping");
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
});
