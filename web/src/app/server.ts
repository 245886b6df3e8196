// The server's side of classes, as the browser reaches it.
import { readWallMessage } from "../protocol/class/guards";
import { attempt } from "../protocol/read";
import type { Form, Sending, Server } from "../session/class/server";
import { ask, keyed, overHttp } from "./fetch";

/** After a connection that was lost another one is tried: milliseconds, at first and at most. */
const SOON = 500;
const LATE = 15_000;

export const server: Server = {
  ask: (method, path, read, sending = {}) => {
    const { headers, body, sent } = written(sending);
    return ask(
      overHttp,
      path,
      { method, headers, ...(body === undefined ? {} : { body }), cache: "no-store" },
      read,
      sent,
    );
  },
  href: keyed,
  wall: (id, on) => {
    let over = false;
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = SOON;
    const dial = (): void => {
      const url = new URL(keyed(`api/classes/${encodeURIComponent(id)}/wall`), location.href);
      url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      url.hash = "";
      socket = new WebSocket(url.href);
      socket.onmessage = (m: MessageEvent<unknown>) => {
        const got = attempt(() => readWallMessage(JSON.parse(String(m.data)), "message"));
        if (!got.ok) on.down(`The server said something that makes no sense: ${got.error}.`);
        else {
          wait = SOON;
          on.hear(got.value);
        }
      };
      socket.onclose = (c) => {
        if (over) return;
        on.down(c.reason === "" ? "The connection to the wall was lost. Trying again." : c.reason);
        timer = setTimeout(dial, wait);
        wait = Math.min(wait * 2, LATE);
      };
    };
    dial();
    return () => {
      over = true;
      clearTimeout(timer);
      socket?.close();
    };
  },
  date: Date.now,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  after: (ms, f) => {
    const t = setTimeout(f, ms);
    return () => clearTimeout(t);
  },
};

/** written is what is sent, as HTTP has it. */
function written(of: Sending): { headers: Record<string, string>; body?: BodyInit; sent: string } {
  const headers: Record<string, string> = of.ticket === undefined ? {} : { "Wireloom-Ticket": of.ticket };
  if (of.json !== undefined)
    return { headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(of.json), sent: "" };
  if (of.form !== undefined) return { headers, body: formOf(of.form), sent: "" };
  if (of.file instanceof File) {
    const type = of.file.type || "application/octet-stream";
    const mib = (of.file.size / 1024 / 1024).toFixed(1);
    return { headers: { ...headers, "Content-Type": type }, body: of.file, sent: `${mib} MiB` };
  }
  return { headers, sent: "" };
}

function formOf(form: Form): FormData {
  const out = new FormData();
  for (const [name, text] of Object.entries(form.fields)) out.append(name, text);
  for (const [name, file] of Object.entries(form.files)) if (file instanceof File) out.append(name, file, file.name);
  return out;
}
