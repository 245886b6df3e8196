// How the page behaves when things go wrong, against the mock lab: needs `npm run build` first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../dev/mock-server.mjs";
import { enter as enterAt, launch, open, run, shows, typesTo as typesToAt, until, want } from "./browser.mjs";

if (!existsSync(join(import.meta.dirname, "../dist/index.html"))) {
  console.error("the page is not built: run `npm run build` (or make build) first");
  process.exit(1);
}
const mock = await serve();
const browser = await launch();
const page = await open(browser, mock.url);
await shows(page, "connection", /^live$/);
const labOf = (p) => mock.labs.get(new URLSearchParams(new URL(p.url()).hash.slice(1)).get("lab"));
const lab = labOf(page);
const kept = () => page.getByTestId("kept").textContent();
const count = (n) => `${n}`.replace(/\B(?=(\d{3})+$)/g, ",");

/** cut ends a lab's connections as a broken network does. */
function cut(l) {
  for (const ws of l.viewers) ws.terminate();
}

const enter = (line) => enterAt(page, line);
const typesTo = (whom) => typesToAt(page, whom);

await run([
  [
    "labs are offered in the order of the course, and a choice starts one; Back leads to the one before",
    async () => {
      const p = await open(browser, mock.url);
      await shows(p, "connection", /^live$/);
      const before = p.url();
      const names = await p.getByTestId("scenario").locator("optgroup[label=Course] option").allTextContents();
      want("the course", names.join("|"), "1  Read and write|2  Answer a ping");
      await p.getByTestId("scenario").selectOption("vpn");
      want("a choice alone", p.url(), before);
      await p.getByTestId("start-lab").click();
      await until(p, "another lab", (u) => location.href !== u && document.title.startsWith("vpn"), before);
      await p.goBack();
      await until(p, "the lab before", (u) => location.href === u && document.title.startsWith("ping"), before);
      await p.close();
    },
  ],
  [
    "single keys: pause, step, run, speed, the list of keys",
    async () => {
      await page.keyboard.press("Space");
      await shows(page, "pause", /^run$/);
      const steps = lab.steps;
      await page.keyboard.press(".");
      await until(
        page,
        "the step's row",
        () => document.querySelector(".row.is-learn:nth-last-of-type(-n+8)") !== null,
      );
      want("steps", lab.steps, steps + 1);
      await page.keyboard.press("Space");
      await shows(page, "pause", /^pause$/);
      await page.keyboard.press("2");
      await until(page, "10x", () => document.querySelector("[data-testid='rate-10x']")?.ariaChecked === "true");
      await page.keyboard.press("?");
      await page.locator("dialog[open]").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog[open]").waitFor({ state: "detached" });
    },
  ],
  [
    "the list follows, stops when scrolled up and says so, and follows again",
    async () => {
      await until(page, "more rows than fit", () => {
        const el = document.querySelector("[data-testid=timeline]");
        return el.scrollHeight > 2 * el.clientHeight;
      });
      await shows(page, "following", /^following$/);
      await page.getByTestId("timeline").hover();
      await page.mouse.wheel(0, -400);
      await shows(page, "following", /not following/);
      const was = await page.getByTestId("timeline").evaluate((el) => el.scrollTop);
      const n = await kept();
      await until(
        page,
        "more rows came",
        (old) => document.querySelector("[data-testid=kept]")?.textContent !== old,
        n,
      );
      want("scroll position", await page.getByTestId("timeline").evaluate((el) => el.scrollTop), was);
      await page.getByTestId("follow").click();
      await shows(page, "following", /^following$/);
    },
  ],
  [
    "keys in the list move the selection; brackets go along a frame; Escape lets go",
    async () => {
      await page.getByTestId("timeline").focus();
      await page.keyboard.press("Home");
      await page.locator('.row[data-n="0"].on').waitFor();
      await page.keyboard.press("ArrowDown");
      await page.locator('.row[data-n="1"].on').waitFor();
      await page.locator(".row.is-frame").first().click();
      const first = await page.locator(".row.on").getAttribute("data-n");
      await page.keyboard.press("]");
      await until(
        page,
        "another row of the frame",
        (n) =>
          document.querySelector(".row.on")?.dataset.n !== n &&
          document.querySelector(`.row[data-n="${n}"]`)?.matches(".mate"),
        first,
      );
      await page.keyboard.press("Escape");
      await page.locator(".row.on").waitFor({ state: "detached" });
      await page.getByLabel("About this lab").waitFor();
      await page.keyboard.press("f");
    },
  ],
  [
    "selecting in the topology fills the drawer: switch, link, device",
    async () => {
      await page.locator('g[aria-label^="switch s1"]').click();
      await page.getByRole("heading", { name: "switch s1" }).waitFor();
      await page.locator('g[aria-label^="link bob:tap0 to s1.2"], g[aria-label^="link s1.2 to bob:tap0"]').focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: /link bob:tap0/ }).waitFor();
      await page.locator('g[aria-label^="interface tap0 of bob"]').click();
      await shows(page, "network", /tap0UP, BROADCAST, RUNNING/);
      await shows(page, "device", /02:00:00:00:00:0b/);
      await page.getByTestId("tab-calls").click();
      await shows(page, "calls", /\+312read\(4<\/dev\/tap0>, 02000000000b.*, 2048\) = 98/);
    },
  ],
  [
    "a command that is refused says why in the transcript, where it stays",
    async () => {
      await page.getByTestId("rate-1x").click(); // so that what is looked for stays in sight
      await page.locator('g[aria-label^="program ping on alice"]').click();
      await page.getByTestId("tab-console").click();
      await enter("frobnicate");
      await shows(page, "console", /alice\$frobnicate.*there is no such command/);
      want("the prompt", await page.getByTestId("prompt").inputValue(), "");
      await page.getByTestId("prompt").press("ArrowUp");
      want("the line, to be mended", await page.getByTestId("prompt").inputValue(), "frobnicate");
      await page.getByTestId("prompt").fill("");
    },
  ],
  [
    "100,000 lines: only those in sight are in the document, and what is let go is counted",
    async () => {
      await enter("print 100000");
      await shows(page, "console", /print\.1line 100000/);
      const lines = await page.locator("[data-testid=console] .line").count();
      if (lines > 60) throw new Error(`${lines} lines are in the document`);
      await shows(page, "let-go", /^the oldest 9[0-9],\d{3} lines let go \(at most 10,000 are kept\)$/);
      await page.getByTestId("console").hover();
      await page.mouse.wheel(0, -3000);
      await until(page, "older lines", () => {
        const text = document.querySelector("[data-testid=console]").textContent;
        return /line 99\d{3}/.test(text) && !text.includes("line 100000");
      });
      const first = () => page.locator("[data-testid=console] .line .text").nth(8).textContent();
      const was = await first();
      const n = await kept();
      await until(page, "more came", (o) => document.querySelector("[data-testid=kept]")?.textContent !== o, n);
      want("the line that one reads", await first(), was);
      if ((await page.locator("[data-testid=console] .line").count()) > 60)
        throw new Error("more lines than can be seen");
    },
  ],
  [
    "a prompt stays a prompt while a program prints; when time stands, it is said where one types",
    async () => {
      lab.begin("alice", "chatter");
      await page
        .getByTestId("program")
        .locator("option", { hasText: /^chatter\./ })
        .waitFor({ state: "attached" });
      await typesTo("Command to run on alice");
      await page.getByTestId("pause").click();
      await shows(page, "stands", /time is paused/);
      await page.getByTestId("stands").getByRole("button").click();
      await page.getByTestId("stands").waitFor({ state: "detached" });
      const guest = lab.guests.find((g) => g.proc.startsWith("chatter"));
      lab.leave(guest, 3, "exit", "it had enough");
      await page.getByTestId("program").selectOption(guest.proc);
      await shows(page, "proc-state", /^exited 3$/);
      await page.locator('g[aria-label^="program ping on alice"]').click();
    },
  ],
  [
    "lines go to a syscall prompt, and so do Ctrl-C and Ctrl-D",
    async () => {
      const prompt = page.getByTestId("prompt");
      await prompt.fill("syscall");
      await prompt.press("Enter");
      await typesTo("the input of syscall");
      await prompt.fill("open /dev/tap0");
      await prompt.press("Enter");
      await shows(page, "console", /syscall> open \/dev\/tap0.*= 4/);
      await prompt.fill("read 4");
      await prompt.press("Enter");
      await prompt.press("Control+c");
      await shows(page, "console", /syscall> read 4.*\^C= -1 EINTR/);
      await prompt.press("Control+d");
      await typesTo("Command to run on alice");
    },
  ],
  [
    "a pipeline runs, and says nothing but what it should",
    async () => {
      await enter("ls /tmp | cat > /tmp/x");
      await shows(page, "console", /alice\$ls \/tmp \| cat > \/tmp\/x/);
      await typesTo("Command to run on alice");
      await page.locator(".row.is-command", { hasText: "alice$ ls /tmp | cat > /tmp/x" }).first().waitFor();
      await page.getByTestId("program").locator("option", { hasText: /^ls\./ }).waitFor({ state: "attached" });
      if (/exited with code 0/.test(await page.getByTestId("console").textContent()))
        throw new Error("a command that did its work says so");
    },
  ],
  [
    "what runs in front has the lines, Ctrl-D ends its input, Ctrl-C the program; the line is edited as on a terminal",
    async () => {
      const prompt = page.getByTestId("prompt");
      await enter("cat");
      await typesTo("the input of cat");
      await prompt.fill("one two three");
      await prompt.press("Control+w");
      await prompt.press("Control+a");
      await prompt.press("x");
      await prompt.press("Control+e");
      await prompt.press("!");
      want("the edited line", await prompt.inputValue(), "xone two !");
      await prompt.press("Control+u");
      want("the line cut", await prompt.inputValue(), "");
      await enter("hello");
      await page
        .locator("[data-testid=console] .text", { hasText: /^hello$/ })
        .nth(1)
        .waitFor();
      await prompt.press("Control+d");
      await typesTo("Command to run on alice");
      await enter("cat");
      await typesTo("the input of cat");
      await prompt.press("Control+c");
      await shows(page, "console", /cat\.\d+ was killed: killed by SIGINT/);
      await typesTo("Command to run on alice");
    },
  ],
  [
    "children are one line below their node, a row each among its processes, and gone or folded when they end",
    async () => {
      await enter("family 12");
      await page.locator('g[aria-label="13 more processes on alice"]').focus();
      await page.keyboard.press("Enter");
      const procs = page.getByTestId("procs");
      await procs
        .locator("tr[data-alive=true]", { hasText: /family\.\d+$/ })
        .or(procs.locator("tr", { hasText: "kid" }))
        .first()
        .waitFor();
      want(
        "children that run",
        await procs.locator("tr[data-alive=true]", { hasText: /kid\.\d+family\.\d+/ }).count(),
        12,
      );
      await procs.locator("tr", { hasText: "kid" }).first().getByRole("button", { name: "stop" }).click();
      await until(
        page,
        "one child less",
        () => document.querySelectorAll("[data-testid=procs] tr[data-alive=true]").length === 13,
      );
      await procs.getByRole("button", { name: /^family/ }).click();
      const calls = page.getByTestId("calls");
      await calls
        .locator(".traceline", { hasText: /\+20,000spawn\(\["kid"\], \[0 1 2\]\) = \d+/ })
        .first()
        .waitFor();
      await calls.locator(".child", { hasText: "kid" }).first().waitFor();
      await shows(page, "limit", /limit open-files: the process has 64 files open/);
      await page.getByTestId("limit").getByRole("button").click();
      await page.getByTestId("limit").waitFor({ state: "detached" });
      await page.getByTestId("tab-console").click();
      await typesTo("the input of family");
      await page.getByTestId("prompt").press("Control+c");
      await page.locator('g[aria-label*="more processes on alice"]').waitFor({ state: "detached" });
      want("processes that are chosen from", await page.getByTestId("program").locator("option").count(), 9);
    },
  ],
  [
    "tuns that come while the lab runs are interfaces of their nodes, joined by a tunnel; routes are listed",
    async () => {
      await enter("tunnel");
      await page.locator('g[aria-label^="interface tun0 of alice, 10.8.0.1 → 10.8.0.2"]').waitFor();
      await page.locator(".tunnel").waitFor({ state: "attached" });
      await page.locator('g[aria-label^="interface tun0 of alice"]').focus();
      await page.keyboard.press("Enter");
      await shows(page, "network", /10\.8\.0\.1 → 10\.8\.0\.2UP, POINTOPOINT, RUNNING/);
      await shows(page, "network", /passes on packets for others.*default10\.0\.0\.9em0UGS/);
      await page.locator('g[aria-label^="program ping on alice"]').click();
      await page.getByTestId("tab-console").click();
      await enter("tunnel");
      await page.locator(".tunnel").waitFor({ state: "detached" });
    },
  ],
  [
    "a lost connection is resumed, and no event is lost or doubled",
    async () => {
      mock.refuse = true;
      cut(lab);
      await shows(page, "connection", /reconnecting/);
      await page.getByTestId("banner").getByText("trying again").waitFor();
      const at = lab.next;
      await until(page, "the lab went on meanwhile", () => true);
      mock.refuse = false;
      await page
        .getByTestId("banner")
        .getByRole("button", { name: "try now" })
        .click({ timeout: 2000 })
        .catch(() => undefined);
      await shows(page, "connection", /^live$/);
      lab.paused = true;
      if (lab.next < at) throw new Error("the mock went back");
      await shows(page, "kept", new RegExp(`^${count(lab.log.length)} rows$`));
      lab.paused = false;
    },
  ],
  [
    "what was missed is a row that counts it",
    async () => {
      mock.refuse = true;
      cut(lab);
      await shows(page, "connection", /reconnecting/);
      for (let i = 0; i < 100; i++) lab.ping();
      const gone = lab.log.splice(0, lab.log.length - 50).length;
      if (gone === 0) throw new Error("nothing to miss");
      mock.refuse = false;
      await shows(page, "connection", /^live$/);
      await shows(page, "kept", /[\d,]+ missed/);
      await page.getByTestId("timeline").focus();
      await page.keyboard.press("f");
      await until(page, "the row", () => {
        const row = document.querySelector(".row.is-missed");
        if (row !== null) return true;
        const el = document.querySelector("[data-testid=timeline]");
        el.scrollTop = Math.max(0, el.scrollTop - 200);
        return false;
      });
      await page.keyboard.press("f");
    },
  ],
  [
    "5,000 events a second: the list shows only what is in sight, and frames are capped",
    async () => {
      lab.burst = 42;
      await until(
        page,
        "20,000 rows",
        () =>
          Number((document.querySelector("[data-testid=kept]")?.textContent ?? "").replace(/,/g, "").split(" ")[0]) >
          20_000,
      );
      const fps = await page.evaluate(
        () =>
          new Promise((done) => {
            let n = 0;
            const from = performance.now();
            const count = () => {
              n++;
              if (n === 60) done(Math.round((60_000 / (performance.now() - from)) * 10) / 10);
              else requestAnimationFrame(count);
            };
            requestAnimationFrame(count);
          }),
      );
      console.log(`      ${fps} frames a second while 42 pings arrive each 50 ms`);
      if ((await page.locator(".row").count()) > 80) throw new Error("more rows than can be seen are in the document");
      await page.getByText("not every frame is drawn").waitFor();
      lab.burst = 0;
    },
  ],
  [
    "what comes faster than people read is shown in part, with the numbers, and can be saved",
    async () => {
      await enter("flood 3000");
      await shows(page, "console", /flood\.1… 2,\d{3} lines, \d\d\.\d kB left out/);
      await shows(page, "console", /flood\.1line 3000/);
      const [d] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "save the text" }).last().click(),
      ]);
      const { readFileSync } = await import("node:fs");
      const text = readFileSync(await d.path(), "utf8");
      want("the lines of the file", text.trimEnd().split("\n").length, 3000);
    },
  ],
  [
    "a bye says why, and one can connect again",
    async () => {
      for (const ws of lab.viewers) {
        ws.send(JSON.stringify({ type: "bye", reason: "The server is being restarted." }));
        ws.close();
      }
      await page.getByTestId("banner").getByText("The server is being restarted.").waitFor();
      await page.getByRole("button", { name: "connect again" }).click();
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "a message that makes no sense closes the stream with the reason",
    async () => {
      for (const ws of lab.viewers) ws.send('{"type":"state","t":"noon"}');
      await page
        .getByTestId("banner")
        .getByText('state.t is "noon", not a number')
        .or(page.getByTestId("banner").getByText("could not be read"))
        .first()
        .waitFor();
      await page.getByRole("button", { name: "connect again" }).click();
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "a lab that is gone offers a new one",
    async () => {
      mock.labs.delete(lab.id);
      cut(lab);
      await shows(page, "connection", /^closed$/);
      if (await page.getByTestId("step").isEnabled()) throw new Error("step is enabled without a lab");
      await page.getByRole("button", { name: "start a new lab" }).click();
      await shows(page, "connection", /^live$/);
      if (labOf(page) === undefined || labOf(page) === lab) throw new Error("it is not a new lab");
    },
  ],
  [
    "a server that has no room says so, and one can try again",
    async () => {
      mock.refuse = true;
      const p = await open(browser, mock.url);
      await p.getByText("this server has 200 labs already").waitFor();
      mock.refuse = false;
      await p.getByRole("button", { name: "try again" }).click();
      await shows(p, "connection", /^live$/);
      await p.close();
    },
  ],
  ["the page made no error of its own", async () => want("errors", page.wrongs.join("\n"), "")],
]);
await browser.close();
mock.close();
