// Compiles C and C++ programs for a lab with npm's @yowasp/clang, where there is no other
// compiler:
//
//   npm install @yowasp/clang
//   node clang.mjs -O2 program.c -o program.wasm
//   node clang.mjs -O2 -std=c++17 program.cpp -o program.wasm
//
// Files are named relative to the current folder and lie in it or below. The SDK's
// headers are those in include, beside this file.

import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runClang } from '@yowasp/clang';

/** tree reads the sources and headers below dir into the compiler's file system. */
async function tree(dir) {
  // WebAssembly of WASI has no exceptions: without this, a program that throws does not link.
const compiler = args.some((arg) => /\.(cc|cpp|cxx)$/.test(arg)) ? ['clang++', '-fno-exceptions'] : ['clang'];
const files = {};
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) files[entry.name] = await tree(file);
    } else if (/\.([ch]|cc|cpp|cxx|hh|hpp|hxx)$/.test(entry.name)) files[entry.name] = await readFile(file);
  }
  return files;
}

// A program for a BSD has large buffers on its stack: the linker's 64 KiB are not enough.
const stack = ['-Wl,-z,stack-size=262144', '-Wl,--stack-first'];

const args = process.argv.slice(2);
const at = args.indexOf('-o');
if (at < 0 || at === args.length - 1 || args.length < 3) {
  console.error('usage: node clang.mjs [option ...] file.c|file.cpp ... -o program.wasm');
  process.exit(64);
}
const [, out] = args.splice(at, 2);
// WebAssembly of WASI has no exceptions: without this, a program that throws does not link.
const compiler = args.some((arg) => /\.(cc|cpp|cxx)$/.test(arg)) ? ['clang++', '-fno-exceptions'] : ['clang'];
const files = { ...(await tree('.')), '.sdk': await tree(path.join(import.meta.dirname, 'include')) };
await runClang(null, {}, { fetchProgress: () => {} }); // without a line of progress for every chunk
try {
  const made = await runClang([...compiler, '-I.sdk', ...stack, ...args, '-o', '.out.wasm'], files);
  await writeFile(out, made['.out.wasm']);
} catch (err) {
  console.error(`clang.mjs: ${err.message}`);
  process.exit(1);
}
