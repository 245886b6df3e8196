// Compiles C programs for the lab with the clang that package-lock.json pins.
// Run by internal/guestbuild, which caches the results:
//
//   node build.mjs <jobs.json
//
// A job is {name, dir, include, out}: all .c files in dir become the module out.
// The compiler sees virtual paths only, so that its output does not depend on
// where the tree lies.

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runClang } from '@yowasp/clang';

const flags = ['-std=gnu17', '-O2', '-g0', '-Iinclude', '-Isrc'];
// A program for a BSD has frames of 64 KiB on its stack, which is all that the linker
// gives it otherwise; and one that overflows it should trap, not overwrite its data.
const stack = ['-Wl,-z,stack-size=262144', '-Wl,--stack-first'];
const warnings = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

/** tree reads the .c and .h files below dir into the compiler's file system. */
async function tree(dir) {
  const files = {};
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) files[entry.name] = await tree(file);
    else if (/\.[ch]$/.test(entry.name)) files[entry.name] = await readFile(file);
  }
  return files;
}

async function exists(dir) {
  return stat(dir).then(
    () => true,
    () => false,
  );
}

/** compile builds one job. The compiler's own messages go to stderr. */
async function compile(job) {
  const src = await tree(job.dir);
  const include = (await exists(job.include)) ? await tree(job.include) : {};
  const units = Object.keys(src)
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => `src/${name}`);
  const args = ['clang', ...flags, ...warnings, ...stack, ...units, '-o', 'out.wasm'];
  const made = await runClang(args, { src, include });
  await writeFile(job.out, made['out.wasm']);
}

// Loads the compiler first, and without a line of progress for every chunk.
await runClang(null, {}, { fetchProgress: () => {} });

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
for (const job of JSON.parse(Buffer.concat(chunks).toString())) {
  try {
    await compile(job);
  } catch (err) {
    console.error(`${job.name}: not compiled: ${err.message}`);
    process.exit(1);
  }
}
