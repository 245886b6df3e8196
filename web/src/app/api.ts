// What is asked of whoever has the labs: a server, or the page's worker. Every function gives a value or a sentence, never an exception.
// All addresses are relative to the page's: a proxy may serve it under any path.
import { type Checked, readChecked } from "../core/checks";
import type { Probe } from "../core/connection";
import { capital } from "../core/format";
import { readScenarios, type Scenario } from "../core/scenarios";
import { dict, str } from "../protocol/read";
import type { Answered } from "../session/class/server";
import type { Got } from "../session/world";
import { ask, type Call, keyed } from "./fetch";

/** As the server's (internal/httpapi, MaxUpload): what is larger is not even sent. */
const MAX_UPLOAD = 32 * 1024 * 1024;

/** newLab asks for a lab of one's own; in an empty one no slot has a program. A ticket is of the queue. */
export function newLab(call: Call, scenario: string, empty: boolean, ticket: string): Promise<Answered<string>> {
  const headers = { "Content-Type": "application/json", ...(ticket === "" ? {} : { "Wireloom-Ticket": ticket }) };
  const body = JSON.stringify(empty ? { scenario, empty } : { scenario });
  return ask(call, "api/labs", { method: "POST", headers, body }, (raw, at) => str(dict(raw, at), "id", at));
}

/** scenarioList asks what the server offers. */
export async function scenarioList(call: Call): Promise<Got<readonly Scenario[]>> {
  const got = await ask(call, "api/scenarios", {}, (raw) => raw);
  return got.ok ? { ok: true, value: readScenarios(got.value) } : got;
}

/** check grades what is in a lab's slots. */
export async function check(call: Call, lab: string): Promise<Got<Checked>> {
  const got = await ask(call, `${labUrl(lab)}/check`, { method: "POST" }, (raw) => raw);
  if (!got.ok) return got;
  const value = readChecked(got.value);
  return value === undefined
    ? { ok: false, error: "The server checked something but did not say what it found." }
    : { ok: true, value };
}

/** probe asks whether a lab is still there, and why its WebSocket was refused, if it was. */
export async function probe(call: Call, lab: string): Promise<Probe> {
  try {
    const r = await call(labUrl(lab), { cache: "no-store" });
    if (r.status === 404) return { lab: "gone", refused: "" };
    if (r.status === 410) {
      const why = member(await r.json().catch(() => undefined), "error") ?? "";
      return { lab: "gone", refused: why === "" ? "" : `${capital(why)}.` };
    }
    if (!r.ok) return { lab: "unreachable", refused: "" };
    const body: unknown = await r.json().catch(() => undefined);
    const refused = member(body, "refused") ?? "";
    const returning = doneOf(body);
    return returning === undefined ? { lab: "there", refused } : { lab: "there", refused, returning };
  } catch {
    return { lab: "unreachable", refused: "" };
  }
}

/** upload makes a file the program of a slot; it runs from the next start on. */
export async function upload(call: Call, lab: string, node: string, proc: string, file: File): Promise<Got<string>> {
  if (file.size === 0) return { ok: false, error: `${file.name} is empty: nothing was uploaded.` };
  if (file.size > MAX_UPLOAD) {
    return { ok: false, error: `${file.name} has ${mib(file.size)}; a program may have at most ${mib(MAX_UPLOAD)}.` };
  }
  const query = new URLSearchParams({ node, proc, name: file.name });
  const got = await ask(
    call,
    `${labUrl(lab)}/programs?${query}`,
    {
      method: "POST",
      headers: { "Content-Type": "application/wasm" },
      body: file,
    },
    (raw) => raw,
    mib(file.size),
  );
  if (!got.ok) return got;
  return { ok: true, value: member(got.value, "name") ?? file.name };
}

export function labUrl(lab: string): string {
  return `api/labs/${encodeURIComponent(lab)}`;
}

export function streamUrl(lab: string, since: number | undefined): string {
  const url = new URL(keyed(`${labUrl(lab)}/stream`), location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  if (since !== undefined) url.searchParams.set("since", String(since));
  return url.href;
}

/** doneOf is how far a lab is that comes back, of what the server says of it; undefined of one that is there. */
function doneOf(lab: unknown): number | undefined {
  if (typeof lab !== "object" || lab === null) return undefined;
  const returning: unknown = Reflect.get(lab, "returning");
  if (typeof returning !== "object" || returning === null) return undefined;
  const done: unknown = Reflect.get(returning, "done");
  return typeof done === "number" ? done : 0;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function member(raw: unknown, key: string): string | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const value: unknown = Reflect.get(raw, key);
  return typeof value === "string" ? value : undefined;
}
