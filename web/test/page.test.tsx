// The whole page: which labs it shows, and two of them beside each other.
// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, describe, expect, test } from "vitest";
import { App } from "../src/app/app";
import { keysOf, pressOf } from "../src/app/keys";
import { Page, type Surroundings } from "../src/app/page";
import { all } from "../src/app/panes";
import { ARRANGED, LIMITS, moved, readLayout } from "../src/core/layout";
import type { Scenario } from "../src/core/scenarios";
import type { Answered } from "../src/session/class/server";
import { LabSession } from "../src/session/session";
import type { Got } from "../src/session/world";
import { click, FakeLab, find, offered, press, submit, testId, text, type } from "./lab";
import { allParts, FakeServer, refused } from "./school";

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
  const server = new FakeServer();
  const w = {
    titles: [] as string[],
    gone: [] as string[],
    /** What is answered to who wants a lab. */
    room: { ok: true, value: "new" } as Answered<string>,
    wanted: [] as string[],
    /** What the server says that it offers. */
    offers: { ok: true, value: [offered("vpn", { title: "A tunnel" })] } as Got<readonly Scenario[]>,
    kept: new Map<string, string>(),
  };
  const page = new Page({
    world: fake("world").world,
    feed: (id) => fake(id).feed,
    sessions: () => (id, feed, world) => new LabSession(id, feed, world),
    server: server.server,
    newLab: (scenario, empty, ticket) => {
      w.wanted.push(`${scenario}${empty ? " empty" : ""}${ticket === "" ? "" : ` with ${ticket}`}`);
      return Promise.resolve(w.room);
    },
    scenarios: () => Promise.resolve(w.offers),
    starterUrl: (scenario) => `${scenario}/starter.zip`,
    kept: (key) => w.kept.get(key),
    keep: (key, text) => w.kept.set(key, text),
    fileUrl: (lab, file) => `${lab}/${file}`,
    pageUrl: (lab) => `http://page/#lab=${lab}`,
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
  act(() => render(<App page={page} parts={allParts()} />, root));
  const settle = () =>
    act(async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve();
    });
  const go = (to: string): void => {
    hash = to;
    act(() => changed());
  };
  const bench = (id: string): HTMLElement => find(root, `[data-lab="${id}"]`);
  return { page, root, fake, server, w, settle, go, bench };
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
    submit(find(x.bench("a"), "[data-is=drawer] form"));
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
    expect([part("a"), part("b")]).toEqual(["timeline", "scenario"]);
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
    const x = open("scenario=vpn");
    x.w.room = refused("this server has 200 labs already");
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

describe("the start", () => {
  const lessons: Got<readonly Scenario[]> = {
    ok: true,
    value: [
      offered("first-io", { title: "The first read", course: 1, goal: "Write a mirror.", exercise: true }),
      offered("arp", { title: "Who has", course: 2, exercise: true }),
      offered("vpn", { title: "A tunnel" }),
    ],
  };

  test("has the lessons in their order, then the labs, and where to begin", async () => {
    const x = open("");
    x.w.offers = lessons;
    void x.page.boot();
    await x.settle();
    expect(text(testId(x.root, "begin"))).toBe("Begin lesson 1: The first read");
    expect([...x.root.querySelectorAll("li a")].map((a) => a.getAttribute("href"))).toEqual([
      "#scenario=first-io",
      "#scenario=arp",
      "#scenario=vpn",
    ]);
    expect(text(x.root)).toContain("Write a mirror.");
    expect([x.w.wanted, x.w.gone]).toEqual([[], []]);
    x.go("scenario=first-io");
    await x.settle();
    expect([x.w.wanted, x.w.gone]).toEqual([["first-io empty"], ["instead lab=new"]]);
    x.fake("new").greet();
    click(testId(x.bench("new"), "home"));
    expect(x.fake("new").closed).toBe(true);
    expect(text(find(x.root, "h1"))).toBe("Wireloom");
  });

  test("a lesson whose checks have passed is marked, and the next is where to begin", async () => {
    const x = open("");
    x.w.offers = lessons;
    x.page.remember("first-io", { checks: [], notes: [], hidden: false, solution: false });
    expect(x.w.kept.size).toBe(0);
    const passed = {
      id: "a",
      title: "",
      why: "",
      hint: "",
      points: 1,
      earned: 1,
      expected: "",
      actual: "",
      diff: [],
      log: [],
    };
    x.page.remember("first-io", {
      checks: [{ ...passed, status: "passed" }],
      notes: [],
      hidden: false,
      solution: false,
    });
    x.page.remember("arp", { checks: [{ ...passed, status: "passed" }], notes: [], hidden: false, solution: true });
    expect(x.w.kept.get("done")).toBe("first-io");
    void x.page.boot();
    await x.settle();
    expect(text(testId(x.root, "begin"))).toBe("Begin lesson 2: Who has");
    expect(text(find(x.root, "ol li:first-child"))).toContain("✓ all checks passed");
  });

  test("a server that was started for a lab opens on it", async () => {
    const x = open("");
    x.w.offers = { ok: true, value: [offered("mine", { opens: true })] };
    void x.page.boot();
    await x.settle();
    expect([x.w.wanted, x.w.gone]).toEqual([["mine"], ["instead lab=new"]]);
  });

  test("the solution is a choice", async () => {
    const x = open("scenario=arp&solution");
    x.w.offers = lessons;
    void x.page.boot();
    await x.settle();
    x.page.start("arp");
    await x.settle();
    expect(x.w.wanted).toEqual(["arp", "arp empty"]);
  });

  test("says why the server does not say what it has", async () => {
    const x = open("");
    x.w.offers = { ok: false, error: "The server could not be reached." };
    void x.page.boot();
    await x.settle();
    expect(text(x.root)).toContain("The server could not be reached.");
    x.w.offers = lessons;
    click(find(x.root, "main button"));
    await x.settle();
    expect(text(testId(x.root, "begin"))).toContain("lesson 1");
  });
});

describe("the borders of the bench", () => {
  test("move by arrow keys within limits, are kept, and go back", async () => {
    const x = await two();
    draw(x);
    const border = () => testId(x.bench("a"), "split-scenario");
    const now = () => Number(border().getAttribute("aria-valuenow"));
    const was = now();
    press(border(), "ArrowRight");
    expect(now()).toBe(was + 2);
    press(border(), "ArrowLeft", { shiftKey: true });
    expect(now()).toBe(was - 8);
    press(border(), "End");
    expect(now()).toBe(Number(border().getAttribute("aria-valuemax")));
    press(border(), "ArrowRight");
    expect(now()).toBe(Number(border().getAttribute("aria-valuemax")));
    expect(readLayout(x.w.kept.get("layout")).scenario).toBeCloseTo(LIMITS.scenario[1]);
    expect(find(x.bench("b"), "main").style.getPropertyValue("--scenario")).toBe(
      find(x.bench("a"), "main").style.getPropertyValue("--scenario"),
    );
    act(() => {
      border().dispatchEvent(new MouseEvent("dblclick", { bubbles: true }));
    });
    expect(now()).toBe(was);
    press(testId(x.bench("a"), "split-upper"), "ArrowUp");
    expect(readLayout(x.w.kept.get("layout")).upper).toBeCloseTo(ARRANGED.upper - 0.02);
  });

  test("what was kept and makes no sense is as it was arranged", () => {
    for (const text of [undefined, "", "x", "7", "null", "[]", '{"upper":"a"}'])
      expect(readLayout(text)).toBe(ARRANGED);
    expect(readLayout('{"upper":99,"scenario":-1}')).toEqual({ ...ARRANGED, upper: 0.88, scenario: 0.12 });
    expect(moved(ARRANGED, "upper", Number.NaN)).toBe(ARRANGED);
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
