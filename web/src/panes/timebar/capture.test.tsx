// @vitest-environment happy-dom

import { act } from "preact/test-utils";
import { describe, expect, test } from "vitest";
import { click, FakeLab, mount, testId, text } from "../../../test/lab";
import { captureCommand, captureFile, capturePoints, pointOf, WHOLE } from "../../core/capture";
import type { Thing } from "../../core/thing";
import { timebar } from "./pane";

describe("what can be captured", () => {
  test("interfaces, ports and links", () => {
    const lab = new FakeLab("a").session;
    const points = capturePoints(lab.topology.value, lab.graph.value.edges).flatMap((g) =>
      g.points.map((p) => p.point),
    );
    expect(points).toContain("alice:em0");
    expect(points).toContain("s1");
    expect(points).toContain("s1.1");
    expect(points.some((p) => p.startsWith("s1.1-") || p.endsWith("-s1.1"))).toBe(true);
    expect(new Set(points).size).toBe(points.length);
  });

  test("what is selected", () => {
    const lab = new FakeLab("a").session;
    const { edges } = lab.graph.value;
    const e = edges[0];
    const things: [Thing | undefined, string][] = [
      [undefined, WHOLE],
      [{ kind: "proc", node: "bob", proc: "pingd" }, "bob:tap0"],
      [{ kind: "iface", node: "bob", iface: "tap0" }, "bob:tap0"],
      [{ kind: "switch", name: "s1" }, "s1"],
      [{ kind: "link", id: e?.id ?? "" }, `${e?.a}-${e?.b}`],
      [{ kind: "link", id: "gone" }, WHOLE],
    ];
    for (const [thing, want] of things) expect(pointOf(thing, lab.topology.value, edges)).toBe(want);
  });

  test("its file and its command, whatever is typed", () => {
    expect(captureFile(WHOLE, " ")).toBe("capture.pcapng");
    expect(captureFile("alice:em0-s1.1", "a == b&c")).toBe(
      "capture.pcapng?point=alice%3Aem0-s1.1&filter=a%20%3D%3D%20b%26c",
    );
    expect(captureCommand("http://h/#lab=X", WHOLE, "")).toBe(
      "labserver capture 'http://h/#lab=X' -w - | wireshark -k -i -",
    );
    expect(captureCommand("http://h/#lab=X", "s1.1", "it's; rm -r $HOME")).toBe(
      "labserver capture 'http://h/#lab=X' -i s1.1 -Y 'it'\\''s; rm -r $HOME' -w - | wireshark -k -i -",
    );
  });
});

describe("the capture's dialog", () => {
  test("begins with what is selected, and goes by what is chosen", async () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <timebar.component />);
    act(() => lab.session.selection.pick({ kind: "iface", node: "bob", iface: "tap0" }));
    await act(async () => click(testId(root, "capture-part")));
    const where = testId(root, "capture-point") as HTMLSelectElement;
    expect(where.value).toBe("bob:tap0");
    expect(testId(root, "capture-file").getAttribute("href")).toBe("a/capture.pcapng?point=bob%3Atap0");
    await act(async () => {
      where.value = "s1.1";
      where.dispatchEvent(new Event("change", { bubbles: true }));
      const filter = testId(root, "capture-filter") as HTMLInputElement;
      filter.value = "arp";
      filter.dispatchEvent(new Event("input", { bubbles: true }));
    });
    expect(testId(root, "capture-file").getAttribute("href")).toBe("a/capture.pcapng?point=s1.1&filter=arp");
    expect(text(testId(root, "capture-live"))).toBe(
      "labserver capture 'http://page/#lab=a' -i s1.1 -Y arp -w - | wireshark -k -i -",
    );
  });
});
