// A term in a browser, part by part: each is a program of its own, and runs alone too.
//   LABSERVER           the program, if it is not the one that make build makes
//   WIRELOOM_PLATFORM   the built learning platform of internal/lti/platform/run
//   WIRELOOM_TEST_DB    the database: see class.mjs
//   PARTS               those that are run, if it is not all
import { spawnSync } from "node:child_process";

const PARTS = (process.env.PARTS ?? "term-class,term-help,term-grades,term-lti").split(",");
let passed = 0;
let failed = 0;
for (const part of PARTS) {
  const begun = Date.now();
  const r = spawnSync(process.execPath, [new URL(`${part}.mjs`, import.meta.url).pathname], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const count = /^(\d+) passed, (\d+) failed$/m.exec(r.stdout);
  process.stdout.write(r.stdout.replace(/^\d+ passed, \d+ failed\n/m, ""));
  console.log(`      ${part}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  passed += Number(count?.[1] ?? 0);
  failed += Number(count?.[2] ?? 1);
  if (r.status !== 0 && failed === 0) failed = 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
