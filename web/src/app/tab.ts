// The way to labs that are in the page itself, in a worker: what a server is asked by HTTP goes to the worker as a
// message, and what comes by a WebSocket comes by a MessagePort, word for word the same.
import type { Answered, Server } from "../session/class/server";
import type { Answer, FromWorker, Goodbye, ToWorker } from "../worker/messages";
import { keepFile, type Wire } from "./browser";
import { ask, type Call } from "./fetch";
import { server } from "./server";

/** Of the site that the page is from, its folder. */
const base = (): string => new URL(".", document.baseURI).href;

const OVER = "The labs of this page have ended";

interface Waiting {
  readonly done: (a: Answer) => void;
  readonly failed: (e: Error) => void;
}

/** A Labs is the worker that has the labs. When one ends, the next that is asked is a new one. */
class Labs {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private readonly watched = new Set<(why: string) => void>();
  private asked = 0;

  ask(method: string, path: string, query: string, body: Uint8Array | null): Promise<Answer> {
    return new Promise((done, failed) => {
      const n = ++this.asked;
      this.waiting.set(n, { done, failed });
      this.tell({ kind: "ask", n, method, path, query, body });
    });
  }

  /** dial gives a lab's port to the worker; over is called when the worker has ended, until what is returned is called. */
  dial(id: string, since: number | null, port: MessagePort, over: (why: string) => void): () => void {
    this.watched.add(over);
    this.tell({ kind: "dial", id, since, port }, [port]);
    return () => this.watched.delete(over);
  }

  private tell(m: ToWorker, move: Transferable[] = []): void {
    this.worker ??= this.start();
    this.worker.postMessage(m, move);
  }

  private start(): Worker {
    const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (m: MessageEvent<FromWorker>) => {
      if (m.data.kind === "failed") this.end(worker, m.data.error);
      else {
        this.waiting.get(m.data.n)?.done(m.data.answer);
        this.waiting.delete(m.data.n);
      }
    };
    worker.onerror = (e) => this.end(worker, e.message);
    const boot: ToWorker = { kind: "boot", base: base() };
    worker.postMessage(boot);
    return worker;
  }

  private end(worker: Worker, why: string): void {
    if (worker !== this.worker) return;
    worker.terminate();
    this.worker = undefined;
    const error = `${OVER}: ${why}.`;
    for (const w of this.waiting.values()) w.failed(new Error(error));
    this.waiting.clear();
    for (const over of this.watched) over(error);
    this.watched.clear();
  }
}

async function bytesOf(body: BodyInit | null | undefined): Promise<Uint8Array | null> {
  if (body === null || body === undefined) return null;
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function callOf(labs: Labs): Call {
  return async (path, init) => {
    const [bare, query] = path.split("?");
    const a = await labs.ask(init.method ?? "GET", bare ?? "", query ?? "", await bytesOf(init.body));
    return new Response(a.body.length === 0 ? null : a.body, {
      status: a.status,
      headers: { "Content-Type": a.type, "Wireloom-File": encodeURIComponent(a.file) },
    });
  };
}

/** downloads has links to files of labs answered by the worker: for the host of the site there are none. */
function downloads(call: Call): void {
  addEventListener("click", async (e) => {
    const link = e.target instanceof Element ? e.target.closest("a") : null;
    const href = link?.getAttribute("href") ?? "";
    if (!href.startsWith("api/")) return;
    e.preventDefault();
    const got = await call(href, {}).catch((why: unknown) => String(why));
    if (typeof got !== "string" && got.ok) {
      const name = decodeURIComponent(got.headers.get("Wireloom-File") ?? "");
      keepFile(URL.createObjectURL(await got.blob()), name);
      return;
    }
    const said: unknown = typeof got === "string" ? got : Reflect.get(await got.json(), "error");
    alert(String(said));
  });
}

/** overWorker is the way to the labs of a site's folder. */
export function overWorker(): Wire {
  const labs = new Labs();
  const call = callOf(labs);
  downloads(call);
  // When the labs are there: what keeps the site fetches all of it, which nobody should wait for.
  if ("serviceWorker" in navigator)
    void call("api/scenarios", {})
      .then(() => navigator.serviceWorker.register("sw.js"))
      .catch(() => undefined);
  return {
    call,
    dial: (id, since, on) => {
      const { port1, port2 } = new MessageChannel();
      let open = true;
      const over = (reason: string): void => {
        if (!open) return;
        open = false;
        forget();
        port1.close();
        on.closed(reason);
      };
      port1.onmessage = (m: MessageEvent<string | Goodbye>) => {
        if (typeof m.data === "string") on.text(m.data);
        else over(m.data.reason);
      };
      const forget = labs.dial(id, since ?? null, port2, over);
      queueMicrotask(() => {
        if (open) on.open();
      });
      return {
        send: (text) => {
          if (open) port1.postMessage(text);
        },
        close: (code, reason) => {
          if (!open) return;
          const bye: Goodbye = { code, reason };
          port1.postMessage(bye);
          over(reason);
        },
      };
    },
    server: alone(server, call),
    starterUrl: (scenario) => `starters/${encodeURIComponent(scenario)}.zip`,
    pageUrl: () => undefined,
  };
}

/** alone is the side of classes of a page that has none: whatever is asked is answered by the worker, which says so. */
function alone(of: Server, call: Call): Server {
  return {
    ...of,
    ask: <T>(...[method, path, read]: Parameters<typeof of.ask<T>>): Promise<Answered<T>> =>
      ask(call, path, { method }, read),
    wall: (_, on) => {
      on.down("This page has labs and no classes.");
      return () => undefined;
    },
  };
}
