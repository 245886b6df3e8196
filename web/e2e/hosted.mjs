// The page behind nginx, in a real browser: under a path that the proxy takes off, and
// under one that it leaves, as docs/hosting.md configures it; and what the page says
// where a line is missing there. The server listens on ports of its own.
//   LABSERVER           the program
//   WIRELOOM_WASM_GOOD  a program that answers pings
//   NGINX               nginx, where it is not in /usr/sbin
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { launch, open, run, shows, want } from "./browser.mjs";
import { freePort } from "./server.mjs";

const { LABSERVER, WIRELOOM_WASM_GOOD: good, NGINX = "/usr/sbin/nginx" } = process.env;
if (!LABSERVER || !good) {
  console.error("LABSERVER and WIRELOOM_WASM_GOOD are not set: see the head of e2e/hosted.mjs");
  process.exit(1);
}
if (!existsSync(NGINX)) {
  console.error(`${NGINX} is not there: install nginx (Debian: apt-get install nginx-light), or name one in $NGINX`);
  process.exit(1);
}
const dir = mkdtempSync(join(tmpdir(), "wireloom-hosted-"));
const children = [];
let log = "";
/** start runs a program whose words are shown if a test fails. */
function start(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.on("data", (b) => {
    log += b;
  });
  children.push(child);
  return child;
}

/** The first configuration of nginx in docs/hosting.md, without TLS, and its other locations. */
function documented() {
  const doc = readFileSync(new URL("../../docs/hosting.md", import.meta.url), "utf8");
  const [whole, ...parts] = [...doc.matchAll(/```nginx\n(.*?)```/gs)].map((m) => m[1]);
  if (whole === undefined || parts.length < 2) throw new Error("docs/hosting.md has no configurations of nginx");
  const plain = whole.replace("listen 443 ssl", "listen 127.0.0.1:PORT").replace(/ +ssl_certificate.*\n/g, "");
  const at = (location) => plain.replace(/ {4}location \/ \{.*?\n {4}\}\n/s, location);
  return { takesOff: at(parts[0]), leaves: at(parts[1]) };
}

/** host starts labserver and nginx, and returns the page's URL. */
async function host(site, path, ...flags) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ["serve", "--addr", "127.0.0.1:0", "--public-url", url, "--trusted-proxy", "127.0.0.1", ...flags];
  const server = start(LABSERVER, args);
  let upstream;
  for await (const line of createInterface({ input: server.stdout })) {
    upstream = /proxy to http:\/\/([\d.:]+)/.exec(line)?.[1];
    break;
  }
  if (upstream === undefined) throw new Error("labserver did not say where it is");
  const home = mkdtempSync(join(dir, "nginx-"));
  const temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((x) => `${x}_temp_path ${x};`).join(" ");
  writeFileSync(
    join(home, "conf"),
    `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off; pid pid; events {}
http { access_log off; ${temps}
${site.replaceAll("PORT", String(port)).replaceAll("127.0.0.1:8080", upstream)} }
`,
  );
  const nginx = start(NGINX, ["-p", home, "-c", join(home, "conf"), "-e", "stderr"]);
  for (;;) {
    if (nginx.exitCode !== null) throw new Error("nginx ended at once");
    const up = await fetch(`${url}healthz`).catch(() => undefined);
    if (up !== undefined) return url;
    await new Promise((f) => setTimeout(f, 20));
  }
}

/** big is the good program with so much behind it that nginx's default does not let it pass. */
const big = join(dir, "big.wasm");
const padding = Buffer.concat([Buffer.from("\x03pad"), Buffer.alloc(2 * 1024 * 1024 - 4)]);
writeFileSync(big, Buffer.concat([readFileSync(good), Buffer.from([0, 0x80, 0x80, 0x80, 0x01]), padding]));

const browser = await launch();

async function works(url) {
  const page = await open(browser, url);
  await page.getByTestId("lab-ping").click();
  await page.getByTestId("solution").click();
  await page.locator('g[aria-label^="program pingd on bob: sleeping"]').waitFor();
  await shows(page, "connection", /^live$/);
  if (!page.url().startsWith(`${url}#lab=`)) throw new Error(`the page went to ${page.url()}`);
  await page.locator(".row.is-frame", { hasText: "echo reply" }).first().waitFor();
  await page.locator('g[aria-label^="program pingd on bob"]').focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("file").setInputFiles(big);
  await page.getByText("big.wasm").first().waitFor();
  for (const name of ["capture", "recording", "starter"]) {
    const [d] = await Promise.all([page.waitForEvent("download"), page.getByTestId(name).click()]);
    if (statSync(await d.path()).size === 0) throw new Error(`${name} is empty`);
  }
  await page.reload();
  await shows(page, "connection", /^live$/);
  want("errors", page.wrongs.join("\n"), "");
  await page.context().close();
}

const { takesOff, leaves } = documented();
const bare = (lines) => `server { listen 127.0.0.1:PORT; ${lines} location / { proxy_pass http://127.0.0.1:8080; } }`;
const upgrades =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';
try {
  await run([
    ["under a path that nginx takes off", async () => works(await host(takesOff, "/lab/"))],
    ["under a path that nginx leaves", async () => works(await host(leaves, "/lab/", "--base-path", "/lab/"))],
    [
      "an upload that nginx does not let pass says what to do",
      async () => {
        const page = await open(browser, `${await host(bare(upgrades), "/")}#scenario=ping`);
        await shows(page, "connection", /^live$/);
        await page.locator('g[aria-label^="program pingd on bob"]').focus();
        await page.keyboard.press("Enter");
        await page.getByTestId("file").setInputFiles(big);
        await shows(page, "upload-error", /MiB is more than this site's web server lets pass.*client_max_body_size/);
        await page.context().close();
      },
    ],
    [
      "a WebSocket that nginx does not pass on says what to do",
      async () => {
        const page = await open(browser, `${await host(bare(""), "/")}#scenario=ping`);
        await shows(page, "banner", /This lab can't be shown: a proxy on the way took.*proxy_set_header Upgrade/);
        await page.context().close();
      },
    ],
  ]);
} finally {
  await browser.close();
  for (const c of children.reverse()) {
    if (c.exitCode !== null) continue;
    c.kill("SIGTERM");
    await once(c, "exit");
  }
  rmSync(dir, { recursive: true });
  if (process.exitCode !== 0) console.error(`what labserver and nginx said:\n${log}`);
}
