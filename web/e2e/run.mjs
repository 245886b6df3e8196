// The story against a labserver of its own: starts $LABSERVER on a free port, runs
// story.mjs, and ends the server as Ctrl-C would, which must take it down cleanly. Then
// the page behind a proxy: hosted.mjs.
//   LABSERVER        the program
//   WIRELOOM_GUESTS  the folder of the built sample programs
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { startServer } from "./server.mjs";

const { LABSERVER, WIRELOOM_GUESTS } = process.env;
if (!LABSERVER || !WIRELOOM_GUESTS) {
  console.error("LABSERVER and WIRELOOM_GUESTS are not set: make test sets them");
  process.exit(1);
}
const dir = await mkdtemp(join(tmpdir(), "wireloom-e2e-"));
const bad = join(dir, "notes.wasm");
writeFileSync(bad, "this is no WebAssembly\n");
const good = join(dir, "mine.wasm");
const first = join(dir, "first.wasm");
for (const [file, lab] of [
  [good, "ping"],
  [first, "first-io"],
]) {
  writeFileSync(file, gunzipSync(readFileSync(new URL(`../../scenarios/${lab}/reference.wasm.gz`, import.meta.url))));
}

const server = await startServer();
const story = spawn(process.execPath, [new URL("story.mjs", import.meta.url).pathname], {
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    ...process.env,
    WIRELOOM_URL: server.url,
    WIRELOOM_WASM_GOOD: good,
    WIRELOOM_WASM_FIRST: first,
    WIRELOOM_WASM_SPIN: join(WIRELOOM_GUESTS, "spin.wasm"),
    WIRELOOM_WASM_BAD: bad,
    WIRELOOM_KEEP: dir,
  },
});
let told = "";
story.stdout.on("data", (b) => {
  told += b;
});
const [storyCode] = await once(story, "close");
const count = /^(\d+) passed, (\d+) failed$/m.exec(told);
process.stdout.write(told.replace(/^\d+ passed, \d+ failed\n/m, ""));
const serverCode = await server.stop();

/** after runs a command on what the story downloaded, and prints what it says if it fails. */
function after(what, command, args, good) {
  const r = spawnSync(command, args, { encoding: "utf8" });
  const ok = r.status === 0 && good(r.stdout);
  console.log(`${ok ? "ok   " : "FAIL "} ${what}${ok ? "" : `\n${r.stdout}${r.stderr}${r.error ?? ""}`}`);
  return ok;
}
const checks = [
  after("the recording replays to the same hash", LABSERVER, ["replay", join(dir, "recording")], (out) =>
    out.startsWith("the same"),
  ),
  after(
    "tshark finds no malformed packet in the capture",
    "tshark",
    ["-r", join(dir, "capture"), "-Y", "_ws.malformed"],
    (out) => out === "",
  ),
];
const hosted = spawnSync(process.execPath, [new URL("hosted.mjs", import.meta.url).pathname], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
  env: { ...process.env, WIRELOOM_WASM_GOOD: good },
});
const hostedCount = /^(\d+) passed, (\d+) failed$/m.exec(hosted.stdout);
process.stdout.write(hosted.stdout.replace(/^\d+ passed, \d+ failed\n/m, ""));
const passed = checks.filter(Boolean).length;
const total = passed + Number(count?.[1] ?? 0) + Number(hostedCount?.[1] ?? 0);
const failed = checks.length - passed + Number(count?.[2] ?? 1) + Number(hostedCount?.[2] ?? 1);
console.log(`${total} passed, ${failed} failed`);
await rm(dir, { recursive: true });
if (hosted.status !== 0) process.exitCode = 1;
if (storyCode !== 0 || serverCode !== 0 || passed < checks.length) {
  console.error(`the story ended with ${storyCode}, labserver with ${serverCode}; its log:\n${server.log}`);
  process.exit(1);
}
