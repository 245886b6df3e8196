// How the page asks its server: every answer is a value or a sentence, never an exception.
import { unexplained } from "../core/refusal";
import { readRefusal } from "../protocol/class/guards";
import { attempt, type Item } from "../protocol/read";
import type { Answered } from "../session/class/server";

/**
 * The session that this page's address names, "" where the browser's own is meant: a browser has several where learning
 * platforms show this page in frames.
 */
function sessionKey(): string {
  return new URLSearchParams(location.search).get("session") ?? "";
}

/** keyed is an address for who can't send a header: a link, or a WebSocket. */
export function keyed(path: string): string {
  const key = sessionKey();
  return key === "" ? path : `${path}${path.includes("?") ? "&" : "?"}session=${encodeURIComponent(key)}`;
}

/** A Call sends a request to whoever has the labs. It fails with a sentence where no answer comes. */
export type Call = (path: string, init: RequestInit) => Promise<Response>;

/** overHttp calls the server that the page is from. */
export const overHttp: Call = async (path, init) => {
  const key = sessionKey();
  const headers = new Headers(init.headers);
  if (key !== "") headers.set("Wireloom-Session", key);
  try {
    return await fetch(path, { ...init, headers });
  } catch {
    throw new Error("The server could not be reached. Is labserver still running?");
  }
};

/** ask asks; read says what the answer is, and sent the size of what is sent, for who must let it pass. */
export async function ask<T>(
  call: Call,
  path: string,
  init: RequestInit,
  read: Item<T>,
  sent = "",
): Promise<Answered<T>> {
  let response: Response;
  try {
    response = await call(path, init);
  } catch (e) {
    return refused(e instanceof Error ? e.message : String(e), 0);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const said = attempt(() => readRefusal(body, "answer"));
    if (!said.ok) return refused(unexplained(response.status, sent), response.status);
    return { ok: false, status: response.status, ...said.value };
  }
  const got = attempt(() => read(body, "answer"));
  return got.ok ? got : refused(`The server's answer makes no sense: ${got.error}.`, response.status);
}

function refused(error: string, status: number): Answered<never> {
  return { ok: false, error, status, want: "", queue: undefined };
}
