// The browser, as the page and its sessions see it.
import type { Feed, World } from "../session/world";
import { check, labUrl, newLab, probe, scenarioList, streamUrl, upload } from "./api";
import { keyed } from "./fetch";
import type { Surroundings } from "./page";
import { server } from "./server";

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
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  },
};

function feed(id: string): Feed {
  return {
    dial: (since, on) => {
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
    probe: () => probe(id),
    check: () => check(id),
    upload: (node, proc, file) =>
      file instanceof File
        ? upload(id, node, proc, file)
        : Promise.resolve({ ok: false, error: `${file.name} is no file of this browser's.` }),
  };
}

/** browser is what surrounds the page. */
export const browser: Surroundings = {
  world,
  server,
  feed,
  sessions: () => import("../session/session").then((m) => (id, feed, world) => new m.LabSession(id, feed, world)),
  newLab,
  scenarios: scenarioList,
  fileUrl: (lab, file) => keyed(`${labUrl(lab)}/${file}`),
  pageUrl: (lab) => `${location.origin}${location.pathname}#lab=${lab}`,
  starterUrl: (scenario) => `api/scenarios/${encodeURIComponent(scenario)}/starter.zip`,
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
};
