import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const outDir = join(import.meta.dirname, "dist");

// Vite's emptyOutDir would delete the committed placeholder, which `go build`
// on a bare clone embeds; so the folder is emptied here, but for that file.
function emptyButPlaceholder(): Plugin {
  return {
    name: "wireloom-empty-dist",
    apply: "build",
    buildStart() {
      for (const name of readdirSync(outDir)) {
        if (name !== "placeholder.html") rmSync(join(outDir, name), { recursive: true });
      }
    },
  };
}

export default defineConfig({
  // Relative: the page works under any path, also one that a proxy takes off.
  base: "./",
  plugins: [emptyButPlaceholder()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir,
    emptyOutDir: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: {
    // `npm run dev` shows the page over a real server.
    proxy: { "/api": { target: process.env.WIRELOOM_URL ?? "http://127.0.0.1:8080", ws: true } },
  },
  test: { include: ["test/**/*.test.{ts,tsx}", "src/**/*.test.tsx"], environment: "node", reporters: ["default"] },
});
