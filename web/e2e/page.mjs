// How the page behaves when things go wrong: a real server, and a proxy before it that
// cuts, garbles and repeats. The page is the one in the server: build both first.
//   LABSERVER  the program, if it is not the one that make build makes
import { readFileSync } from "node:fs";
import { enter as enterAt, launch, open, run, shows, typesTo as typesToAt, until, want } from "./browser.mjs";
import { proxy } from "./proxy.mjs";
import { startServer } from "./server.mjs";

const server = await startServer();
const way = await proxy(server.url);
// One whose labs end soon, and that has room for one.
const small = await startServer("--max-labs", "1", "--idle", "6s");
const smallWay = await proxy(small.url);
const browser = await launch();
const page = await open(browser, `${way.url}/#scenario=ping&solution`);
await shows(page, "connection", /^live$/);

const enter = (line) => enterAt(page, line);
const typesTo = (whom) => typesToAt(page, whom);
const pick = async (label, p = page) => {
  await p.locator(`g[aria-label^="${label}"]`).first().focus();
  await p.keyboard.press("Enter");
};
const numberOf = (text) => Number(/^[\d,]+/.exec(text ?? "")?.[0].replace(/,/g, ""));
const kept = () => page.getByTestId("kept").textContent();
const moreRows = async () => {
  const was = numberOf(await kept());
  await until(
    page,
    "more rows came",
    (n) => Number(/^[\d,]+/.exec(document.querySelector("[data-testid=kept]")?.textContent)[0].replace(/,/g, "")) > n,
    was,
  );
};
/** rate sets the speed, and waits until it is set. */
const rate = async (name) => {
  await page.getByTestId(`rate-${name}`).click();
  await until(
    page,
    name,
    (n) => document.querySelector(`[data-testid="rate-${n}"]`)?.getAttribute("aria-checked") === "true",
    name,
  );
};

/** numbers is what the rows say that stand for all events: they must be 1, 2, 3 and on. */
async function seqs() {
  await page.getByTestId("timeline").focus();
  await page.keyboard.press("Home");
  const seen = [];
  const rows = numberOf(await kept());
  for (let i = 0; i < rows; i++) {
    const said = page.locator("dt:text-is('event') + dd");
    const text = await said.first().textContent();
    const n = numberOf(/number ([\d,]+)/.exec(text)?.[1]);
    seen.push(n);
    if (i < rows - 1) {
      await page.keyboard.press("ArrowDown");
      await until(
        page,
        "the next row's facts",
        (old) =>
          [...document.querySelectorAll("dt")].find((d) => d.textContent === "event")?.nextSibling.textContent !== old,
        text,
      );
    }
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("f");
  return seen;
}

await run([
  [
    "labs are offered in the order of the course, and a choice starts one; Back leads to the one before",
    async () => {
      const p = await open(browser, `${way.url}/#scenario=ping&solution`);
      await shows(p, "connection", /^live$/);
      const before = p.url();
      const names = await p.getByTestId("scenario").locator("optgroup[label=Course] option").allTextContents();
      want("the course's numbers", names.map((n) => n.split("  ")[0]).join(), names.map((_, i) => `${i + 1}`).join());
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
    "two labs on one page: each has its own time, its own selection, its own console",
    async () => {
      const ids = [];
      for (const scenario of ["ping", "vpn"]) {
        const headers = { "Content-Type": "application/json" };
        const got = await fetch(`${way.url}/api/labs`, { method: "POST", headers, body: JSON.stringify({ scenario }) });
        ids.push((await got.json()).id);
      }
      const p = await open(browser, `${way.url}/#lab=${ids[0]}&lab=${ids[1]}`);
      const [a, b] = ids.map((id) => p.locator(`[data-lab="${id}"]`));
      const is = (bench, id, want) => bench.getByTestId(id).filter({ hasText: want }).waitFor();
      for (const bench of [a, b]) await is(bench, "connection", /^live$/);
      await p.waitForFunction(() => document.title === "ping, vpn · Wireloom");
      await a.getByTestId("pause").click();
      await is(a, "pause", /^run$/);
      await is(b, "pause", /^pause$/);
      const clock = await b.getByTestId("clock").textContent();
      await b.getByTestId("clock").filter({ hasNotText: clock }).waitFor();
      await a.locator(".row.is-frame").first().click();
      want("rows selected in the other", await b.locator(".row.on").count(), 0);
      await is(b, "following", /^following$/);
      await b.locator('g[aria-label^="node alice"]').focus();
      await p.keyboard.press("Enter");
      await b.getByTestId("prompt").fill("echo this is b");
      await b.getByTestId("prompt").press("Enter");
      await is(b, "console", /this is b/);
      want("the other's console", await a.getByText("this is b").count(), 0);
      await b.getByTestId("timeline").focus();
      await p.keyboard.press("Space");
      await is(b, "pause", /^run$/);
      want("errors", p.wrongs.join("\n"), "");
      await p.close();
    },
  ],
  [
    "single keys: pause, step, run, speed, the list of keys",
    async () => {
      await page.locator(".row.is-frame").first().waitFor();
      await page.keyboard.press("Space");
      await shows(page, "pause", /^run$/);
      await shows(page, "steps", /paused after step/);
      const steps = async () =>
        numberOf((await page.getByTestId("steps").textContent()).replace("paused after step ", ""));
      const before = await steps();
      await page.keyboard.press(".");
      await until(
        page,
        "a step",
        (n) => Number(document.querySelector("[data-testid=steps]").textContent.replace(/\D/g, "")) > n,
        before,
      );
      want("steps", await steps(), before + 1);
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
      await moreRows();
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
      await page.locator('g[aria-label^="link bob:tap0"], g[aria-label^="link s1.2"]').focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: /link (bob:tap0|s1\.2)/ }).waitFor();
      await page.locator('g[aria-label^="interface tap0 of bob"]').click();
      await shows(page, "network", /tap0.*UP, .*RUNNING/);
      await shows(page, "device", /hardware address02:00:00/);
      await page.getByTestId("tab-calls").click();
      await shows(page, "calls", /\+\d[\d,]*read\(\d+<\/dev\/tap0>, 02.*\) = 98/);
    },
  ],
  [
    "a command that is refused says why in the transcript, where it stays",
    async () => {
      await rate("1x"); // so that what is looked for stays in sight
      await page.locator('g[aria-label^="program ping on alice"]').click();
      await page.getByTestId("tab-console").click();
      await enter("frobnicate");
      await shows(page, "console", /alice\$frobnicate.*frobnicate: command not found/);
      const said = await page.locator("[data-testid=console] .line.command", { hasText: "frobnicate" }).count();
      want("times that the line is there", said, 1);
      want("the prompt", await page.getByTestId("prompt").inputValue(), "");
      await page.getByTestId("prompt").press("ArrowUp");
      want("the line, to be mended", await page.getByTestId("prompt").inputValue(), "frobnicate");
      await page.getByTestId("prompt").fill("");
    },
  ],
  [
    "lines go to a syscall prompt, and so do Ctrl-C and Ctrl-D",
    async () => {
      const prompt = page.getByTestId("prompt");
      await enter("syscall");
      await typesTo("the input of syscall");
      await enter("open /dev/nothing");
      await shows(page, "console", /syscall> open \/dev\/nothing.*= -1 ENOENT/);
      await enter("read 0");
      await prompt.press("Control+c");
      await shows(page, "console", /syscall> read 0.*\^C.*EINTR/);
      await prompt.press("Control+d");
      await typesTo("Command to run on alice");
    },
  ],
  [
    "a prompt stays a prompt while a program prints; when time stands, it is said where one types",
    async () => {
      await enter("ping -i 0.2 10.0.0.2");
      await page
        .getByTestId("program")
        .locator("option", { hasText: /^ping\./ })
        .waitFor({ state: "attached" });
      await typesTo("Command to run on alice");
      await page.getByTestId("pause").click();
      await shows(page, "stands", /time is paused/);
      await page.getByTestId("stands").getByRole("button").click();
      await page.getByTestId("stands").waitFor({ state: "detached" });
      await page.getByTestId("prompt").press("Control+c");
      await page.locator('g[aria-label^="process ping."]').waitFor({ state: "detached" });
    },
  ],
  [
    "what else runs is one line below its node, a row each among its processes, and gone or folded when it ends",
    async () => {
      await enter("cat | cat | cat");
      await page.locator('g[aria-label="3 more processes on alice"]').focus();
      await page.keyboard.press("Enter");
      const procs = page.getByTestId("procs");
      await procs.locator("tr[data-alive=true]", { hasText: "cat." }).nth(2).waitFor();
      await procs
        .locator("tr[data-alive=true]", { hasText: "cat." })
        .nth(1)
        .getByRole("button", { name: "stop" })
        .click();
      await page.locator('g[aria-label="3 more processes on alice"]').waitFor({ state: "detached" });
      await page.getByTestId("tab-procs").click();
      for (;;) {
        const kill = procs.locator("tr[data-alive=true]", { hasText: "cat." }).getByRole("button", { name: "kill" });
        if ((await kill.count()) === 0) break;
        await kill
          .first()
          .click({ timeout: 1000 })
          .catch(() => undefined);
      }
      await page
        .locator('g[aria-label^="process cat."], g[aria-label*="more processes on alice"]')
        .waitFor({ state: "detached" });
      await page
        .getByTestId("program")
        .locator("optgroup[label=ended] option", { hasText: "cat." })
        .nth(2)
        .waitFor({ state: "attached" });
    },
  ],
  [
    "rows are found by words, and sorts of rows switched off",
    async () => {
      await page.keyboard.press("Control+f");
      await page.keyboard.type("bob:pingd write");
      await shows(page, "kept", /^[\d,]+ of [\d,]+ rows/);
      await page.locator(".row.is-call").first().waitFor();
      want("rows of other kinds", await page.locator(".row:not(.is-call)").count(), 0);
      await page.keyboard.press("Escape");
      await shows(page, "kept", /^[\d,]+ rows/);
      await page.getByTestId("show-calls").click();
      await until(page, "no call", () => document.querySelector(".row.is-call") === null);
      await page.getByTestId("show-calls").click();
      await page.locator(".row.is-call").first().waitFor();
    },
  ],
  [
    "at 1280 by 720 the brief, the time line and the fields of a frame are seen side by side",
    async () => {
      await page.setViewportSize({ width: 1280, height: 720 });
      await page.locator(".row.is-frame", { hasText: "echo request" }).last().click();
      await page.locator(".field").first().waitFor();
      const seen = await page.evaluate(() => {
        const inSight = (e) => {
          const { left, right, top, bottom } = e.getBoundingClientRect();
          const box = e.closest("[data-is]").getBoundingClientRect();
          return left >= 0 && right <= innerWidth && top >= box.top && bottom <= Math.min(innerHeight, box.bottom);
        };
        const count = (of) => [...document.querySelectorAll(of)].filter(inSight).length;
        return { fields: count(".field"), rows: count(".row"), brief: count("[data-is=scenario] .goal") };
      });
      if (seen.fields < 6 || seen.rows < 10 || seen.brief !== 1) throw new Error(JSON.stringify(seen));
      await page.keyboard.press("Escape");
      await page.setViewportSize({ width: 1440, height: 900 });
    },
  ],
  [
    "a border is moved by dragging and by keys, stays where it is put, and goes back",
    async () => {
      const border = page.getByTestId("split-scenario");
      const at = async () => Math.round((await border.boundingBox()).x);
      const before = await at();
      await page.mouse.move(before, 300);
      await page.mouse.down();
      await page.mouse.move(before + 144, 300);
      await page.mouse.up();
      want("pixels moved", (await at()) - before, 144);
      await border.focus();
      await page.keyboard.press("ArrowLeft");
      const there = await at();
      if (there >= before + 144) throw new Error(`an arrow key moves it to ${there}`);
      const p = await page.context().newPage();
      await p.goto(page.url());
      await p.getByTestId("split-scenario").waitFor();
      want(
        "pixels in another page of this browser",
        Math.round((await p.getByTestId("split-scenario").boundingBox()).x),
        there,
      );
      await p.close();
      await border.dblclick();
      want("pixels when it is back", await at(), before);
    },
  ],
  [
    "a narrow page, as at 200 % zoom, shows one part at a time, and nothing is cut off",
    async () => {
      await page.setViewportSize({ width: 640, height: 420 });
      for (const [part, label] of [
        ["scenario", "About this lab"],
        ["timeline", "Time line"],
        ["detail", "Detail"],
        ["drawer", "Node alice"],
        ["topology", "Topology"],
      ]) {
        await page.getByTestId(`part-${part}`).click();
        await page.getByLabel(label, { exact: true }).waitFor();
        want("parts in sight", await page.locator("[data-is]:visible").count(), 1);
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      want("pixels beside the page", wide, 0);
      await page.setViewportSize({ width: 1440, height: 900 });
    },
  ],
  [
    "a lost connection is resumed, and no event is lost or doubled, though the server says some again",
    async () => {
      const headers = { "Content-Type": "application/json" };
      const body = JSON.stringify({ scenario: "ping" });
      const got = await fetch(`${way.url}/api/labs`, { method: "POST", headers, body });
      const before = page.url();
      await page.goto(`${way.url}/#lab=${(await got.json()).id}`);
      await shows(page, "connection", /^live$/);
      await page.locator(".row.is-frame").first().waitFor();
      await moreRows();
      way.refuse = true;
      way.cut();
      await shows(page, "connection", /reconnecting/);
      await page.getByTestId("banner").getByText("trying again").waitFor();
      way.refuse = false;
      way.change = (text) => (text.startsWith('{"type":"events"') ? [text, text] : [text]);
      await page
        .getByTestId("banner")
        .getByRole("button", { name: "try now" })
        .click({ timeout: 2000 })
        .catch(() => undefined);
      await shows(page, "connection", /^live$/);
      await moreRows();
      way.change = (text) => [text];
      await page.getByTestId("pause").click();
      await shows(page, "pause", /^run$/);
      const all = await seqs();
      const [first] = all;
      want("numbers of the events", all.join(), all.map((_, i) => first + i).join());
      await page.goto(before);
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "ports are switched, links impaired, unplugged and plugged in again; what is refused says why",
    async () => {
      const p = await open(browser, `${way.url}/#scenario=spanning-tree`);
      await shows(p, "connection", /^live$/);
      await p.locator('g[aria-label^="link"][aria-label*="sw:tap0"][aria-label*="down"]').waitFor();
      await pick("switch s1", p);
      await shows(p, "ports", /s1\.2sw:tap0off/);
      await p.getByTestId("ports").getByRole("button", { name: "s1.2" }).click();
      await p.getByTestId("port-power").click();
      await shows(p, "port-power", /^switch off$/);
      await shows(p, "ports", /s1\.2sw:tap0designated/);
      await shows(p, "tree", /this switch/);
      await p.getByTestId("read-table").click();
      await p.getByTestId("mac-table").waitFor();
      await pick("link s1.4", p);
      const words = p.getByLabel("words of tc netem for frames from s1.4");
      await words.fill("dely 10ms");
      await p.getByRole("button", { name: "impair" }).first().click();
      await p.getByText(/dely/).first().waitFor();
      await words.fill("delay 10ms");
      await p.getByRole("button", { name: "impair" }).first().click();
      await p.locator('g[aria-label^="link s1.4 to s2.3"][aria-label*="delay 10ms"]').waitFor();
      await p.getByTestId("unplug").click();
      await p.locator('g[aria-label^="link s1.4"]').waitFor({ state: "detached" });
      await p.getByTestId("plug").click();
      await p.locator('g[aria-label^="link s1.4 to s2.3"]').waitFor();
      want("errors", p.wrongs.join("\n"), "");
      await p.close();
    },
  ],
  [
    "what was missed is a row that counts it",
    async () => {
      await moreRows();
      let dropped = 0;
      way.change = (text) => {
        if (dropped > 0 || !text.startsWith('{"type":"events"')) return [text];
        dropped = JSON.parse(text).next - JSON.parse(text).from;
        return [];
      };
      await shows(page, "kept", /· [\d,]+ missed/);
      way.change = (text) => [text];
      want("missed", numberOf((await kept()).split("· ").at(-1)), dropped);
      await until(page, "the row", () => {
        if (document.querySelector(".row.is-missed") !== null) return true;
        const el = document.querySelector("[data-testid=timeline]");
        el.scrollTop = Math.max(0, el.scrollTop - 200);
        return false;
      });
      await page.keyboard.press("f");
    },
  ],
  [
    "a display filter shows what it chooses, also of what comes; one that is none says why",
    async () => {
      await page.getByTestId("display").click();
      await page.getByTestId("filter").fill("icmp.type == 0");
      await page.locator(".display.valid").waitFor();
      const replies = () => {
        const rows = [...document.querySelectorAll("[data-testid=timeline] .row")];
        return rows.length > 0 && rows.every((r) => /echo reply|missed|left out/.test(r.textContent));
      };
      await until(page, "replies alone", replies);
      await moreRows();
      await until(page, "replies alone, of what came", replies);
      await page.getByTestId("filter").fill("icmp.typ == 0");
      await shows(page, "filter-error", /^Column 1: .*did you mean icmp\.type/);
      await page.getByTestId("display").click();
      await until(page, "words again", () => document.querySelector("[data-testid=filter]").value === "");
      await page.keyboard.press("f");
    },
  ],
  [
    "thousands of events a second: the document holds only what is in sight",
    async () => {
      await pick("node alice");
      await page.getByTestId("tab-console").click();
      await enter("ping -i 0.001 -c 20000 10.0.0.2");
      await rate("max");
      await shows(page, "kept", /left out/);
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
      console.log(
        `      ${fps} frames a second while 1,000 pings a second of virtual time are shown, as fast as it goes`,
      );
      if ((await page.locator(".row").count()) > 80) throw new Error("more rows than can be seen are in the document");
      if ((await page.locator("[data-testid=console] .line").count()) > 60)
        throw new Error("more lines than can be seen are in the document");
    },
  ],
  [
    "what comes faster than people read is left out, which is said, and can be saved",
    async () => {
      await page.getByTestId("prompt").press("Control+c");
      await page.locator('g[aria-label^="process ping."]').waitFor({ state: "detached" });
      await rate("1x");
      // More than a message has, and no more than the server keeps.
      await enter("ping -i 0.001 -c 1000 10.0.0.2 > /tmp/pings");
      await page.locator('g[aria-label^="process ping."]').waitFor();
      await page.locator('g[aria-label^="process ping."]').waitFor({ state: "detached" });
      await enter("cat /tmp/pings");
      await shows(page, "console", /1000 packets transmitted/);
      await page.getByTestId("pause").click();
      await shows(page, "pause", /^run$/);
      const save = page.getByRole("button", { name: "save the text" });
      await page.getByTestId("console").hover();
      for (let i = 0; i < 100 && (await save.count()) === 0; i++) {
        await page.mouse.wheel(0, -150);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      }
      const [d] = await Promise.all([page.waitForEvent("download"), save.last().click()]);
      await page.getByTestId("pause").click();
      const text = readFileSync(await d.path(), "utf8");
      if (!/^64 bytes from 10\.0\.0\.2: icmp_seq=\d+ .*$/m.test(text)) throw new Error(text.slice(0, 200));
    },
  ],
  [
    "a bye says why, and one can connect again",
    async () => {
      way.say(JSON.stringify({ type: "bye", reason: "The server is being restarted." }));
      way.part();
      await page.getByTestId("banner").getByText("The server is being restarted.").waitFor();
      await page.getByRole("button", { name: "connect again" }).click();
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "a message that makes no sense closes the stream with the reason",
    async () => {
      let done = false;
      way.change = (text) => {
        if (done || !text.startsWith('{"type":"state"')) return [text];
        done = true;
        return [text.replace(/"t":\d+/, '"t":"noon"')];
      };
      await shows(page, "banner", /could not be read: state\.t is "noon", not a number/);
      way.change = (text) => [text];
      await page.getByRole("button", { name: "connect again" }).click();
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "a message that is cut off does, too",
    async () => {
      let done = false;
      way.change = (text) => {
        if (done) return [text];
        done = true;
        return [text.slice(0, text.length / 2)];
      };
      await shows(page, "banner", /could not be read/);
      way.change = (text) => [text];
      await page.getByRole("button", { name: "connect again" }).click();
      await shows(page, "connection", /^live$/);
    },
  ],
  [
    "a lab that is gone offers a new one; a server that has no room gives a place in its queue",
    async () => {
      const p = await open(browser, `${smallWay.url}/#scenario=ping&solution`);
      await shows(p, "connection", /^live$/);
      const before = p.url();
      const q = await open(browser, `${smallWay.url}/#scenario=ping&solution`);
      await q.getByTestId("queue").waitFor(); // a full server says which place one has
      await q.context().close(); // who leaves loses it
      smallWay.refuse = true;
      smallWay.cut(); // nobody watches it any more
      await shows(p, "connection", /^closed$/);
      if (await p.getByTestId("step").isEnabled()) throw new Error("step is enabled without a lab");
      smallWay.refuse = false;
      await p.getByRole("button", { name: "start a new lab" }).click();
      await shows(p, "connection", /^live$/);
      if (p.url() === before) throw new Error("it is not a new lab");
      await p.context().close();
    },
  ],
  ["the page made no error of its own", async () => want("errors", page.wrongs.join("\n"), "")],
]);
await browser.close();
for (const w of [way, smallWay]) w.close();
for (const s of [server, small]) {
  if ((await s.stop()) !== 0) {
    console.error(`labserver ended badly:\n${s.log}`);
    process.exitCode = 1;
  }
}
