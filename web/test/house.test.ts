// How the page's source is cut: which room may import which, and that nothing of a lab
// is kept outside of its session. What this test forbids is said in README.md.
import { describe, expect, test } from "vitest";

const sources: Record<string, string> = import.meta.glob(["../src/**/*.{ts,tsx}", "!../src/**/*.test.tsx"], {
  eager: true,
  query: "?raw",
  import: "default",
});
const files = Object.entries(sources).map(([path, text]) => [path.replace("../src/", ""), text] as const);

/** Rooms, from the bottom up: each may import those before it, and itself. */
const ROOMS = ["protocol", "core", "worker", "session", "ui", "panes", "class", "app", ""];
/** Rooms without a browser. */
const PURE = ["protocol", "core", "session"];

const roomOf = (path: string): string => (path.includes("/") ? (path.split("/")[0] ?? "") : "");

/** importsOf lists what a file imports of ours, relative to src. */
function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)[^;]*?from "(\.[^"]+)"/gms)].map(([, to]) => {
    const parts = path.split("/").slice(0, -1);
    for (const p of (to ?? "").split("/")) {
      if (p === "..") parts.pop();
      else if (p !== ".") parts.push(p);
    }
    return parts.join("/");
  });
}

/** wrongImports says what is wrong with what files import. */
function wrongImports(all: readonly (readonly [string, string])[]): readonly string[] {
  const out: string[] = [];
  for (const [path, text] of all) {
    for (const to of importsOf(path, text)) {
      const [from, into] = [ROOMS.indexOf(roomOf(path)), ROOMS.indexOf(roomOf(to))];
      if (from < 0) out.push(`${path} is in no room`);
      if (into > from) out.push(`${path} imports ${to}, which is above it`);
      const [pane, other] = [path.split("/")[1], to.split("/")[1]];
      if (roomOf(path) === "panes" && roomOf(to) === "panes" && pane !== other)
        out.push(`${path} imports the pane ${to}`);
    }
  }
  return out;
}

/** What a module keeps: made when it is loaded, and the same for all labs. */
const KEPT = [
  /^(?:export )?(?:let|var) \w+/,
  /^(?:export )?const \w+[^=]*= (?:signal|computed|effect|useSignal)\b/,
  /^(?:export )?const \w+(?:: (?!Readonly)[^=]*)? = new (?:Map|Set|WeakMap|WeakSet|Array)\b/,
  /^(?:export )?const \w+[^=]*= new (?!Map|Set|WeakMap|WeakSet|RegExp)\w+/,
];

/** Modules that keep something all the same, and why. */
const REASONS: { readonly [path: string]: string } = {
  "main.tsx": "it makes the page",
  "core/wrap.ts":
    "how tall lines are, by the list of them, which never changes: what is counted once need not be again",
};

/** kept lists the lines of a file that keep something. */
function kept(text: string): readonly string[] {
  return text.split("\n").filter((line) => KEPT.some((k) => k.test(line)));
}

describe("rooms", () => {
  test("a room imports what is below it, and no pane another", () => expect(wrongImports(files)).toEqual([]));
  test("every file is read, and its imports are seen", () => {
    expect(files.length).toBeGreaterThan(60);
    const session = files.find(([path]) => path === "session/session.ts");
    expect(session && importsOf(...session)).toContain("core/connection");
  });
  test.each<[string, string, string, string]>([
    ["a pane that imports another", "panes/console/x.tsx", "../network/network", "imports the pane"],
    ["core that imports a session", "core/x.ts", "../session/session", "which is above it"],
    ["ui that imports a pane", "ui/x.ts", "../panes/console/pane", "which is above it"],
    ["a new folder", "view/x.ts", "../core/row", "is in no room"],
  ])("%s is found", (_, path, to, want) => {
    expect(wrongImports([[path, `import { x } from "${to}";`]]).join()).toContain(want);
  });
});

describe("what has no browser", () => {
  const BROWSER =
    /(?<!\.)\b(?:document|window|navigator|location|history|localStorage|HTML\w*Element|requestAnimationFrame|setTimeout|fetch|WebSocket|performance)\b(?=[.(])/;
  test.each(files.filter(([path]) => PURE.includes(roomOf(path))))("%s", (_, text) => {
    const code = text.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
    expect(code.split("\n").filter((line) => BROWSER.test(line))).toEqual([]);
    expect(code).not.toMatch(/from "preact/);
  });
});

describe("nothing is kept by a module", () => {
  test.each(files)("%s", (path, text) => expect(kept(text).length).toBe(path in REASONS ? 1 : 0));
  test.each<[string, boolean]>([
    ["export const lab = signal<State>(initial);", true],
    ["const graph = computed(() => 1);", true],
    ["let client: Client | undefined;", true],
    ["const sorted = new WeakMap<Status, ByNode>();", true],
    ["export const flight = new Flight((p) => p);", true],
    ["const KINDS: ReadonlySet<string> = new Set(['a']);", false],
    ["  const here = new Map();", false],
    ["const LIMIT = 7;", false],
  ])("%s: %s", (line, want) => expect(kept(line).length > 0).toBe(want));
});

describe("each pane", () => {
  const names = [...new Set(files.filter(([p]) => roomOf(p) === "panes").map(([p]) => p.split("/")[1] ?? ""))];
  const all = Object.keys(import.meta.glob("../src/panes/**/*"));
  test.each(names)("%s has a registration, a style and a test of its own", (name) => {
    for (const file of ["pane.ts", `${name}.module.css`, `${name}.test.tsx`])
      expect(all).toContain(`../src/panes/${name}/${file}`);
  });
});
