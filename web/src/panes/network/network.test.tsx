// @vitest-environment happy-dom
import { describe, expect, test } from "vitest";

import { fixture } from "../../../test/fixtures";
import { click, FakeLab, find, mount, testId, text } from "../../../test/lab";
import { network } from "./pane";

describe("the network", () => {
  test("has the interfaces of a node, the counters of one, and the routes", () => {
    const lab = new FakeLab("a");
    const root = mount(lab, <network.component node="bob" proc={undefined} iface="tap0" />);
    expect(text(testId(root, "network"))).toContain("not there: nobody has opened it");
    lab.say(fixture("state") as object);
    lab.draw();
    expect(text(testId(root, "network"))).toMatch(/tap0UP, BROADCAST, RUNNINGs1\.21213/);
    expect(text(testId(root, "device"))).toMatch(/hardware address02:00:00:00:00:0b.*ipackets12/);
    click(find(root, "button[aria-pressed=true]"));
    expect(lab.session.selection.thing.value).toEqual({ kind: "iface", node: "bob", iface: "tap0" });
    const alice = mount(lab, <network.component node="alice" proc={undefined} iface={undefined} />);
    expect(text(testId(alice, "network"))).toMatch(
      /passes on nothing for others.*default10\.0\.0\.9em0UGS10\.0\.0\.0\/24em0U/,
    );
  });
});
