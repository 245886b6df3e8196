// The worker that has the labs of a page without a server: Go's lab.bin, with the files that it keeps in memory.
import { Memory } from "./memory";
import type { Answer, FromWorker, ToWorker } from "./messages";

/** What program internal/tab/main gives. */
interface Lab {
  readonly answer: (method: string, path: string, query: string, body: Uint8Array | null) => Promise<Answer>;
  readonly dial: (id: string, since: number | null, port: MessagePort) => void;
}

/** What Go's wasm_exec.js adds to the worker. */
interface GoProgram {
  readonly importObject: WebAssembly.Imports;
  readonly run: (instance: WebAssembly.Instance) => Promise<void>;
}

const say = (m: FromWorker, move: Transferable[] = []): void => postMessage(m, { transfer: move });

async function read(base: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const r = await fetch(new URL(name, base));
  if (!r.ok) throw new Error(`${name} can't be read: status ${r.status}`);
  return new Uint8Array(await r.arrayBuffer());
}

/** program is lab.bin as a module. It is packed by gzip, unless the host has unpacked it on the way. */
function program(b: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  if (b[0] !== 0x1f || b[1] !== 0x8b) return WebAssembly.compile(b);
  const unpacked = new Blob([b]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compileStreaming(new Response(unpacked, { headers: { "Content-Type": "application/wasm" } }));
}

async function boot(base: string): Promise<Lab> {
  const names = globalThis as unknown as Record<string, unknown>;
  const [site, bytes] = await Promise.all([read(base, "site.json"), read(base, "lab/lab.bin")]);
  names.fs = new Memory((line) => console.error(line));
  names.wireloomSite = new TextDecoder().decode(site);
  names.wireloomRead = (name: string) => read(base, name);
  const [module] = await Promise.all([
    program(bytes),
    import(/* @vite-ignore */ new URL("lab/wasm_exec.js", base).href),
  ]);
  const go = new (names.Go as new () => GoProgram)();
  const instance = await WebAssembly.instantiate(module, go.importObject);
  return new Promise((ready, failed) => {
    names.wireloomReady = ready;
    const over = (why: string): void => {
      failed(new Error(why));
      say({ kind: "failed", error: why });
    };
    go.run(instance).then(
      () => over("the program with the labs has ended"),
      (e) => over(`the program with the labs has ended: ${e}`),
    );
  });
}

// The first message says where the site is; all others wait until the labs can be asked.
addEventListener(
  "message",
  (first: MessageEvent<ToWorker>) => {
    if (first.data.kind !== "boot") return;
    const lab = boot(first.data.base);
    lab.catch((e: unknown) => say({ kind: "failed", error: e instanceof Error ? e.message : String(e) }));
    addEventListener("message", async (m: MessageEvent<ToWorker>) => {
      const ask = m.data;
      const there = await lab.catch(() => undefined);
      if (there === undefined) return; // it has been said why
      if (ask.kind === "dial") there.dial(ask.id, ask.since, ask.port);
      else if (ask.kind === "ask") {
        const answer = await there.answer(ask.method, ask.path, ask.query, ask.body);
        say({ kind: "answer", n: ask.n, answer }, [answer.body.buffer]);
      }
    });
  },
  { once: true },
);
