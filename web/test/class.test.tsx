// The pages of a class over a server that isn't there: what it answers are the samples that
// Go tests make of the structs.
// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, describe, expect, test } from "vitest";
import { App } from "../src/app/app";
import { Page } from "../src/app/page";
import { shown, summary } from "../src/core/class/book";
import { asTaught, countdown, standing } from "../src/core/class/lesson";
import { need, sorted, told } from "../src/core/class/wall";
import { ago, dateIn, forInput, fromInput, lasts, weeksLater } from "../src/core/class/when";
import { readBook, readClass, readLessons, readRefusal, readWall, readWallMessage } from "../src/protocol/class/guards";
import type { Lesson, WallMessage } from "../src/protocol/class/types";
import { LabSession } from "../src/session/session";
import { addressOf, placeOf } from "../src/ui/place";
import { FakeLab, find, testId, text } from "./lab";
import { allParts, FakeServer, HELD, refused } from "./school";

const files: Record<string, unknown> = import.meta.glob("../../internal/protocol/class/testdata/*.json", {
  eager: true,
  import: "default",
});

function sample(name: string): unknown {
  const found = files[`../../internal/protocol/class/testdata/${name}.json`];
  if (found === undefined) throw new Error(`there is no sample ${name}.json`);
  return found;
}

const NOW = 1796122800000; // of the samples: 1 December 2026, 12:00 in Vienna
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const [, ARP, PING] = readLessons(sample("lessons"), "sample").lessons.map((l) => l.id);

afterEach(() => {
  for (const root of document.body.children) act(() => render(null, root));
});

function routes(me: string, about: string, lessons: string): Map<string, unknown> {
  return new Map([
    ["GET api/me", sample(me)],
    ["GET api/classes", sample("classes")],
    ["GET api/classes/class0", sample(about)],
    ["GET api/classes/class0/lessons", sample(lessons)],
    ["GET api/classes/class0/roster", sample("roster")],
    ["GET api/classes/class0/arrivals", sample("arrivals")],
    ["GET api/classes/class0/scenarios", sample("scenarios")],
    ["GET api/classes/class0/book", sample("class-book")],
    [`GET api/lessons/${ARP}/book`, sample("book")],
    [`GET api/lessons/${ARP}/sync`, sample("sync")],
    ["GET api/admin/status", sample("admin-status")],
    ["GET api/admin/labs", sample("admin-labs")],
    ["GET api/admin/platforms", sample("platforms")],
    ["GET api/admin/audit", sample("audit")],
  ]);
}
const teacher = () => routes("me-teacher", "class", "lessons");
const student = () => routes("me-student", "class-student", "lessons-student");

async function open(address: string, answers: Map<string, unknown>) {
  const server = new FakeServer();
  server.now = NOW;
  for (const [what, answer] of answers) server.answers.set(what, answer);
  const lab = new FakeLab("lab0");
  let hash = address;
  let changed = (): void => undefined;
  const went: string[] = [];
  const page = new Page({
    world: lab.world,
    server: server.server,
    feed: () => lab.feed,
    sessions: () => (id, feed, world) => new LabSession(id, feed, world),
    newLab: () => Promise.resolve(refused("no lab is wanted here")),
    scenarios: () => Promise.resolve({ ok: true, value: [] }),
    starterUrl: (scenario) => scenario,
    kept: () => undefined,
    keep: () => undefined,
    fileUrl: (id, file) => `${id}/${file}`,
    pageUrl: (id) => id,
    address: () => hash,
    goTo: (to, replace) => {
      went.push(`${replace ? "instead " : ""}${to}`);
      hash = to;
    },
    onAddress: (f) => {
      changed = f;
    },
    title: () => undefined,
  });
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  act(() => render(<App page={page} parts={allParts()} />, root));
  // What is drawn may ask for more.
  const settle = async (): Promise<void> => {
    for (let n = 0; n < 3; n++)
      await act(async () => {
        for (let i = 0; i < 30; i++) await Promise.resolve();
      });
  };
  void page.boot();
  await settle();
  const go = async (to: string): Promise<void> => {
    hash = to;
    act(() => changed());
    await settle();
  };
  const click = async (el: Element): Promise<void> => {
    act(() => {
      el.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    });
    await settle();
  };
  const fill = (id: string, value: string): void => {
    const el = testId(root, id);
    if (!(el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement)) throw new Error(`${id} is no input`);
    act(() => {
      el.value = value;
      el.dispatchEvent(new Event("input", { bubbles: true }));
    });
  };
  const submit = async (el: Element): Promise<void> => {
    act(() => {
      (el.closest("form") ?? el).dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });
    await settle();
  };
  return { page, root, server, lab, went, settle, go, click, fill, submit, id: (name: string) => testId(root, name) };
}

describe("dates", () => {
  const VIENNA = "Europe/Vienna";
  test("are in the zone of the class, and say it", () => {
    expect(dateIn(NOW, VIENNA, NOW)).toBe("Tue 1 Dec, 12:00 CET");
    expect(dateIn(NOW, "America/New_York", NOW)).toMatch(/^Tue 1 Dec, 06:00 GMT-5$/);
    expect(dateIn(NOW + 365 * 24 * HOUR, VIENNA, NOW)).toBe("Wed 1 Dec 2027, 12:00 CET");
    expect(dateIn(NOW, "Mars/Olympus", NOW)).toBe("Tue 1 Dec, 11:00 UTC");
  });
  test.each([
    ["2026-12-04T23:59", VIENNA],
    ["2026-07-04T23:59", VIENNA],
    ["2026-03-29T03:00", VIENNA], // the clocks have just gone forward
    ["2026-10-25T02:30", VIENNA], // this time is there twice
    ["2026-10-25T03:00", VIENNA],
    ["2026-12-04T00:00", "Pacific/Kiritimati"],
    ["2026-12-04T00:00", "Asia/Kolkata"],
  ])("%s in %s is read as it was written", (typed, zone) => {
    expect(forInput(fromInput(typed, zone), zone)).toBe(typed);
  });
  test("of the hour that there is twice the first is meant; what there is not is the hour after", () => {
    expect(new Date(fromInput("2026-10-25T02:30", VIENNA)).toISOString()).toBe("2026-10-25T00:30:00.000Z");
    expect(new Date(fromInput("2026-03-29T02:30", VIENNA)).toISOString()).toMatch(/^2026-03-29T0[01]:30/);
    expect(fromInput("", VIENNA)).toBe(0);
    expect(forInput(0, VIENNA)).toBe("");
  });
  test.each([
    ["2026-12-08T23:59", 26, "2027-06-08T23:59"], // over the clocks going forward
    ["2026-06-08T23:59", 26, "2026-12-07T23:59"], // and back
    ["2026-12-08T23:59", 0, "2026-12-08T23:59"],
  ])("%s is %i weeks later at the same hour", (from, weeks, to) => {
    expect(forInput(weeksLater(fromInput(from, VIENNA), weeks, VIENNA), VIENNA)).toBe(to);
  });
  test("lengths of time have their two largest units", () => {
    expect([500, 59_000, 61_000, HOUR, 3 * HOUR + 12 * MINUTE, 26 * HOUR, 240 * HOUR].map(lasts)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "1 h",
      "3 h 12 min",
      "1 day 2 h",
      "10 days",
    ]);
    expect([ago(NOW - 3000, NOW), ago(NOW - 5 * MINUTE, NOW)]).toEqual(["just now", "5 min ago"]);
  });
});

test("scenarios are offered as the course has them, then the others as they come", () => {
  const of = (course: number, name: string) => ({ course, name });
  const all = [of(2, "arp"), of(0, "dhcp"), of(1, "first-io"), of(0, "alien"), of(10, "x"), of(9, "y")];
  expect(asTaught(all).map((s) => s.name)).toEqual(["first-io", "arp", "y", "x", "dhcp", "alien"]);
});

describe("where a student is with a lesson", () => {
  const all = readLessons(sample("lessons-student"), "sample").lessons;
  test("is said in a word", () => {
    expect(all.map((l) => standing(l, NOW).word)).toEqual([
      "10 of 10 points",
      "14 of 20 points, late",
      "begun",
      "not begun",
      "not open yet",
    ]);
    expect(all.map((l) => countdown(l, NOW).word)).toEqual([
      "due 6 days ago",
      "due 2 h ago",
      "2 days 3 h left",
      "5 days left",
      "12 days left",
    ]);
  });
  test("0 points, none, locked and excused are four things", () => {
    const [first] = all as [Lesson, ...Lesson[]];
    const mine = (over: Partial<NonNullable<Lesson["mine"]>>): Lesson => ({
      ...first,
      mine: { ...(first.mine as NonNullable<Lesson["mine"]>), points: undefined, handins: 0, ...over },
    });
    expect(standing(mine({ points: 0, handins: 1 }), NOW).word).toBe("0 of 10 points");
    expect(standing(mine({}), NOW).word).toBe("past due, nothing handed in");
    expect(standing(mine({ locks: NOW - 1 }), NOW).word).toBe("locked, nothing handed in");
    expect(standing(mine({ excused: true, points: 0 }), NOW).word).toBe("excused");
    expect(standing(mine({ handins: 1, late: true }), NOW).word).toBe("handed in late");
  });
});

describe("the wall", () => {
  const wall = readWallMessage(sample("wall"), "sample");
  test("has raised hands first, by when they were raised, then who is helped, then the stuck", () => {
    const cards = told(new Map(), wall);
    const names = sorted(cards, NOW).map((c) => need(c, NOW));
    expect(names.slice(0, 4)).toEqual(["hand", "hand", "helped", "stuck"]);
    expect(names.indexOf("works")).toBeGreaterThan(names.lastIndexOf("stuck"));
    expect(sorted(cards, NOW)[3]?.since).toBe(NOW - 17 * MINUTE);
  });
  test("a change changes what it says, and who is gone is gone", () => {
    const before = told(new Map(), wall);
    const after = told(before, readWallMessage(sample("cards"), "sample"));
    const [first, second] = readWall(sample("wall"), "sample").cards;
    expect(after.get(first?.lab ?? "")).toMatchObject({ name: first?.name, passed: 6, did: "checked: 6 of 8" });
    expect(after.has(second?.lab ?? "")).toBe(false);
    const unknown: WallMessage = { kind: "cards", now: NOW, new: [], cards: [], gone: ["nobody"] };
    expect(told(after, unknown)).toEqual(after);
  });
  test("is a card a bench, which change as they are told", async () => {
    const x = await open("class=class0&tab=wall", teacher());
    act(() => x.server.hear(wall));
    const first = () => x.root.querySelector("[data-testid=wall-card]");
    expect(text(first())).toContain("What do I overlook?");
    const [card] = sorted(told(new Map(), wall), NOW);
    act(() =>
      x.server.hear(
        readWallMessage({ type: "cards", now: NOW, cards: [{ lab: card?.lab, hand: "", handat: 0 }] }, "message"),
      ),
    );
    expect(text(first())).toContain("hand raised");
    expect(text(x.id("count-hand"))).toBe("1 raised hand");
    await x.click(x.id("count-hand"));
    expect(x.root.querySelectorAll("[data-testid=wall-card]").length).toBe(1);
    act(() => x.server.down("The connection to the wall was lost. Trying again."));
    expect(text(x.id("refused"))).toContain("was lost");
    expect(x.root.querySelectorAll("[data-testid=wall-card]").length).toBe(1);
  });
});

describe("the book", () => {
  const { rows } = readBook(sample("book"), "sample");
  const all = { words: "", only: "all" } as const;
  test("what there is none of comes last, whichever way it is sorted", () => {
    for (const down of [false, true]) expect(shown(rows, { by: "final", down }, all).at(-1)?.final).toBeUndefined();
    expect(shown(rows, { by: "final", down: true }, all)[0]?.final).toBe(20);
  });
  test("finds by name and section, and whom somebody has to look at", () => {
    const names = (words: string, only: Parameters<typeof shown>[2]["only"]) =>
      shown(rows, { by: "name", down: false }, { words, only }).length;
    expect(names("mon", "all")).toBe(15);
    expect(names("nobody", "all")).toBe(0);
    expect(names("", "refused")).toBe(1);
    expect(names("", "missing")).toBe(rows.filter((r) => r.active && r.handins === 0).length);
    expect(summary(rows)).toMatch(/^\d+ of 29 handed in, \d late, median [\d.]+ points$/);
  });
});

describe("addresses", () => {
  test.each([
    "signin",
    "join=7KQ2-M9XA",
    "classes",
    "account",
    "class=a",
    "class=a&tab=wall",
    "class=a&lesson=b",
    "class=a&lesson=b&bench",
    "class=a&watch=c",
    "lesson=b",
    "admin",
    "admin&tab=audit",
  ])("%s leads somewhere, and back", (address) => {
    const place = placeOf(address);
    expect(place && addressOf(place)).toBe(address);
  });
  test.each(["", "lab=a", "scenario=ping", "start"])("%s leads to no class", (address) =>
    expect(placeOf(address)).toBeUndefined(),
  );
});

describe("signing in", () => {
  test("who has no cookie is asked who they are, wherever the address leads", async () => {
    const x = await open("class=class0", new Map([["GET api/me", sample("visitor")]]));
    expect(text(find(x.root, "h1"))).toBe("Sign in");
    expect(x.id("campus").getAttribute("href")).toBe("auth/oidc/campus");
  });

  test("by code and name: what was typed stays when it is refused, the word is asked for and shown once", async () => {
    const x = await open("join=7kq2-m9xa", new Map([["GET api/me", sample("visitor")]]));
    x.fill("name", "Ada Lovelace");
    x.server.answers.set("POST api/join", {
      ...readRefusal(sample("refusal"), "sample"),
      ok: false,
      status: 409,
      queue: undefined,
    });
    await x.submit(x.id("join"));
    expect(text(x.id("refused"))).toContain("say your return word");
    expect((x.id("code") as HTMLInputElement).value).toBe("7kq2-m9xa");
    x.fill("secret", "bamiko-dutera");
    for (const [what, answer] of student()) x.server.answers.set(what, answer);
    x.server.answers.set("POST api/join", sample("welcome"));
    await x.submit(x.id("join"));
    expect(x.server.sent("POST api/join")?.json).toEqual({
      code: "7kq2-m9xa",
      name: "Ada Lovelace",
      secret: "bamiko-dutera",
    });
    expect(x.went).toEqual(["class=class0"]);
    expect(text(x.id("word"))).toContain("bamiko-dutera");
    await x.click(find(x.id("word"), "button.primary"));
    expect(x.root.querySelector("[data-testid=word]")).toBe(null);
  });

  test("by a token in the address, which does not stay there", async () => {
    const x = await open("classes", new Map([["GET api/me", sample("visitor")]]));
    for (const [what, answer] of routes("me-operator", "class", "lessons")) x.server.answers.set(what, answer);
    x.server.answers.set("POST api/signin", { person: "p", name: "Olga Operator", operator: true });
    await x.go("signin=secret");
    expect(x.went).toEqual(["instead signin", "instead admin"]);
    expect(x.server.sent("POST api/signin")?.json).toEqual({ token: "secret" });
    expect(text(x.root)).toContain("quarantined");
  });

  test("a server without classes says so, and its start has nothing of them", async () => {
    const x = await open("classes", new Map());
    expect(text(x.root)).toContain("no classes");
    await x.go("");
    expect(x.root.querySelector("[data-testid=signin]")).toBe(null);
  });
});

describe("an account", () => {
  test("lists the ways in, and is joined with another by a code", async () => {
    const answers = student();
    answers.set("GET api/me/identities", sample("identities"));
    const x = await open("account", answers);
    expect(text(x.id("identity"))).toContain("Networks 1");
    x.server.answers.set("POST api/me/identities/merge", refused("This code is not valid any more."));
    x.fill("merge-code", "PX4T-92KC");
    await x.submit(x.id("merge"));
    expect(text(x.id("refused"))).toContain("not valid");
    expect((x.id("merge-code") as HTMLInputElement).value).toBe("PX4T-92KC");
    x.server.answers.set("POST api/me/identities/code", sample("one-time-code"));
    await x.click(x.id("merge-make"));
    expect(text(x.root)).toContain("PX4T-92KC");
  });
});

describe("a student", () => {
  test("sees lessons with due dates, points, an extension, and what the teacher said", async () => {
    const x = await open("class=class0", student());
    const all = [...x.root.querySelectorAll("ol > li")].map(text);
    const lessons = all.filter((t) => t.includes("due "));
    expect(lessons[1]).toContain("14 of 20 points, late");
    expect(lessons[1]).toContain("yours answers them, too.");
    expect(lessons[2]).toMatch(/due Thu 3 Dec, 15:12 CET.*2 days 3 h left.*You have an extension\..*Continue/);
    expect(lessons[4]).toContain("not yet");
    expect(x.root.querySelector("[data-testid=tab-Wall]")).toBe(null);
  });

  async function bench() {
    const answers = student();
    answers.set(`POST api/lessons/${PING}/bench`, sample("bench"));
    answers.set(`GET api/lessons/${PING}/handins`, { handins: [] });
    answers.set("GET api/classes/class0/notices?after=0", HELD);
    const x = await open(`class=class0&lesson=${PING}`, answers);
    act(() => x.lab.greet());
    x.lab.state();
    await x.settle();
    return x;
  }

  test("hands in what is on the bench, has a receipt, and what comes of it without a reload", async () => {
    const x = await bench();
    expect(text(x.id("work-state"))).toContain("nothing handed in yet");
    x.server.answers.set(`POST api/lessons/${PING}/handins`, refused("The server's disk is full: nothing was taken."));
    await x.click(x.id("handin"));
    expect(text(x.id("handin-what"))).toContain("bob.pingd");
    await x.click(x.id("handin-send"));
    expect(text(x.id("refused"))).toContain("disk is full");
    x.server.answers.set(`POST api/lessons/${PING}/handins`, sample("receipt"));
    x.server.answers.set(`GET api/lessons/${PING}/handins`, sample("handins"));
    const [newest] = (sample("handins") as { handins: [{ id: string; version: number }] }).handins;
    const watch = `GET api/handins/${newest.id}?after=${newest.version}`;
    x.server.answers.set(watch, HELD);
    await x.click(x.id("handin-send"));
    expect(x.server.sent(`POST api/lessons/${PING}/handins`)?.json).toEqual({ from: "bench" });
    expect(text(x.id("receipt-hash"))).toMatch(/^[0-9a-f]{64}$/);
    expect(text(x.id("receipt"))).toContain("11:59:00, the server's clock");
    await x.click(x.id("receipt-close"));
    expect(text(x.id("work-state"))).toContain("hand-in 3: waits to be graded, 2 before it, about 14 s");
    // It is graded: nobody loads the page again.
    const graded = { ...newest, state: "done", passed: 8, points: 24, version: newest.version + 1 };
    x.server.answers.set(`GET api/lessons/${PING}/handins`, { handins: [graded] });
    await act(async () => {
      x.server.held.get(watch)?.(graded);
      for (let i = 0; i < 30; i++) await Promise.resolve();
    });
    expect(text(x.id("work-state"))).toContain("8 of 8 checks, 24 of 24 points");
  });

  test("is told that what runs is not what the server has", async () => {
    const x = await bench();
    const h = { ...(sample("handin") as object), state: "done" };
    x.server.answers.set(`GET api/lessons/${PING}/handins`, { handins: [h] });
    const [{ hash }] = (h as unknown as { programs: [{ hash: string }] }).programs;
    x.server.answers.set(`POST api/lessons/${PING}/handins`, sample("receipt"));
    await x.click(x.id("handin"));
    await x.click(x.id("handin-send"));
    await x.click(x.id("receipt-close"));
    x.lab.events({ k: "start", node: "bob", proc: "pingd", n: 7, text: "pingd", path: hash });
    expect(text(x.id("work-state"))).not.toContain("changed");
    x.lab.events({ k: "start", node: "bob", proc: "pingd", n: 8, text: "pingd", path: "0".repeat(64) });
    expect(text(x.id("work-state"))).toContain("you have changed it since");
  });

  test("is asked before anybody types, sees who may, and ends it", async () => {
    const x = await bench();
    x.lab.say({ type: "people", watching: ["Tina Berger"], asks: "Tina Berger", may: "type" });
    expect(text(x.id("watched"))).toBe("Tina Berger looks at it now");
    expect(text(x.id("help"))).toContain("asks to type");
    x.server.answers.set("POST api/labs/lab0/help", sample("help"));
    await x.click(x.id("help-accept"));
    expect(x.server.sent("POST api/labs/lab0/help")?.json).toEqual({ do: "accept" });
    x.lab.say({ type: "people", watching: ["Tina Berger"], helper: "Tina Berger", may: "type" });
    expect(text(x.id("help"))).toContain("Tina Berger may type on your bench now.");
    await x.click(x.id("help-end"));
    expect(x.server.sent("POST api/labs/lab0/help")?.json).toEqual({ do: "end" });
    x.lab.say({ type: "people", watching: [], may: "type" });
    expect(x.root.querySelector("[data-testid=help]")).toBe(null);
  });

  test("starts over, and is told that hand-ins stay", async () => {
    const x = await bench();
    await x.click(x.id("over"));
    expect(text(find(x.root, "dialog.modal"))).toContain("You have handed nothing in");
    x.server.answers.set(`POST api/lessons/${PING}/bench/over`, { lab: "lab1" });
    await x.click(x.id("over-yes"));
    expect(x.page.phase.value).toMatchObject({ kind: "labs", labs: [{ id: "lab1" }] });
  });

  test("waits in the queue of a full server, and the bench opens by itself", async () => {
    const answers = student();
    const full = { ...readRefusal(sample("full"), "sample"), ok: false, status: 503 };
    answers.set(`POST api/lessons/${PING}/bench`, full);
    answers.set("GET api/queue/ticket0?place=3", HELD);
    answers.set("GET api/queue/ticket0?place=2", HELD);
    const x = await open(`class=class0&lesson=${PING}`, answers);
    expect(text(x.id("queue"))).toMatch(/You are number 3 in the queue, for about 40 s more/);
    const says = (what: string, answer: unknown) =>
      act(async () => {
        x.server.held.get(what)?.(answer);
        for (let i = 0; i < 30; i++) await Promise.resolve();
      });
    await says("GET api/queue/ticket0?place=3", { place: 2, seconds: 20 });
    expect(text(x.id("queue"))).toContain("number 2");
    x.server.answers.set(`POST api/lessons/${PING}/bench`, sample("bench"));
    await says("GET api/queue/ticket0?place=2", { ready: true });
    expect(x.server.sent(`POST api/lessons/${PING}/bench`)?.ticket).toBe("ticket0");
    expect(x.page.phase.value.kind).toBe("labs");
  });
});

describe("a teacher", () => {
  test("sees what a list would change before anything does", async () => {
    const x = await open("class=class0&tab=roster", teacher());
    expect(x.root.querySelectorAll("[data-testid=member]").length).toBe(32);
    await act(() => {
      x.page.people.clock.tell(NOW);
    });
    const p = x.page.phase.value;
    if (p.kind !== "place" || p.room === undefined) throw new Error("there is no class");
    const { room } = p;
    x.server.answers.set("POST api/classes/class0/roster/preview", sample("roster-diff"));
    await act(async () => void (await room.preview({ name: "list.csv", size: 7 })));
    expect(text(x.id("diff"))).toContain("new4");
    expect(text(x.root)).toContain("line 17: there is no name in it");
    x.server.answers.set("POST api/classes/class0/roster/apply", sample("roster"));
    const counted = (): number => x.server.asked.filter((a) => a.what === "GET api/classes/class0").length;
    const before = counted();
    await x.click(x.id("apply"));
    expect(counted()).toBe(before + 1); // how many students it has
    expect(x.server.sent("POST api/classes/class0/roster/apply")?.json).toEqual({ preview: "preview0", drop: false });
    expect(x.root.querySelector("[data-testid=diff]")).toBe(null);
  });

  test("publishes a lesson, and is told where another teacher was quicker", async () => {
    const x = await open("class=class0", teacher());
    const router = readLessons(sample("lessons"), "sample").lessons[4];
    const patch = `PATCH api/lessons/${router?.id}`;
    x.server.answers.set(patch, refused("Somebody else changed this lesson: load it again.", { status: 409 }));
    await x.click(x.id("publish-router"));
    expect(x.server.sent(patch)?.json).toEqual({ published: true, version: 3 });
    expect(text(x.id("refused"))).toContain("Somebody else changed this lesson");
    x.server.answers.set(patch, { ...(sample("lesson") as object), id: router?.id, scenario: "router" });
    await x.click(x.id("publish-router"));
    expect(text(x.id("publish-router"))).toBe("hide");
  });

  test("gives points; where another one did meanwhile both are seen, and nothing typed is lost", async () => {
    const x = await open(`class=class0&lesson=${ARP}`, teacher());
    const { rows } = readBook(sample("book"), "sample");
    const [row] = shown(rows, { by: "name", down: false }, { words: "", only: "all" });
    const who = row?.person ?? "";
    x.server.answers.set(`GET api/lessons/${ARP}/handins?person=${who}`, sample("handins"));
    await x.click(find(x.root, "[data-testid=book-row]:first-child button"));
    expect(text(x.id("person"))).toContain("used more memory than the lesson allows");
    x.fill("mark-points", "17,5");
    x.fill("mark-comment", "Good.");
    const marks = `POST api/lessons/${ARP}/people/${who}/marks`;
    x.server.answers.set(marks, refused("Tom Wirth has said something meanwhile: load again.", { status: 409 }));
    await x.submit(x.id("mark-save"));
    expect(x.server.sent(marks)?.json).toMatchObject({ points: 17.5, comment: "Good.", version: 0 });
    const other = { comment: "Late, but fine.", by: "Tom Wirth", version: 1 };
    const book = sample("book") as { rows: { person: string }[] };
    x.server.answers.set(`GET api/lessons/${ARP}/book`, {
      ...book,
      rows: book.rows.map((r) => (r.person === who ? { ...r, mark: other } : r)),
    });
    await x.click(x.id("mark-look"));
    expect(text(x.id("mark-conflict"))).toContain("Tom Wirth has said meanwhile: no points, Late, but fine.");
    expect((x.id("mark-comment") as HTMLTextAreaElement).value).toBe("Good.");
    x.server.answers.set(marks, { ...row, mark: { ...other, points: 17.5, comment: "Good.", version: 2 } });
    await x.submit(x.id("mark-save"));
    expect(x.server.sent(marks)?.json).toMatchObject({ version: 1 });
    expect(x.root.querySelector("[data-testid=mark-conflict]")).toBe(null);
  });

  test("regrades: a preview while it runs, then all at once", async () => {
    const x = await open(`class=class0&lesson=${ARP}`, teacher());
    const ready = sample("regrade") as object;
    x.server.answers.set(`POST api/lessons/${ARP}/regrades`, { ...ready, state: "running", graded: 3, changes: [] });
    x.server.answers.set("GET api/regrades/regrade0", ready);
    x.server.answers.set("POST api/regrades/regrade0/apply", { ...ready, state: "applied", applied: NOW });
    await x.click(x.id("regrade"));
    x.fill("regrade-reason", "Check 4 was wrong");
    await x.submit(x.id("regrade-start"));
    expect(text(x.root)).toContain("3 of 25 graded");
    act(() => x.server.later());
    await x.settle();
    expect(text(x.id("regrade-preview"))).toContain("3 would change, 22 stay as they are. Nothing is changed yet.");
    expect(x.server.sent("POST api/regrades/regrade0/apply")).toBeUndefined();
    await x.click(x.id("regrade-apply"));
    expect(text(x.id("regrade-applied"))).toContain("3 have other points now");
  });

  test("sees where scores are, in the platform's words", async () => {
    const x = await open(`class=class0&lesson=${ARP}`, teacher());
    expect(text(x.id("sync"))).toContain("1 refused");
    expect(text(x.id("book"))).toContain("the platform says: Incorrect score received");
    expect(text(x.id("book"))).toContain("add them to the course as a student");
  });

  test("a class's book has a column a lesson and a sum a student", async () => {
    const x = await open("class=class0&tab=book", teacher());
    const [first] = x.id("class-book").querySelectorAll("tbody tr");
    expect([...(first?.children ?? [])].map(text)).toEqual(["Ada Lovelace Mon", "10", "19", "22", "–", "–", "51"]);
  });

  test("what was handed in and has no final points yet says so", async () => {
    const answers = teacher();
    const edited = (name: string, change: (text: string) => string): unknown =>
      JSON.parse(change(JSON.stringify(sample(name))));
    answers.set(
      "GET api/classes/class0/book",
      edited("class-book", (s) => s.replace('"final":19}', '"late":true}')),
    );
    answers.set(
      `GET api/lessons/${ARP}/book`,
      edited("book", (s) =>
        s
          .replace('"auto":20,"final":20', '"auto":20')
          .replace('"auto":19,"final":19', '"auto":19')
          .replace('"due":1796115600000', `"due":${NOW + HOUR}`),
      ),
    );
    const x = await open("class=class0&tab=book", answers);
    const [first] = x.id("class-book").querySelectorAll("tbody tr");
    expect([...(first?.children ?? [])].map(text).slice(1, 4)).toEqual(["10", "handed in late", "22"]);
    await x.go(`class=class0&lesson=${ARP}`);
    const rows = [...x.id("book").querySelectorAll("tbody tr")];
    const finalOf = (name: string): string => text(rows.find((r) => text(r).startsWith(name))?.children[5] ?? x.root);
    expect(["Ada", "Blaise Wirth", "Carla"].map(finalOf)).toEqual(["after the due date", "not final yet", "–"]);
  });

  test("the menu of exports closes when somebody presses elsewhere, or Escape", async () => {
    const x = await open(`class=class0&lesson=${ARP}`, teacher());
    const menu = x.id("export").closest("details");
    if (menu === null) throw new Error("no menu");
    const stays = (target: Element, event: Event): boolean => {
      menu.open = true;
      act(() => void target.dispatchEvent(event));
      return menu.open;
    };
    expect(stays(x.id("export-canvas"), new Event("pointerdown", { bubbles: true }))).toBe(true);
    expect(stays(x.id("book"), new Event("pointerdown", { bubbles: true }))).toBe(false);
    expect(stays(x.root, new KeyboardEvent("keydown", { key: "a", bubbles: true }))).toBe(true);
    expect(stays(x.root, new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))).toBe(false);
  });

  test("lessons to add are in the course's order, and while they come it says so", async () => {
    const answers = teacher();
    answers.set("GET api/classes/class0/scenarios", HELD);
    const x = await open("class=class0", answers);
    await x.click(x.id("add-lessons"));
    expect(text(x.root)).toContain("looking what there is…");
    const { scenarios } = JSON.parse(JSON.stringify(sample("scenarios")));
    x.server.held.get("GET api/classes/class0/scenarios")?.({ scenarios: scenarios.reverse() });
    await x.settle();
    expect(text(x.root)).not.toContain("looking what there is…");
    const boxes = [...x.root.querySelectorAll("[data-testid^=choose-]")].map((b) => b.getAttribute("data-testid"));
    expect(boxes).toEqual(["choose-first-io", "choose-arp", "choose-ping", "choose-learning-switch", "choose-mine"]);
  });

  test("an assistant sees no settings", async () => {
    const answers = teacher();
    answers.set("GET api/classes/class0", { ...readClass(sample("class"), "sample"), role: "assistant" });
    const x = await open("class=class0", answers);
    expect(x.root.querySelector("[data-testid=tab-Settings]")).toBe(null);
    expect(x.root.querySelector("[data-testid=add-lessons]")).toBe(null);
    expect(x.root.querySelector("[data-testid=tab-Gradebook]")).not.toBe(null);
  });
});

describe("the operator", () => {
  test.each([
    ["admin", "Refused"],
    ["admin&tab=labs", "its journal ends in the middle of command 412"],
    ["admin&tab=platforms", "waits for you"],
    ["admin&tab=audit", "check 4 refused answers"],
  ])("%s shows %s", async (address, want) => {
    const x = await open(address, routes("me-operator", "class", "lessons"));
    expect(text(x.root)).toContain(want);
  });
});
