// What a newcomer does, in a real browser against a running labserver.
//   WIRELOOM_URL         where it is
//   WIRELOOM_WASM_GOOD   a program that answers pings
//   WIRELOOM_WASM_FIRST  one that does lesson 1
//   WIRELOOM_WASM_SPIN   one that spins for ever
//   WIRELOOM_WASM_BAD    a file that is no WebAssembly
//   WIRELOOM_KEEP        a folder to put what is downloaded into, as capture and recording
//   WIRELOOM_SCREENSHOT  set: take the README's picture into docs/page.png
import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { enter, launch, open, run, shows, typesTo, until, want } from "./browser.mjs";

function env(name) {
  const v = process.env[name];
  if (v === undefined || v === "") {
    console.error(`${name} is not set: see the head of e2e/story.mjs`);
    process.exit(1);
  }
  return v;
}
const url = env("WIRELOOM_URL");
const good = env("WIRELOOM_WASM_GOOD");
const spin = env("WIRELOOM_WASM_SPIN");
const bad = env("WIRELOOM_WASM_BAD");
const first = env("WIRELOOM_WASM_FIRST");
const keep = process.env.WIRELOOM_KEEP;
for (const f of [good, first, spin, bad]) {
  if (!existsSync(f)) {
    console.error(`${f} is not there: make build makes the sample programs`);
    process.exit(1);
  }
}

const browser = await launch();
const page = await open(browser, url);

const id = (name) => page.getByTestId(name);
const pick = (label) =>
  page
    .locator(`g[aria-label^="${label}"]`)
    .focus()
    .then(() => page.keyboard.press("Enter"));
const bob = () => pick("program pingd on bob");
const alice = () => pick("node alice");

/** pingsSucceed waits for answers that come after now. */
async function pings(pattern) {
  await alice();
  const lines = await page.locator("[data-testid=console] .text").allTextContents();
  const seen = lines.filter((l) => new RegExp(pattern.source).test(l)).at(-1) ?? "";
  await until(
    page,
    `ping prints a new line like ${pattern}`,
    ([source, old]) => {
      const all = [...document.querySelectorAll("[data-testid=console] .text")].map((e) => e.textContent ?? "");
      const last = all.filter((l) => new RegExp(source).test(l)).at(-1);
      return last !== undefined && last !== old;
    },
    [pattern.source, seen],
  );
}
const ANSWER = /bytes from 10\.0\.0\.2: icmp_seq=\d+/;

/** unanswered waits for two echo requests in a row without a reply between them. */
async function unanswered() {
  await until(page, "two echo requests go unanswered", () => {
    const rows = [...document.querySelectorAll(".row.is-frame")].map((r) => r.textContent ?? "");
    let open = 0;
    let at = 0;
    for (const r of rows) {
      if (r.includes("echo reply")) open = 0;
      else if (r.includes("echo request") && r.includes("alice:em0 →")) open++;
      else if (r.includes("who has 10.0.0.2") && r.includes("alice:em0 →")) at++;
    }
    return open >= 2 || at >= 2;
  });
}

async function download(name) {
  const [d] = await Promise.all([page.waitForEvent("download"), id(name).click()]);
  const path = await d.path();
  if (statSync(path).size === 0) throw new Error(`${name} is empty`);
  if (keep) copyFileSync(path, join(keep, name));
  return d.suggestedFilename();
}

await run([
  [
    "the page begins with what there is; a lesson begins with an empty slot, and its solution is a choice",
    async () => {
      await id("begin")
        .getByText(/^Begin lesson 1: /)
        .waitFor();
      await id("lab-ping").click();
      await shows(page, "connection", /^live$/);
      await id("empty-slot").waitFor();
      await page.goBack();
      await id("begin").waitFor();
      await id("lab-ping").click();
      await id("solution").click();
    },
  ],
  [
    "lesson 1 is done on the page: the starter, one's program, a frame, the check, and what is missing",
    async () => {
      const lesson = await open(browser, `${url}/#scenario=first-io`);
      const [zip] = await Promise.all([lesson.waitForEvent("download"), lesson.getByTestId("starter").click()]);
      want("the starter", zip.suggestedFilename(), "first-io-starter.zip");
      await lesson.getByTestId("check").click();
      await shows(lesson, "checked", /^Nothing was checked: bob\.mirror has no program yet: upload one first$/);
      await lesson.getByTestId("give-file-mirror").setInputFiles(good); // a program, but not for this
      await lesson.locator(".program", { hasText: basename(good) }).waitFor();
      await lesson.getByTestId("check").click();
      await shows(lesson, "checked", /^\d+ of 12 checks passed so far/);
      await lesson.locator("[data-testid=check-opens].failed summary").click();
      await lesson.getByText("open(2) with O_RDWR", { exact: false }).waitFor();
      await lesson.getByTestId("give-file-mirror").setInputFiles(first);
      await shows(lesson, "checked", /^$/);
      await lesson.locator('g[aria-label^="program mirror on bob: sleeping"]').waitFor();
      await lesson.getByTestId("try-1").click();
      await shows(lesson, "look", /The frame comes to bob/);
      await shows(lesson, "console", /60 bytes from 02:00:00/);
      await lesson.getByTestId("check").click();
      await shows(lesson, "checked", /^12 of 12 checks passed so far/);
      await lesson.getByTestId("home").click();
      await lesson.getByText("all checks passed").waitFor();
      await lesson.getByTestId("begin").getByText("Begin lesson 2").waitFor();
      want("errors", lesson.wrongs.join("\n"), "");
      await lesson.context().close();
    },
  ],
  [
    "the solution runs in a lab of one's own",
    async () => {
      await page.locator('g[aria-label^="program pingd on bob: sleeping"]').waitFor();
      await shows(page, "connection", /^live$/);
      if (!/#lab=./.test(page.url())) throw new Error(`the address does not keep the lab: ${page.url()}`);
      for (const label of ["node alice, freebsd", "node bob, netbsd", "switch s1", "link alice:em0 to s1.1"]) {
        await page.locator(`g[aria-label^="${label}"]`).waitFor();
      }
    },
  ],
  [
    "frames, device calls and consoles appear",
    async () => {
      await page.locator(".row.is-frame", { hasText: "echo request" }).first().waitFor();
      await page.locator(".row.is-frame", { hasText: "echo reply" }).first().waitFor();
      await page
        .locator(".row.is-call", { hasText: /read\(\d+<\/dev\/tap0>, \d+\) = \d+/ })
        .first()
        .waitFor();
      await bob();
      await until(
        page,
        "pingd printed something",
        () => document.querySelector("[data-testid=console] .text") !== null,
      );
      await pings(ANSWER);
    },
  ],
  [
    "a frame is seen moving on its link",
    async () => {
      await until(page, "something is drawn on the canvas", () => {
        const c = document.querySelector("section[aria-label=Topology] canvas");
        const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
        for (let i = 3; i < d.length; i += 4) if (d[i] > 0) return true;
        return false;
      });
    },
  ],
  [
    "a row shows its fields and bytes, and each lights the other up",
    async () => {
      await page.locator(".row.is-frame", { hasText: "echo request" }).last().click();
      await shows(page, "following", /not following/);
      await page.locator(".field", { hasText: "ICMP" }).first().click();
      await page.locator(".hex .lit").first().waitFor();
      await page.locator('.hex [data-off="0"]').first().click();
      await until(page, "the byte's field is selected", () =>
        document.querySelector(".field[aria-selected=true]")?.title.includes("bytes 0 to 5"),
      );
      await page.locator(".row.mate").first().waitFor();
      if (process.env.WIRELOOM_SCREENSHOT) {
        await page.locator(".field", { hasText: "ICMP" }).first().click();
        await alice();
        await until(
          page,
          "ping's answers are in the picture",
          () => document.querySelectorAll("[data-testid=console] .text").length >= 5,
        );
        const docs = join(import.meta.dirname, "../../docs");
        mkdirSync(docs, { recursive: true });
        await page.screenshot({ path: join(docs, "page.png") });
      }
      await id("follow").click();
    },
  ],
  [
    "a command at alice's prompt runs",
    async () => {
      await alice();
      await id("prompt").fill("ping -c 3 10.0.0.2");
      await id("prompt").press("Enter");
      await shows(page, "console", /3 (packets )?received/);
    },
  ],
  [
    "a pipeline at the prompt, and a file that it makes",
    async () => {
      await typesTo(page, "Command to run on alice");
      await enter(page, "ls / | cat > /tmp/x");
      await id("program")
        .locator("optgroup[label=ended] option", { hasText: /^cat\./ })
        .waitFor({ state: "attached" });
      await typesTo(page, "Command to run on alice");
      await enter(page, "cat /tmp/x");
      await page.locator("[data-testid=console] .text", { hasText: /^dev$/ }).waitFor();
    },
  ],
  [
    "Ctrl-C interrupts what runs in front, Ctrl-D ends what reads",
    async () => {
      await typesTo(page, "Command to run on alice");
      await enter(page, "ping 10.0.0.2");
      await shows(page, "front", /^ping\.\d+ runs: Ctrl-C interrupts it$/);
      await typesTo(page, "Command to run on alice"); // ping reads nothing
      await page.locator('g[aria-label^="process ping."]').waitFor();
      await id("prompt").press("Control+c");
      await page
        .locator("[data-testid=console] div", { hasText: /^ping\.\d+\d+ packets transmitted/ })
        .last()
        .waitFor();
      await typesTo(page, "Command to run on alice");
      await enter(page, "cat");
      await typesTo(page, "the input of cat");
      await enter(page, "heard");
      await page
        .locator("[data-testid=console] .text", { hasText: /^heard$/ })
        .nth(1)
        .waitFor();
      await id("prompt").press("Control+d");
      await typesTo(page, "Command to run on alice");
    },
  ],
  [
    "the strace of a program has its calls with their arguments, and the fuel between them",
    async () => {
      await bob();
      await id("tab-calls").click();
      await id("calls").focus();
      await page.keyboard.press("Home");
      await shows(page, "calls", /started as process \d+: pingd\.wasm/);
      await page.keyboard.press("End");
      await shows(page, "calls", /\+\d[\d,]*write\(\d+<\/dev\/tap0>, [0-9a-f]{32}\.\.\., 98\) = 98/);
      await id("tab-console").click();
    },
  ],
  [
    "a lab with a tunnel: its programs start others, whose tuns, addresses and routes are seen",
    async () => {
      const vpn = await open(browser, `${url}/#scenario=vpn`);
      await shows(vpn, "connection", /^live$/);
      await vpn.locator('g[aria-label^="interface tun0 of west, 10.8.0.1 → 10.8.0.2"]').waitFor();
      await vpn.locator(".tunnel title", { hasText: "tunnel west:tun0 to east:tun0" }).waitFor({ state: "attached" });
      const choose = async (label) => {
        await vpn.locator(`g[aria-label^="${label}"]`).focus();
        await vpn.keyboard.press("Enter");
      };
      await choose("program vpnd on west");
      await vpn.getByTestId("tab-calls").click();
      const spawned = vpn.locator(".traceline", { hasText: /spawn\(\["ifconfig"/ });
      await spawned.first().waitFor();
      await spawned
        .first()
        .locator(".child", { hasText: /^ifconfig\.\d+$/ })
        .click();
      await shows(vpn, "calls", /started as process \d+: ifconfig.*ended, exit, code 0/);
      await choose("interface tun0 of west");
      await shows(vpn, "network", /10\.2\.0\.0\/24.*tun0/);
      await vpn.getByTestId("tab-procs").click();
      await shows(vpn, "procs", /ifconfig\.\d+vpndexited 0/);
      await choose("node alice");
      await enter(vpn, "ping -c 2 10.2.0.2");
      await shows(vpn, "console", /2 packets transmitted, 2 packets received/);
      want("errors", vpn.wrongs.join("\n"), "");
      await vpn.context().close();
    },
  ],
  [
    "pause, step one event, run, and every speed",
    async () => {
      await id("pause").click();
      await shows(page, "pause", /^run$/);
      const before = await id("clock").textContent();
      await id("step").click();
      await until(
        page,
        "a step moves the clock or adds a row",
        (t) => document.querySelector("[data-testid=clock]")?.textContent !== t,
        before,
      );
      await shows(page, "pause", /^run$/);
      await id("pause").click();
      await shows(page, "pause", /^pause$/);
      for (const rate of ["10x", "max", "1x"]) {
        await id(`rate-${rate}`).click();
        await until(
          page,
          `${rate} is chosen`,
          (r) => document.querySelector(`[data-testid="rate-${r}"]`)?.ariaChecked === "true",
          rate,
        );
      }
    },
  ],
  [
    "the program is stopped: the pings fail",
    async () => {
      await bob();
      await id("stop").click();
      await shows(page, "proc-state", /stopped|exited/);
      await unanswered();
    },
  ],
  [
    "a file that is no WebAssembly is refused in a sentence",
    async () => {
      await bob();
      await id("file").setInputFiles(bad);
      await shows(page, "upload-error", /\w+ \w+ \w+/);
    },
  ],
  [
    "one's own program is uploaded and started: the pings succeed again",
    async () => {
      await id("file").setInputFiles(good);
      await page
        .getByTestId("proc-state")
        .filter({ hasText: /running|sleeping|ready/ })
        .waitFor();
      await page.locator(".program", { hasText: basename(good) }).waitFor();
      await pings(ANSWER);
    },
  ],
  [
    "a program that spins is seen eating the CPU, and can be killed; the lab goes on",
    async () => {
      await bob();
      await id("file").setInputFiles(spin);
      await shows(page, "cpu", /100 %/);
      await page.locator('g[aria-label^="program pingd on bob: CPU 100 %"]').waitFor();
      const t = await id("clock").textContent();
      await until(page, "time goes on", (was) => document.querySelector("[data-testid=clock]")?.textContent !== was, t);
      await id("kill").click();
      await shows(page, "proc-state", /stopped|exited/);
    },
  ],
  [
    "the capture and the recording are downloaded",
    async () => {
      if (!/pcapng$/.test(await download("capture"))) throw new Error("the capture's name does not end in pcapng");
      await download("recording");
    },
  ],
  [
    "a reload comes back to the same lab",
    async () => {
      const before = page.url();
      await page.reload();
      await shows(page, "connection", /^live$/);
      want("address", page.url(), before);
      await page.locator(".row").first().waitFor();
    },
  ],
  ["the page made no error of its own", async () => want("errors", page.wrongs.join("\n"), "")],
]);
await browser.close();
