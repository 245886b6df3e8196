// The browser, as the page and its sessions see it.

import type { Server } from "../session/class/server";
import type { Feed, World } from "../session/world";
import { check, labUrl, newLab, probe, scenarioList, streamUrl, upload } from "./api";
import { type Call, keyed, overHttp } from "./fetch";
import type { Surroundings } from "./page";
import { server } from "./server";

/** A Wire is the way to whoever has the labs: a server, or a worker of the page's. */
export interface Wire {
  readonly call: Call;
  readonly dial: (id: string, ...how: Parameters<Feed["dial"]>) => ReturnType<Feed["dial"]>;
  readonly server: Server;
  readonly starterUrl: Surroundings["starterUrl"];
  /** The address of a page that shows a lab, for other programs; undefined where they can't reach it. */
  readonly pageUrl: Surroundings["pageUrl"];
}

const world: World = {
  now: () => performance.now(),
  random: Math.random,
  after: (ms, f) => {
    const t = setTimeout(f, ms);
    return () => clearTimeout(t);
  },
  frame: (f) => {
    const t = requestAnimationFrame(f);
    return () => cancelAnimationFrame(t);
  },
  hidden: () => document.hidden,
  onShown: (f) => {
    const on = (): void => {
      if (!document.hidden) f();
    };
    document.addEventListener("visibilitychange", on);
    return () => document.removeEventListener("visibilitychange", on);
  },
  save: (name, parts) => {
    const url = URL.createObjectURL(new Blob([...parts], { type: "text/plain" }));
    keepFile(url, name);
  },
};

/** keepFile gives the person a file that the page has made. */
export function keepFile(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The way to the server that the page is from. */
export const overServer: Wire = {
  call: overHttp,
  dial: (id, since, on) => {
    const ws = new WebSocket(streamUrl(id, since));
    ws.onopen = () => on.open();
    ws.onmessage = (m: MessageEvent<unknown>) => {
      if (typeof m.data === "string") on.text(m.data);
    };
    ws.onclose = (c) => on.closed(c.reason);
    return {
      send: (text) => {
        if (ws.readyState === WebSocket.OPEN) ws.send(text);
      },
      close: (code, reason) => ws.close(code, reason),
    };
  },
  server,
  starterUrl: (scenario) => `api/scenarios/${encodeURIComponent(scenario)}/starter.zip`,
  pageUrl: (lab) => `${location.origin}${location.pathname}#lab=${lab}`,
};

function feed(wire: Wire, id: string): Feed {
  return {
    dial: (since, on) => wire.dial(id, since, on),
    probe: () => probe(wire.call, id),
    check: () => check(wire.call, id),
    upload: (node, proc, file) =>
      file instanceof File
        ? upload(wire.call, id, node, proc, file)
        : Promise.resolve({ ok: false, error: `${file.name} is no file of this browser's.` }),
  };
}

/** surroundings are what surrounds the page, with labs at the end of a wire. */
export const surroundings = (wire: Wire): Surroundings => ({
  world,
  server: wire.server,
  feed: (id) => feed(wire, id),
  sessions: () => import("../session/session").then((m) => (id, feed, world) => new m.LabSession(id, feed, world)),
  newLab: (scenario, empty, ticket) => newLab(wire.call, scenario, empty, ticket),
  scenarios: () => scenarioList(wire.call),
  fileUrl: (lab, file) => keyed(`${labUrl(lab)}/${file}`),
  pageUrl: wire.pageUrl,
  starterUrl: wire.starterUrl,
  kept: (key) => {
    try {
      return localStorage.getItem(`wireloom.${key}`) ?? undefined;
    } catch {
      return undefined; // this browser keeps nothing
    }
  },
  keep: (key, text) => {
    try {
      localStorage.setItem(`wireloom.${key}`, text);
    } catch {
      // It is as it was arranged the next time.
    }
  },
  address: () => location.hash.slice(1),
  goTo: (address, replace) => {
    const to = address === "" ? location.pathname + location.search : `#${address}`;
    if (replace) history.replaceState(null, "", to);
    else history.pushState(null, "", to);
  },
  onAddress: (f) => addEventListener("popstate", f),
  title: (title) => {
    document.title = title;
  },
});
