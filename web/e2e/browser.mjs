// Headless Chromium, and a way to write down what should be true of a page.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** How long anything may take to become true. */
export const PATIENCE = Number(process.env.WIRELOOM_PATIENCE_MS ?? 20_000);

export async function launch(...more) {
  if (!existsSync(CHROMIUM)) {
    console.error(
      `${CHROMIUM} is not there: install chromium (Debian: apt-get install chromium), or name one in $CHROMIUM`,
    );
    process.exit(1);
  }
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

/** open opens a page whose errors, also those of its content policy, fail the test. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.wrongs = [];
  page.on("pageerror", (e) => page.wrongs.push(e.message));
  page.on("console", (m) => {
    // Chromium logs each refused connection and 4xx: those the tests make on purpose.
    if (m.type() === "error" && !/Failed to load resource|WebSocket connection/.test(m.text()))
      page.wrongs.push(m.text());
  });
  await page.goto(url);
  return page;
}

/** until waits until f, run in the page with arg, is true. */
export async function until(page, what, f, arg) {
  await page.waitForFunction(f, arg, { timeout: PATIENCE, polling: 50 }).catch(() => {
    throw new Error(`not within ${PATIENCE} ms: ${what}`);
  });
}

/** shows waits until the element with a test id has text that matches. */
export async function shows(page, id, pattern) {
  await until(
    page,
    `${id} shows ${pattern}`,
    ([testid, source]) =>
      new RegExp(source).test(document.querySelector(`[data-testid="${testid}"]`)?.textContent ?? ""),
    [id, pattern.source],
  );
}

/** enter types a line at the prompt. */
export async function enter(page, line) {
  await page.getByTestId("prompt").fill(line);
  await page.getByTestId("prompt").press("Enter");
}

/** typesTo waits until lines go somewhere, as the prompt says it. */
export async function typesTo(page, whom) {
  await until(
    page,
    `lines go to ${whom}`,
    (w) => document.querySelector('[data-testid="prompt"]')?.getAttribute("aria-label")?.includes(w) ?? false,
    whom,
  );
}

export function want(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(wanted)}`);
}

/** run runs the tests in order, prints how many passed, and sets the exit code. */
export async function run(tests) {
  let failed = 0;
  for (const [name, f] of tests) {
    try {
      await f();
      console.log(`ok    ${name}`);
    } catch (e) {
      failed++;
      console.log(
        `FAIL  ${name}\n      ${String(e.message ?? e)
          .split("\n")
          .slice(0, 24)
          .join("\n      ")}`,
      );
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
