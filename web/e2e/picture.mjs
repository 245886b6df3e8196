// Takes docs/class.png, which docs/teaching-a-class.md shows: the wall of a class of samples.
import { launch, open } from "./browser.mjs";
import { sampled } from "./samples.mjs";
import { startServer } from "./server.mjs";

const server = await startServer();
const browser = await launch();
const page = await open(browser, "about:blank", { viewport: { width: 1280, height: 720 }, colorScheme: "light" });
await sampled(page, "teacher");
await page.goto(`${server.url}/#class=class0&tab=wall`);
await page.getByTestId("wall-card").first().waitFor();
await page.screenshot({ path: new URL("../../docs/class.png", import.meta.url).pathname });
await browser.close();
await server.stop();
