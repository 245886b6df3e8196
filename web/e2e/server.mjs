// A labserver of the test's own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The program: $LABSERVER, or what make build makes. */
export const LABSERVER = process.env.LABSERVER ?? join(import.meta.dirname, "../../bin/labserver");

/** freePort is a port that nobody has at the moment. */
export async function freePort() {
  const s = createServer().listen(0, "127.0.0.1");
  await once(s, "listening");
  const { port } = s.address();
  s.close();
  await once(s, "close");
  return port;
}

/** startServer starts one on a free port; what it returns has its URL, its log, and stop, which gives its exit code. */
export async function startServer(...flags) {
  if (!existsSync(LABSERVER)) {
    console.error(`${LABSERVER} is not there: run make build, or name one in $LABSERVER`);
    process.exit(1);
  }
  const child = spawn(LABSERVER, ["serve", ...(flags.includes("--addr") ? [] : ["--addr", "127.0.0.1:0"]), ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { url: "", log: "", stop: undefined };
  child.stderr.on("data", (b) => {
    server.log += b;
  });
  const ended = once(child, "exit");
  server.stop = async () => {
    child.kill("SIGINT"); // as Ctrl-C
    const [code] = await ended;
    return code;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const m = /https?:\/\/[^\s/]+/.exec(line);
    if (m) {
      server.url = m[0];
      return server;
    }
  }
  console.error(`labserver did not say where it is:\n${server.log}`);
  process.exit(1);
}
