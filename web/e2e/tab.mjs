// How long a lab in a tab takes: one round, as JSON, for make bench.
//   tab.mjs FOLDER PROGRAM...    the site, and the programs that are graded in its lab ping
// Printed are the seconds to the first frame in a browser that has nothing and in one that
// has all, and the seconds that each program's check took.
import { launch, open, PATIENCE, until } from "./browser.mjs";
import { serveFolder } from "./static.mjs";

const [folder, ...programs] = process.argv.slice(2);
const served = await serveFolder(folder);
const browser = await launch();
const page = await open(browser, "about:blank");

/** first goes to a lab, and returns the seconds until its first frame is seen. */
async function first() {
  await page.goto("about:blank");
  const began = performance.now();
  await page.goto(`${served.url}#scenario=ping`, { waitUntil: "commit" });
  await page.waitForSelector(".row.is-frame", { timeout: PATIENCE });
  return (performance.now() - began) / 1000;
}

const cold = await first();
await page.evaluate(() => navigator.serviceWorker.ready);
const warm = await first();
const checks = [];
for (const file of programs) {
  await page.goto("about:blank");
  await page.goto(`${served.url}#scenario=ping`);
  await page.getByTestId("give-file-pingd").setInputFiles(file);
  await page.getByTestId("check").waitFor();
  await page.locator(".program").first().waitFor();
  const began = performance.now();
  await page.getByTestId("check").click();
  await until(page, "the check says something", () => {
    const said = document.querySelector('[data-testid="checked"]')?.textContent ?? "";
    return /passed/.test(said);
  });
  checks.push((performance.now() - began) / 1000);
}
console.log(JSON.stringify({ cold, warm, checks }));
await browser.close();
served.server.close();
served.server.closeAllConnections();
