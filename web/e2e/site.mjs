// A site that labserver writes, on a plain static server below a sub-path, and then without any server:
// lessons are done to their points, with the hashes that labserver grade has.
//   LABSERVER        the program, with tab/lab.wasm beside it
//   WIRELOOM_CACHE   compiled programs, for labserver grade
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { launch, open, run, shows, until, want } from "./browser.mjs";
import { LABSERVER } from "./server.mjs";
import { serveFolder } from "./static.mjs";

const SCENARIOS = new URL("../../scenarios/", import.meta.url).pathname;
const dir = await mkdtemp(join(tmpdir(), "wireloom-site-"));
const folder = join(dir, "site");
execFileSync(LABSERVER, ["site", folder], { stdio: "inherit" });
const { server, url } = await serveFolder(folder);
const browser = await launch();
const page = await open(browser, "about:blank");
// What the worker answers is looked at on its way to the page.
await page.addInitScript(() => {
  window.graded = [];
  const Plain = window.Worker;
  window.Worker = class extends Plain {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", (m) => {
        if (m.data.kind !== "answer") return;
        const text = new TextDecoder().decode(m.data.answer.body);
        if (text.includes('"checks"')) window.graded.push(JSON.parse(text));
      });
    }
  };
});
await page.goto(url);

/** references unpacks the reference programs of a scenario; by the word for what they are, "" where all are one. */
function references(name) {
  const all = {};
  for (const f of readdirSync(join(SCENARIOS, name))) {
    const m = /^reference(?:\.(.+))?\.wasm\.gz$/.exec(f);
    if (m === null) continue;
    const to = join(dir, `${name}-${m[1] ?? "all"}.wasm`);
    if (!existsSync(to)) writeFileSync(to, gunzipSync(readFileSync(join(SCENARIOS, name, f))));
    all[m[1] ?? ""] = to;
  }
  return all;
}

function graded(name) {
  try {
    return JSON.parse(
      execFileSync(LABSERVER, ["grade", "--json", "--audience", "student", name], { encoding: "utf8" }),
    );
  } catch (e) {
    return JSON.parse(e.stdout); // a check that didn't pass is told by the code, too
  }
}

/** doLesson opens a lab anew, puts the reference programs into its slots, and has them checked. */
async function doLesson(name) {
  await page.goto(`${url}#`);
  await page.goto(`${url}#scenario=${name}`);
  await shows(page, "connection", /^live$/);
  const all = references(name);
  await page.locator('[data-testid^="give-file-"]').first().waitFor({ state: "attached" });
  const slots = await page.locator('[data-testid^="give-file-"]').evaluateAll((e) => e.map((x) => x.dataset.testid));
  for (const slot of new Set(slots)) {
    const proc = slot.slice("give-file-".length);
    const word = Object.keys(all).find((w) => w === "" || w === proc || w.endsWith(`.${proc}`));
    if (word === undefined) throw new Error(`no reference program for ${proc}: ${Object.keys(all)}`);
    for (const input of await page.getByTestId(slot).all()) await input.setInputFiles(all[word]);
  }
  const before = await page.evaluate(() => window.graded.length);
  await page.getByTestId("check").click();
  await until(page, "the check says something", (n) => window.graded.length > n, before);
  return page.evaluate(() => window.graded.at(-1));
}

const WITH_PROGRAMS = JSON.parse(readFileSync(join(folder, "site.json"), "utf8"))
  .Scenarios.filter((s) => s.checked)
  .map((s) => s.name);
const LESSONS = process.env.SITE_LESSONS?.split(" ") ?? WITH_PROGRAMS;

await run([
  [
    "the folder opens on a static server below a path, with the list of its scenarios",
    async () => {
      await page
        .getByTestId("begin")
        .getByText(/^Begin lesson 1: /)
        .waitFor();
      want("a sign in", await page.getByTestId("signin").count(), 0);
    },
  ],
  [
    "the browser has all of it",
    async () => {
      await page.evaluate(() => navigator.serviceWorker.ready);
      await until(page, "the service worker has the page", () => navigator.serviceWorker.controller !== null);
    },
  ],
  [
    "without a server it opens again",
    async () => {
      server.close();
      server.closeAllConnections();
      await page.context().setOffline(true);
      await page.goto("about:blank");
      await page.goto(url);
      await page.getByTestId("begin").waitFor();
    },
  ],
  ...LESSONS.map((name) => [
    `${name} is done offline, with labserver grade's hash`,
    async () => {
      const got = await doLesson(name);
      const wanted = graded(name);
      want("the hash", got.hash, wanted.hash);
      want("the score", got.score, wanted.score);
      want("more is checked", got.hidden, wanted.hidden);
      want("the checks", JSON.stringify(got.checks), JSON.stringify(wanted.checks));
    },
  ]),
  [
    "a recording of a lab in the page replays to the same hash",
    async () => {
      const [d] = await Promise.all([page.waitForEvent("download"), page.getByTestId("recording").click()]);
      const said = execFileSync(LABSERVER, ["replay", await d.path()], { encoding: "utf8" });
      want("the replay", said.startsWith("the same"), true);
    },
  ],
  [
    "loaded again, the page says that its lab has ended",
    async () => {
      await page.reload();
      await page.getByText("a lab ends with the page that it is in", { exact: false }).first().waitFor();
      await page.getByText("start a new lab").click();
      await page.getByTestId("begin").waitFor();
    },
  ],
  [
    "a newer site leaves the page that is open as it is, and is there at the next visit",
    async () => {
      execFileSync(LABSERVER, ["site", folder, "ping", "arp"], { stdio: "inherit" });
      const again = await serveFolder(folder, Number(new URL(url).port));
      await page.context().setOffline(false);
      await page.goto("about:blank");
      await page.goto(url);
      await page.getByTestId("lab-first-io").waitFor();
      await page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration.update();
        const next = registration.installing ?? registration.waiting;
        while (next !== null && next.state === "installing")
          await new Promise((done) => next.addEventListener("statechange", done, { once: true }));
      });
      await page.reload();
      await page.getByTestId("lab-first-io").waitFor();
      await page.goto("about:blank"); // and nobody has the old version open
      await page.goto(url);
      await page.getByTestId("lab-arp").waitFor();
      want("the old version's scenarios", await page.getByTestId("lab-first-io").count(), 0);
      again.server.close();
      again.server.closeAllConnections();
    },
  ],
  ["nothing went wrong on the page", async () => want("errors", page.wrongs.join("\n"), "")],
]);
await browser.close();
await rm(dir, { recursive: true });
