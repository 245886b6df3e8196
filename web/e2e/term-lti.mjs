// The same from a course of a learning platform: the page in a frame of another site, scores
// that arrive in the platform's gradebook. Once for each product that behaves in its own way.
//   WIRELOOM_PLATFORM   the built internal/lti/platform/run, if it is not bin/platform
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { launch, open, PATIENCE, run, shows, until, want } from "./browser.mjs";
import { ask, fine, gives, handsIn, school } from "./class.mjs";
import { forward } from "./proxy.mjs";
import { freePort } from "./server.mjs";

const PLATFORM = process.env.WIRELOOM_PLATFORM ?? join(import.meta.dirname, "../../bin/platform");
if (!existsSync(PLATFORM)) {
  console.error(`${PLATFORM} is not there: go build -o bin/platform ./internal/lti/platform/run`);
  process.exit(1);
}
const MODES = (process.env.MODES ?? "canvas-new,moodle,openedx,brightspace").split(",");

/**
 * front stands before the server at a port. While lax is set the server's cookies are for the server's own site alone,
 * as they are in a browser that gives a frame of another site none.
 */
function front(port, behind) {
  const way = { lax: false, close: () => http.closeAllConnections() || http.close() };
  const lax = (cookie) => cookie.replace(/; Partitioned/i, "").replace(/SameSite=None/i, "SameSite=Lax");
  const change = (headers) => {
    const cookies = headers["set-cookie"];
    return way.lax && cookies !== undefined ? { ...headers, "set-cookie": cookies.map(lax) } : headers;
  };
  const http = createServer((req, res) => forward(req, res, `http://127.0.0.1:${behind}`, change));
  http.on("upgrade", (req, socket, head) => {
    const on = connect(behind, "127.0.0.1", () => {
      const lines = [];
      for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
      on.write(`${req.method} ${req.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      on.write(head);
      socket.pipe(on).pipe(socket);
    });
    on.on("error", () => socket.destroy());
    socket.on("error", () => on.destroy());
  });
  http.listen(port, "127.0.0.1");
  return way;
}

/** platform starts one of a mode, which knows the tool. */
async function platform(mode, tool) {
  const child = spawn(PLATFORM, ["-mode", mode, "-tool", tool, "-students", "3"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Node's resolver does not know names below localhost.
  for await (const line of createInterface({ input: child.stdout }))
    return ((lms) => ({ ...lms, near: lms.url.replace("lms.localhost", "127.0.0.1"), stop: () => child.kill() }))(
      JSON.parse(line),
    );
  throw new Error(`the platform ${mode} did not say where it is`);
}

/**
 * tool is the frame in which a platform's page shows the tool, when it shows what is looked for. On its way there the
 * frame goes from site to site, and becomes another one each time.
 */
async function tool(page, selector) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const frame = await (await page.locator("iframe#tool").elementHandle()).contentFrame();
    const there =
      (await frame
        ?.locator(selector)
        .count()
        .catch(() => 0)) ?? 0;
    if (there > 0) return frame;
    if (Date.now() > deadline) {
      const text = await frame?.evaluate(() => document.body.innerText).catch(String);
      throw new Error(`the tool's frame has no ${selector}: it is at ${frame?.url()} and has ${text?.slice(0, 400)}`);
    }
    await new Promise((r) => setTimeout(r, 50));
  }
}

const port = await freePort();
const behind = await freePort();
const home = `http://tool.localhost:${port}`;
const at = await school("--addr", `127.0.0.1:${behind}`, "--public-url", `${home}/`, "--lti-inside");
const before = front(port, behind);
at.url = home;
// A frame that goes from site to site changes its process each time, and Playwright now and then loses the frame in
// between (the page is loaded and runs, its navigation is never told). In one process it cannot. What is a site, and
// who sees which cookie and which frame, stays the same.
const browser = await launch("--disable-site-isolation-trials", "--disable-features=IsolateOrigins,site-per-process");
const operator = await open(browser, at.operator().replace(/^[^#]*/, `${home}/`));
await operator.getByTestId("me").waitFor();

/** term is what a teacher and a student of a platform do. */
async function term(mode) {
  const lms = await platform(mode, home);
  try {
    const made = await ask(operator, "POST", "api/admin/platforms", {
      name: mode,
      issuer: lms.issuer,
      client: lms.client,
      auth: lms.auth,
      token: lms.token,
      keys: lms.jwks,
      ...(lms.audience === "" ? {} : { audience: lms.audience }),
      deployments: [lms.deployment],
    });
    want("the platform", made.name, mode);
    const course = (who) => `${lms.url}/as/${who}/course/net1`;

    const connects = async (page) => {
      const frame = await tool(page, "input[value=new]");
      await frame.locator("input[value=new]").check();
      await frame.locator("#zone").fill("Europe/Vienna");
      await frame.locator("#connect").click();
      await tool(page, "#problem");
    };

    // The teacher connects the course to a new class, and puts a lesson into it, in the frame.
    const tina = await open(browser, `${course("tina")}/choose`);
    await connects(tina);
    let frame;
    const order = (what, order) => fetch(`${lms.near}/test/${what}`, { method: "POST", body: JSON.stringify(order) });
    const link = await (await order("link", { course: "net1", title: "The lab", custom: {} })).json();
    await tina.goto(`${course("tina")}/link/${link.id}`);
    frame = await tool(tina, "[data-testid=add-lessons]");
    await frame.getByTestId("add-lessons").first().click();
    await frame.getByTestId("choose-ping").check();
    await frame.getByTestId("add").click();
    await frame.getByTestId("lesson-ping").waitFor();
    await tina.goto(`${course("tina")}/choose`);
    frame = await tool(tina, "input[name=lesson]");
    // By script: a click needs the frame of another site to be scrolled into sight, which a busy machine does late.
    await frame
      .locator("input[name=lesson]")
      .first()
      .evaluate((e) => e.click());
    await frame.locator("#choose").evaluate((e) => e.click());
    await tool(tina, "#chosen");

    // A student opens it in the frame, works, and hands in.
    const state = async () => (await (await fetch(`${lms.near}/test/state`)).json()).courses.net1;
    const lesson = (await state()).links.find((l) => l.id !== link.id);
    const s1 = await open(browser, `${course("s1")}/link/${lesson.id}`);
    frame = await tool(s1, "[data-testid=connection]");
    await shows(frame, "connection", /^live$/);
    await gives(frame, "pingd", "ping");
    want("a hash", /^[0-9a-f]{64}$/.test(await handsIn(frame)), true);
    await shows(frame, "work-state", /hand-in 1: \d+ of \d+ checks/);

    // Another class of theirs, in another tab, is nothing to the first.
    await order("course", { course: "net2", title: "Networks 2" });
    const second = await (await order("link", { course: "net2", title: "All of it", custom: {} })).json();
    const tab = await tina.context().newPage();
    await tab.goto(`${lms.url}/as/tina/course/net2/choose`);
    await connects(tab);
    await tab.close();
    const beside = await s1.context().newPage();
    await beside.goto(`${lms.url}/as/s1/course/net2/link/${second.id}`);
    await tool(beside, 'h1:has-text("Networks 2")');
    await shows(frame, "connection", /^live$/);

    // Loading the frame again is no launch: the student stays where they were.
    await frame.evaluate(() => location.reload()).catch(() => undefined); // its page goes away
    frame = await tool(s1, "[data-testid=work-state]");
    await shows(frame, "connection", /^live$/);
    await shows(frame, "work-state", /hand-in 1: \d+ of \d+ checks/);
    await beside.close();

    // A browser that gives the frame no cookie of ours is let in by none, and asked to open a window.
    before.lax = true;
    const s2 = await open(browser, `${course("s2")}/link/${lesson.id}`);
    frame = await tool(s2, "#window");
    want("the frame without cookies has the bench", await frame.getByTestId("connection").count(), 0);
    const [own] = await Promise.all([
      s2.context().waitForEvent("page"),
      frame.locator("#window").evaluate((e) => e.click()),
    ]);
    await shows(own, "connection", /^live$/);
    before.lax = false;
    fine(s2);
    await s2.context().close();

    // The score is in the platform's gradebook, and the class's says that it was sent.
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const cells = Object.values((await state()).grades).flatMap((column) => Object.entries(column));
      const cell = cells.find(([user, c]) => user === "s1" && c?.score !== undefined && c.score !== null);
      if (cell !== undefined) break;
      if (Date.now() > deadline) throw new Error(`no score came: ${JSON.stringify(cells)}`);
      await new Promise((r) => setTimeout(r, 100));
    }
    await tina.goto(`${course("tina")}/link/${link.id}`);
    frame = await tool(tina, "[data-testid=book-ping]");
    await frame.getByTestId("book-ping").click();
    await shows(frame, "sync", /1 sent/);

    // From the frame into a window of its own.
    const [window] = await Promise.all([
      s1.context().waitForEvent("page"),
      (await tool(s1, "[data-testid=to-class]"))
        .getByTestId("to-class")
        .click()
        .then(async () => (await tool(s1, "[data-testid=window]")).getByTestId("window").click()),
    ]);
    await until(window, "the window knows the student", () => document.querySelector("[data-testid=me]") !== null);
    fine(tina, s1);
    await tina.context().close();
    await s1.context().close();
  } finally {
    lms.stop();
  }
}

await run([
  ...MODES.map((mode) => [`a lesson in a course of ${mode}`, () => term(mode)]),
  ["no page said that anything is wrong", () => fine(operator)],
]);
await browser.close();
before.close();
await at.close();
