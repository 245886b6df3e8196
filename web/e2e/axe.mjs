// Every view of the page, and every report, is looked through by axe: light, dark, and with
// the colours that a person forces. The page is the one in the server: build both first.
//   LABSERVER  the program, if it is not the one that make build makes
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { enter, launch, open, run, shows, until } from "./browser.mjs";
import { proxy } from "./proxy.mjs";
import { BENCH, PAGES, sampled } from "./samples.mjs";
import { LABSERVER, startServer } from "./server.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/**
 * What axe has under trial, and this page keeps all the same: who says what stands on a button means that button. But
 * in the drawing of the topology, whose boxes have more written in them than their names.
 */
const TRIAL = "label-content-name-mismatch";
/** Findings that are printed of one test. */
const SHOWN = 20;

/** clean says what axe finds in what the page shows. */
async function clean(page, view) {
  await page.evaluate(axe);
  const found = await page.evaluate(
    async ([tags, trial]) => {
      const rules = { [trial]: { enabled: true } };
      const { violations } = await window.axe.run({ runOnly: { type: "tag", values: tags }, rules, elementRef: true });
      return violations.flatMap(({ id, nodes }) => {
        const mine = nodes.filter((n) => id !== trial || n.element.closest("svg") === null);
        return mine.length === 0
          ? []
          : [`${id}: ${mine.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? ""}`)}`];
      });
    },
    [TAGS, TRIAL],
  );
  return found.map((f) => `${view}: ${f}`);
}

/** none fails if something was found. */
function none(found) {
  if (found.length > 0) throw new Error(`${found.length} findings\n${found.slice(0, SHOWN).join("\n")}`);
}

const server = await startServer();
const way = await proxy(server.url);
const dir = mkdtempSync(join(tmpdir(), "wireloom-axe-"));
const reference = (lab) =>
  gunzipSync(readFileSync(new URL(`../../scenarios/${lab}/reference.wasm.gz`, import.meta.url)));
const wrong = join(dir, "wrong.wasm");
writeFileSync(wrong, reference("arp"));
const browser = await launch();

/** views walks through all that the page shows, and says what is found. */
async function views(options) {
  const found = [];
  const see = async (page, view) => found.push(...(await clean(page, view)));
  const page = await open(browser, way.url, options);
  const id = (name) => page.getByTestId(name);
  const choose = async (label) => {
    await page.locator(`g[aria-label^="${label}"]`).first().focus();
    await page.keyboard.press("Enter");
  };
  await id("begin").waitFor();
  await see(page, "the start");

  await id("lab-ping").click();
  await shows(page, "connection", /^live$/);
  await see(page, "a lesson with an empty slot");
  await id("give-file-pingd").setInputFiles(join(import.meta.dirname, "axe.mjs"));
  await id("upload-error").waitFor();
  await see(page, "an upload that was refused");
  await id("upload-error").getByRole("button").click();
  await id("give-file-pingd").setInputFiles(wrong);
  await page.locator(".program", { hasText: "wrong.wasm" }).waitFor();
  await id("check").click();
  await shows(page, "checked", /checks passed/);
  for (const one of await page.locator(".checks summary").all()) await one.click();
  await see(page, "what a check has found");

  await id("solution").waitFor({ state: "detached" });
  await page.goto(`${way.url}/#scenario=ping&solution`);
  await page.locator(".row.is-frame", { hasText: "echo reply" }).first().waitFor();
  await id("try-1").click();
  await see(page, "a lab that runs");
  await id("pause").click();
  await shows(page, "steps", /paused/);
  await page.locator(".row.is-frame", { hasText: "echo request" }).first().click();
  await page.locator(".field", { hasText: "ICMP" }).first().click();
  await page.locator(".hex .lit").first().waitFor();
  await see(page, "a frame's fields and bytes, and time that is paused");
  await page.locator(".row.is-call").first().click();
  await see(page, "a call");
  await id("filter").fill("nothing has these words");
  await see(page, "a filter that nothing passes");
  await id("filter").fill("");
  await id("display").click();
  await id("filter").fill("arp or icmp");
  await page.locator(".display.valid").waitFor();
  await see(page, "a display filter");
  await id("filter").fill("arp or icpm");
  await id("filter-error").waitFor();
  await see(page, "what is no display filter");
  await id("display").click();
  await choose("node alice");
  await enter(page, "nothing");
  await page.locator("[data-testid=console] .bad").first().waitFor();
  for (const tab of ["console", "calls", "procs", "network"]) {
    await id(`tab-${tab}`).click();
    await see(page, `the view ${tab} of a node`);
  }
  await choose("program pingd on bob");
  for (const tab of ["console", "calls"]) {
    await id(`tab-${tab}`).click();
    await see(page, `the view ${tab} of a program`);
  }
  await choose("interface tap0 of bob");
  await see(page, "an interface");
  await choose("switch s1");
  await see(page, "a switch");
  await choose("link alice:em0");
  await see(page, "a link");
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await see(page, "the keys");
  await page.keyboard.press("Escape");
  await id("capture-part").click();
  await id("capture-point").waitFor();
  await see(page, "what to capture");
  await page.keyboard.press("Escape");

  await page.setViewportSize({ width: 640, height: 420 });
  for (const part of ["scenario", "topology", "timeline", "detail", "drawer"]) {
    await id(`part-${part}`).click();
    await see(page, `a narrow page's ${part}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  way.refuse = true;
  way.cut();
  await id("banner").waitFor();
  await see(page, "a connection that was lost");
  way.refuse = false;
  await until(page, "it is connected again", () => {
    document.querySelector("[data-testid=banner] button")?.click();
    return document.querySelector("[data-testid=connection]")?.textContent === "live";
  });
  way.say(JSON.stringify({ type: "bye", reason: "The server is being restarted." }));
  way.part();
  await id("banner").getByText("The server is being restarted.").waitFor();
  await see(page, "a lab that is closed");

  await page.goto(`${way.url}/#scenario=nothing`);
  await page.getByText("No lab could be started").waitFor();
  await see(page, "a lab that there is not");
  await page.goto(`${way.url}/#scenario=vpn`);
  await page.locator('g[aria-label^="interface tun0 of west, 10.8.0.1"]').waitFor();
  await see(page, "a lab with a tunnel");
  await page.goto(`${way.url}/#scenario=router&solution`);
  await until(page, "another lab", () => document.title.startsWith("router"));
  await see(page, "a lab with many links");
  await page.goto(`${way.url}/#scenario=spanning-tree&solution`);
  await until(page, "another lab", () => document.title.startsWith("spanning-tree"));
  await see(page, "a lab whose switches are told what to do");
  await choose("switch s1");
  await see(page, "a switch with a spanning tree");
  await page.context().close();
  return found;
}

/** classes walks through the pages of a class, and what opens on them. */
async function classes(options) {
  const found = [];
  const page = await open(browser, "about:blank", { timezoneId: "Europe/Vienna", ...options });
  const id = (name) => page.getByTestId(name);
  const see = async (view) => found.push(...(await clean(page, view)));
  const visit = async (who, address) => {
    await page.unrouteAll();
    await sampled(page, who);
    await page.goto("about:blank");
    await page.goto(`${server.url}/#${address}`);
    await page.locator(".school main h1").waitFor();
  };
  for (const [who, view, address] of PAGES) {
    await visit(who, address);
    await see(view);
  }
  const opens = [
    ["visitor", "signin", "a token", async () => id("have-code").click()],
    ["teacher", "class=class0", "a lesson that is changed", async () => id("edit-ping").click()],
    ["teacher", "class=class0", "lessons to add", async () => id("add-lessons").click()],
    ["teacher", "class=class0", "a code for a projector", async () => id("show-code").click()],
    ["teacher", "class=class0&tab=roster", "somebody to add", async () => id("add-member").click()],
    [
      "teacher",
      "class=class0&tab=roster",
      "what a list would change",
      async () => {
        await id("roster-file").setInputFiles({ name: "x.csv", mimeType: "text/csv", buffer: Buffer.from("x") });
        await id("diff").waitFor();
      },
    ],
    [
      "teacher",
      PAGES.find(([, view]) => view === "the gradebook of a lesson")[2],
      "a student's hand-ins",
      async () => {
        await id("book-row").first().getByRole("button").first().click();
        await id("person").getByText("could not be graded").waitFor();
        await id("export").click();
      },
    ],
    [
      "teacher",
      PAGES.find(([, view]) => view === "the gradebook of a lesson")[2],
      "a regrade's preview",
      async () => {
        await id("regrade").click();
        await id("regrade-reason").fill("why");
        await id("regrade-start").click();
        await id("regrade-preview").waitFor();
      },
    ],
    ["teacher", "class=class0&tab=wall", "words to all", async () => id("broadcast").click()],
    ["operator", "admin&tab=platforms", "a platform to register", async () => id("add-platform").click()],
  ];
  for (const [who, address, view, act] of opens) {
    await visit(who, address);
    await act();
    await see(view);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [who, view, address] of PAGES) {
    await visit(who, address);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) found.push(`${view} is ${over} px wider than a phone`);
  }
  await page.context().close();
  return found;
}

/** benches looks at a bench of a lesson, and at one that somebody else watches. */
async function benches(options) {
  const found = [];
  const page = await open(browser, `${server.url}/`, { timezoneId: "Europe/Vienna", ...options });
  const id = (name) => page.getByTestId(name);
  const see = async (view) => found.push(...(await clean(page, view)));
  const lab = await page.evaluate(async () => {
    const headers = { "Content-Type": "application/json" };
    const r = await fetch("api/labs", { method: "POST", headers, body: '{"scenario":"ping","empty":true}' });
    return (await r.json()).id;
  });
  await sampled(page, "student", lab);
  await page.goto("about:blank");
  await page.goto(`${server.url}/#${BENCH}`);
  await shows(page, "connection", /^live$/);
  await shows(page, "work-state", /hand-in 3/);
  await see("a bench of a lesson");
  await id("handin").click();
  await see("what is handed in");
  await page.keyboard.press("Escape");
  await id("work-state").getByRole("button").click();
  await see("what was handed in");
  await page.keyboard.press("Escape");
  await id("over").click();
  await see("starting over");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 640, height: 420 });
  await see("a narrow bench of a lesson");
  await page.context().close();
  const teacher = await open(browser, "about:blank", options);
  await sampled(teacher, "teacher");
  await teacher.goto(`${server.url}/#class=class0&watch=${lab}`);
  await shows(teacher, "connection", /^live$/);
  found.push(...(await clean(teacher, "somebody else's bench")));
  await teacher.context().close();
  return found;
}

/** reports are those that labserver writes, by what they are. */
function reports() {
  const handed = join(dir, "handed");
  mkdirSync(handed);
  writeFileSync(join(handed, "anna.wasm"), reference("ping"));
  writeFileSync(join(handed, "bert.wasm"), reference("arp"));
  const say = (...args) => spawnSync(LABSERVER, args, { encoding: "utf8" });
  for (const args of [
    ["grade", "ping", "--html", join(dir, "passed.html")],
    ["grade", "ping", "--program", wrong, "--html", join(dir, "failed.html")],
    ["grade", "ping", "--program", wrong, "--audience", "student", "--html", join(dir, "student.html")],
    ["grade-all", "ping", handed, "--format", "html", "--out", join(dir, "all")],
  ]) {
    const r = say(...args);
    if (r.status > 1) throw new Error(`${args.join(" ")}: ${r.stderr}`);
  }
  const pages = readdirSync(dir, { recursive: true }).filter((f) => f.endsWith(".html"));
  if (pages.length < 5) throw new Error(`only ${pages.length} reports were made`);
  return pages;
}
const made = reports();

const MODES = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["forced colours", { forcedColors: "active" }],
];
await run(
  MODES.flatMap(([mode, options]) => [
    [`the page, ${mode}`, async () => none(await views(options))],
    [`the pages of a class, ${mode}`, async () => none(await classes(options))],
    [`a lesson's bench, ${mode}`, async () => none(await benches(options))],
    [
      `reports, ${mode}`,
      async () => {
        const found = [];
        for (const file of made) {
          const page = await open(browser, pathToFileURL(join(dir, file)).href, options);
          found.push(...(await clean(page, file)));
          await page.context().close();
        }
        none(found);
      },
    ],
  ]),
);
await browser.close();
way.close();
rmSync(dir, { recursive: true });
if ((await server.stop()) !== 0) {
  console.error(`labserver ended badly:\n${server.log}`);
  process.exitCode = 1;
}
