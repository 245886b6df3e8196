// The whole page: which labs it shows, and two of them beside each other.
// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, describe, expect, test } from "vitest";
import { App } from "../src/app/app";
import { keysOf, pressOf } from "../src/app/keys";
import { Page, type Surroundings } from "../src/app/page";
import { all } from "../src/app/panes";
import type { Got } from "../src/session/world";
import { click, FakeLab, find, press, submit, testId, text, type } from "./lab";

afterEach(() => {
  for (const root of document.body.children) act(() => render(null, root));
});

function open(address: string, over: Partial<Surroundings> = {}) {
  const labs = new Map<string, FakeLab>();
  const fake = (id: string): FakeLab => {
    const lab = labs.get(id) ?? new FakeLab(id);
    labs.set(id, lab);
    return lab;
  };
  let hash = address;
  let changed = (): void => undefined;
  const w = {
    titles: [] as string[],
    gone: [] as string[],
    /** What is answered to who wants a lab. */
    room: { ok: true, value: "new" } as Got<string>,
    wanted: [] as (string | undefined)[],
  };
  const page = new Page({
    world: fake("world").world,
    feed: (id) => fake(id).feed,
    newLab: (scenario) => {
      w.wanted.push(scenario);
      return Promise.resolve(w.room);
    },
    scenarios: () => Promise.resolve([{ name: "vpn", title: "A tunnel", course: 0 }]),
    fileUrl: (lab, file) => `${lab}/${file}`,
    address: () => hash,
    goTo: (to, replace) => {
      w.gone.push(`${replace ? "instead " : ""}${to}`);
      hash = to;
    },
    onAddress: (f) => {
      changed = f;
    },
    title: (t) => w.titles.push(t),
    ...over,
  });
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  act(() => render(<App page={page} />, root));
  const settle = () =>
    act(async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve();
    });
  const go = (to: string): void => {
    hash = to;
    act(() => changed());
  };
  const bench = (id: string): HTMLElement => find(root, `[data-lab="${id}"]`);
  return { page, root, fake, w, settle, go, bench };
}

/** draw lets the frames of the page come. */
function draw(x: ReturnType<typeof open>): void {
  x.fake("world").draw();
}

async function two() {
  const x = open("lab=a&lab=b");
  void x.page.boot();
  await x.settle();
  for (const id of ["a", "b"]) x.fake(id).greet();
  return x;
}

describe("two labs on one page", () => {
  test("what happens in one is seen in its bench alone", async () => {
    const x = await two();
    x.fake("a").events({ k: "console", node: "bob", proc: "pingd", fd: 1, text: "of a\n" });
    x.fake("b").events({ k: "log", node: "bob", text: "of b" }, { k: "log", node: "bob", text: "again" });
    x.fake("b").state({ paused: true, t: 3_000_000_000 });
    draw(x);
    expect([text(testId(x.bench("a"), "kept")), text(testId(x.bench("b"), "kept"))]).toEqual(["1 row", "2 rows"]);
    expect([text(testId(x.bench("a"), "pause")), text(testId(x.bench("b"), "pause"))]).toEqual(["pause", "run"]);
    expect(text(testId(x.bench("a"), "console"))).toContain("of a");
    expect(text(testId(x.bench("b"), "console"))).not.toContain("of a");
  });

  test("a selection, a view and a prompt are of one bench", async () => {
    const x = await two();
    for (const id of ["a", "b"]) x.fake(id).events({ k: "log", node: "bob", text: "up" });
    draw(x);
    click(find(x.bench("a"), '.row[data-n="0"]'));
    click(find(x.bench("a"), 'g[aria-label^="node alice"]'));
    click(testId(x.bench("b"), "tab-network"));
    expect(x.bench("b").querySelector(".row.on")).toBe(null);
    expect(text(find(x.bench("b"), "section[aria-label='Node bob'] h2"))).toBe("bob: pingd");
    type(testId(x.bench("a"), "prompt"), "ifconfig");
    submit(find(x.bench("a"), "form"));
    expect(x.fake("a").waiting).toMatchObject([{ op: "exec", node: "alice", line: "ifconfig" }]);
    expect(x.fake("b").sent).toEqual([]);
    expect(x.bench("b").querySelector("[data-testid=prompt]")).toBe(null);
  });

  test("keys are for the bench that has the focus, or else the first", async () => {
    const x = await two();
    for (const id of ["a", "b"]) x.fake(id).state();
    draw(x);
    press(testId(x.bench("b"), "timeline"), ".");
    expect([x.fake("a").sent.length, x.fake("b").sent.map((c) => c.op)]).toEqual([0, ["pause"]]);
    press(document.body, " ");
    expect(x.fake("a").sent.map((c) => c.op)).toEqual(["pause"]);
    press(testId(x.bench("b"), "timeline"), "c");
    expect(document.activeElement).toBe(testId(x.bench("b"), "prompt"));
  });

  test("where there is room for one part, each bench has its own, and keys go to it", async () => {
    const x = await two();
    draw(x);
    click(testId(x.bench("a"), "part-timeline"));
    const part = (id: string) => find(x.bench(id), "main").dataset.part;
    expect([part("a"), part("b")]).toEqual(["timeline", "topology"]);
    press(testId(x.bench("b"), "timeline"), "c");
    expect([part("a"), part("b")]).toEqual(["timeline", "drawer"]);
    press(testId(x.bench("a"), "timeline"), "f", { ctrlKey: true });
    expect(document.activeElement).toBe(testId(x.bench("a"), "filter"));
  });

  test("no two elements have the same id", async () => {
    const x = await two();
    for (const id of ["a", "b"]) x.fake(id).events({ k: "log", node: "bob", text: "up" });
    draw(x);
    const ids = [...x.root.querySelectorAll("[id]")].map((e) => e.id);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("one is left: the other stays as it is; a third takes the place of the first", async () => {
    const x = await two();
    x.fake("b").events({ k: "log", node: "bob", text: "up" });
    draw(x);
    click(find(x.bench("b"), '.row[data-n="0"]'));
    x.go("lab=b&lab=c");
    expect(x.fake("a").closed).toBe(true);
    expect(x.fake("b").closed).toBe(false);
    expect(find(x.bench("b"), ".row.on").dataset.n).toBe("0");
    x.fake("c").greet();
    draw(x);
    expect(text(testId(x.bench("c"), "kept"))).toBe("0 rows");
    expect(x.w.titles.at(-1)).toBe("ping, ping · Wireloom");
  });
});

describe("the page", () => {
  test("starts a lab of the scenario that its address names, and keeps the lab in the address", async () => {
    const x = open("scenario=vpn");
    void x.page.boot();
    expect(text(x.root)).toContain("Starting a lab…");
    await x.settle();
    expect(x.w.wanted).toEqual(["vpn"]);
    expect(x.w.gone).toEqual(["instead lab=new"]);
    expect(text(x.bench("new"))).toContain("Opening the lab…");
  });

  test("says why no lab could be started, and tries again", async () => {
    const x = open("");
    x.w.room = { ok: false, error: "this server has 200 labs already" };
    void x.page.boot();
    await x.settle();
    expect(text(x.root)).toContain("this server has 200 labs already");
    x.w.room = { ok: true, value: "at last" };
    click(find(x.root, "main button"));
    await x.settle();
    x.fake("at last").greet();
    expect(text(testId(x.bench("at last"), "connection"))).toBe("live");
  });

  test("another lab is started, Back leads to the one before, and what was selected there is gone", async () => {
    const x = open("lab=a");
    void x.page.boot();
    await x.settle();
    x.fake("a").greet();
    x.fake("a").events({ k: "log", node: "bob", text: "up" });
    draw(x);
    click(find(x.bench("a"), '.row[data-n="0"]'));
    x.page.start("vpn");
    await x.settle();
    expect(x.w.gone).toEqual(["lab=new"]);
    expect(x.fake("a").closed).toBe(true);
    expect(x.bench("new").querySelector(".row.on")).toBe(null);
    x.go("lab=a");
    x.fake("a").greet();
    draw(x);
    expect(x.bench("a").querySelector(".row.on")).toBe(null);
  });

  test("a lab that is gone offers a new one of the same scenario", async () => {
    const x = open("lab=a");
    void x.page.boot();
    await x.settle();
    x.fake("a").greet();
    x.fake("a").probe = { lab: "gone", refused: "" };
    x.fake("a").lost();
    await x.settle();
    expect(text(testId(x.bench("a"), "banner"))).toMatch(/^This lab is not there any more\.start a new lab$/);
    click(find(testId(x.bench("a"), "banner"), "button"));
    await x.settle();
    expect(x.w.wanted).toEqual(["ping"]);
  });
});

describe("keys", () => {
  test("the list is made of what the panes say", async () => {
    const x = await two();
    press(document.body, "?");
    const rows = [...x.root.querySelectorAll("dialog tr")].map((tr) => [...tr.children].map(text));
    expect(rows).toEqual(keysOf(all).map((k) => [k.shown, k.does]));
    expect(rows).toContainEqual(["Space", "pause, or run on"]);
    expect(rows).toContainEqual(["l", "go to time line"]);
  });

  test("no two panes want the same key", () => {
    const keys = [
      ...all.flatMap((p) => p.keys.flatMap((k) => k.presses ?? [])),
      ...all.flatMap((p) => p.focus ?? []),
      "?",
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("single keys do nothing while one types; those with Ctrl may", async () => {
    const x = await two();
    x.fake("a").events({ k: "log", node: "bob", text: "up" });
    draw(x);
    press(testId(x.bench("a"), "prompt"), ".");
    expect(x.fake("a").sent).toEqual([]);
    press(testId(x.bench("a"), "prompt"), "ArrowDown", { ctrlKey: true });
    expect(find(x.bench("a"), ".row.on").dataset.n).toBe("0");
    expect(pressOf({ key: "ArrowDown", ctrlKey: true })).toBe("Ctrl+ArrowDown");
  });
});
