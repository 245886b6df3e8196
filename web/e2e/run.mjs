// The story against a labserver of its own: starts $LABSERVER on a free port, runs
// story.mjs, and ends the server as Ctrl-C would, which must take it down cleanly.
//   LABSERVER        the program
//   WIRELOOM_GUESTS  the folder of the built sample programs
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";

const { LABSERVER, WIRELOOM_GUESTS } = process.env;
if (!LABSERVER || !WIRELOOM_GUESTS) {
  console.error("LABSERVER and WIRELOOM_GUESTS are not set: make test sets them");
  process.exit(1);
}
const dir = await mkdtemp(join(tmpdir(), "wireloom-e2e-"));
const bad = join(dir, "notes.wasm");
writeFileSync(bad, "this is no WebAssembly\n");
const good = join(dir, "mine.wasm");
writeFileSync(good, gunzipSync(readFileSync(new URL("../../scenarios/ping/reference.wasm.gz", import.meta.url))));

const server = spawn(LABSERVER, ["serve", "--addr", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
let log = "";
server.stderr.on("data", (b) => {
  log += b;
});
const ended = once(server, "exit");
let url = "";
for await (const line of createInterface({ input: server.stdout })) {
  const m = /https?:\/\/\S+/.exec(line);
  if (m) {
    url = m[0];
    break;
  }
}
if (url === "") {
  console.error(`labserver did not say where it is:\n${log}`);
  process.exit(1);
}
const story = spawn(process.execPath, [new URL("story.mjs", import.meta.url).pathname], {
  stdio: "inherit",
  env: {
    ...process.env,
    WIRELOOM_URL: url,
    WIRELOOM_WASM_GOOD: good,
    WIRELOOM_WASM_SPIN: join(WIRELOOM_GUESTS, "spin.wasm"),
    WIRELOOM_WASM_BAD: bad,
  },
});
const [storyCode] = await once(story, "exit");
server.kill("SIGINT");
const [serverCode] = await ended;
await rm(dir, { recursive: true });
if (storyCode !== 0 || serverCode !== 0) {
  console.error(`the story ended with ${storyCode}, labserver with ${serverCode}; its log:\n${log}`);
  process.exit(1);
}
