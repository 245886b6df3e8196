// A person at the page while a program does what it should not: how many frames the
// page draws, and how long it is from a click to what is seen of it. Prints JSON.
//   WIRELOOM_URL      where a labserver is
//   WIRELOOM_PROGRAM  the program, a .wasm; none: the one that is there
//   WIRELOOM_SECONDS  how long
import { launch, open, PATIENCE, shows, until } from "./browser.mjs";

const { WIRELOOM_URL: url, WIRELOOM_PROGRAM: program, WIRELOOM_SECONDS: seconds } = process.env;
if (!url || !seconds) {
  console.error("WIRELOOM_URL and WIRELOOM_SECONDS are not set: make bench ITEMS=page sets them");
  process.exit(1);
}
const ALIVE = "running|sleeping|ready";
/** What each control is seen by: elements and what they say then, "" for something else than before. */
const CONTROLS = [
  ["pause", "pause", "pause", "^run$"],
  ["step", "step", "steps", ""],
  ["run", "pause", "pause", "^pause$"],
  ["kill", "kill", "proc-state", "exited|not started|stopped"],
  ["start", "start", "proc-state", ALIVE],
];

const browser = await launch();
const page = await open(browser, `${url}/#scenario=ping&solution`);
await shows(page, "connection", /^live$/);
await page.locator('g[aria-label^="program pingd on bob"]').focus();
await page.keyboard.press("Enter");
await page
  .getByTestId("proc-state")
  .filter({ hasText: new RegExp(ALIVE) })
  .waitFor();
if (program) await page.getByTestId("file").setInputFiles(program);
await until(
  page,
  "the program runs",
  (name) => name === "" || document.querySelector(".program")?.textContent === name,
  program ? program.split("/").at(-1) : "",
);
await page
  .getByTestId("proc-state")
  .filter({ hasText: new RegExp(ALIVE) })
  .waitFor();

await page.evaluate(() => {
  const w = window;
  w.frames = [];
  const frame = (t) => {
    w.frames.push(t);
    w.check?.();
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  /** await_ makes ready for a click, after which an element is to say something else. */
  w.await_ = (button, id, pattern) => {
    const says = () =>
      id
        .split(" ")
        .map((i) => document.querySelector(`[data-testid="${i}"]`)?.textContent ?? "")
        .join(" ");
    const before = says();
    const there = (text) => (pattern === "" ? text !== before : new RegExp(pattern).test(text));
    w.seen = new Promise((done, no) => {
      addEventListener(
        "pointerdown",
        (e) => {
          if (e.target.closest(`[data-testid="${button}"]`) === null) {
            no(new Error(`${button} is not where it was: the click went beside`));
            return;
          }
          // The frame after the one in which it is there has shown it.
          let shown = false;
          w.check = () => {
            if (shown) {
              w.check = undefined;
              done(performance.now() - e.timeStamp);
            } else shown = there(says());
          };
        },
        { capture: true, once: true },
      );
    });
  };
});

/** click clicks as a mouse does, and returns how long it took to be seen. */
async function click(button, id, pattern) {
  const at = await page.evaluate(
    ([b, i, p]) => {
      const el = document.querySelector(`[data-testid="${b}"]`);
      if (el === null || el.disabled) return null;
      const box = el.getBoundingClientRect();
      window.await_(b, i, p);
      return [box.x + box.width / 2, box.y + box.height / 2];
    },
    [button, id, pattern],
  );
  if (at === null) throw new Error(`${button} can't be pressed`);
  await page.mouse.click(at[0], at[1]);
  const late = new Promise((_, no) => setTimeout(() => no(new Error(`${button}: nothing was seen`)), PATIENCE));
  return Promise.race([page.evaluate(() => window.seen), late]);
}

const latencies = {};
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
await wait(2000); // until it does what it does
await page.evaluate(() => {
  window.frames.length = 0;
});
const end = Date.now() + 1000 * Number(seconds);
let heap = 0;
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable");
while (Date.now() < end) {
  for (const [name, button, id, pattern] of CONTROLS) {
    latencies[name] ??= [];
    latencies[name].push(await click(button, id, pattern));
    await wait(700);
  }
  const { metrics } = await cdp.send("Performance.getMetrics");
  heap = Math.max(heap, metrics.find((m) => m.name === "JSHeapUsedSize").value);
}
const times = await page.evaluate(() => window.frames);
const frames = [];
for (let t = times[0]; t + 1000 <= times.at(-1); t += 1000)
  frames.push(times.filter((x) => x >= t && x < t + 1000).length);
const rows = await page.evaluate(() => document.querySelectorAll("*").length);
const left = await page.getByTestId("kept").textContent();
if (page.wrongs.length > 0) throw new Error(page.wrongs.join("\n"));
console.log(JSON.stringify({ frames, latencies, heap, rows, left }));
await browser.close();
