// The server's HTTP side. Every function gives a value or a sentence, never an exception.
// All addresses are relative to the page's: a proxy may serve it under any path.
import { type Checked, readChecked } from "../core/checks";
import type { Probe } from "../core/connection";
import { unexplained } from "../core/refusal";
import { readScenarios, type Scenario } from "../core/scenarios";
import type { Got } from "../session/world";

/** As the server's (internal/httpapi, MaxUpload): what is larger is not even sent. */
const MAX_UPLOAD = 32 * 1024 * 1024;

/** newLab asks for a lab of one's own; in an empty one no slot has a program. */
export async function newLab(scenario: string, empty: boolean): Promise<Got<string>> {
  const got = await ask("api/labs", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(empty ? { scenario, empty } : { scenario }),
  });
  if (!got.ok) return got;
  const id = member(got.value, "id");
  if (id === undefined) return { ok: false, error: "The server started a lab but did not say which." };
  return { ok: true, value: id };
}

/** scenarioList asks what the server offers. */
export async function scenarioList(): Promise<Got<readonly Scenario[]>> {
  const got = await ask("api/scenarios", {});
  return got.ok ? { ok: true, value: readScenarios(got.value) } : got;
}

/** check grades what is in a lab's slots. */
export async function check(lab: string): Promise<Got<Checked>> {
  const got = await ask(`${labUrl(lab)}/check`, { method: "POST" });
  if (!got.ok) return got;
  const value = readChecked(got.value);
  return value === undefined
    ? { ok: false, error: "The server checked something but did not say what it found." }
    : { ok: true, value };
}

/** probe asks whether a lab is still there, and why its WebSocket was refused, if it was. */
export async function probe(lab: string): Promise<Probe> {
  try {
    const r = await fetch(labUrl(lab), { cache: "no-store" });
    if (r.status === 404 || r.status === 410) return { lab: "gone", refused: "" };
    if (!r.ok) return { lab: "unreachable", refused: "" };
    const body: unknown = await r.json().catch(() => undefined);
    return { lab: "there", refused: member(body, "refused") ?? "" };
  } catch {
    return { lab: "unreachable", refused: "" };
  }
}

/** upload makes a file the program of a slot; it runs from the next start on. */
export async function upload(lab: string, node: string, proc: string, file: File): Promise<Got<string>> {
  if (file.size === 0) return { ok: false, error: `${file.name} is empty: nothing was uploaded.` };
  if (file.size > MAX_UPLOAD) {
    return { ok: false, error: `${file.name} has ${mib(file.size)}; a program may have at most ${mib(MAX_UPLOAD)}.` };
  }
  const query = new URLSearchParams({ node, proc, name: file.name });
  const got = await ask(
    `${labUrl(lab)}/programs?${query}`,
    {
      method: "POST",
      headers: { "Content-Type": "application/wasm" },
      body: file,
    },
    mib(file.size),
  );
  if (!got.ok) return got;
  return { ok: true, value: member(got.value, "name") ?? file.name };
}

export function labUrl(lab: string): string {
  return `api/labs/${encodeURIComponent(lab)}`;
}

export function streamUrl(lab: string, since: number | undefined): string {
  const url = new URL(`${labUrl(lab)}/stream`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  if (since !== undefined) url.searchParams.set("since", String(since));
  return url.href;
}

/** sent is the size of what is sent, for who must let it pass. */
async function ask(path: string, init: RequestInit, sent = ""): Promise<Got<unknown>> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    return { ok: false, error: "The server could not be reached. Is labserver still running?" };
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return { ok: true, value: body };
  return { ok: false, error: member(body, "error") ?? unexplained(response.status, sent) };
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function member(raw: unknown, key: string): string | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const value: unknown = Reflect.get(raw, key);
  return typeof value === "string" ? value : undefined;
}
