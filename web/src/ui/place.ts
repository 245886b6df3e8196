// Where on the class's pages one is, as the part of the address behind # says it:
//   signin              to sign in; join=CODE with the code already there, signin=TOKEN by an operator's token or a
//                       one-time code, which leaves the address at once
//   classes             one's classes
//   account             the ways in which one signs in
//   class=ID            a class: a student's lessons, a teacher's; tab=NAME another of its pages
//   class=ID&lesson=ID  a lesson: a student's bench; of staff its gradebook, or with bench their own bench
//   lesson=ID           the same, of the one class that a session is for: where a learning platform leads
//   class=ID&watch=LAB  somebody's bench, to look at
//   admin               the operator's page; tab=NAME another part of it

import type { Welcome } from "../protocol/class/types";

export const TABS = ["lessons", "roster", "book", "wall", "settings"] as const;
export type Tab = (typeof TABS)[number];

export const ADMIN_TABS = ["status", "labs", "platforms", "audit"] as const;
export type AdminTab = (typeof ADMIN_TABS)[number];

export type Place =
  | { readonly kind: "signin"; readonly code: string; readonly token?: string }
  | { readonly kind: "classes" }
  | { readonly kind: "account" }
  | { readonly kind: "class"; readonly id: string; readonly tab: Tab }
  | { readonly kind: "lesson"; readonly id: string; readonly lesson: string; readonly bench: boolean }
  | { readonly kind: "watch"; readonly id: string; readonly lab: string }
  | { readonly kind: "admin"; readonly tab: AdminTab };

/** placeOf is where an address leads; undefined if to no page of a class. */
export function placeOf(address: string): Place | undefined {
  const q = new URLSearchParams(address);
  const id = q.get("class") ?? "";
  const tab = q.get("tab") ?? "";
  if (id !== "") {
    const lesson = q.get("lesson") ?? "";
    const lab = q.get("watch") ?? "";
    if (lesson !== "") return { kind: "lesson", id, lesson, bench: q.has("bench") };
    if (lab !== "") return { kind: "watch", id, lab };
    return { kind: "class", id, tab: TABS.find((t) => t === tab) ?? "lessons" };
  }
  const lesson = q.get("lesson") ?? "";
  if (lesson !== "") return { kind: "lesson", id: "", lesson, bench: q.has("bench") };
  if (q.has("classes")) return { kind: "classes" };
  if (q.has("account")) return { kind: "account" };
  if (q.has("admin")) return { kind: "admin", tab: ADMIN_TABS.find((t) => t === tab) ?? "status" };
  if (q.has("signin") || q.has("join")) {
    const token = q.get("signin") ?? "";
    return { kind: "signin", code: q.get("join") ?? "", ...(token === "" ? {} : { token }) };
  }
  return undefined;
}

/** addressOf is the address of a place. */
export function addressOf(p: Place): string {
  const q = (of: { readonly [key: string]: string }): string => new URLSearchParams(of).toString();
  switch (p.kind) {
    case "signin":
      return p.code === "" ? "signin" : q({ join: p.code });
    case "classes":
    case "account":
      return p.kind;
    case "class":
      return q(p.tab === "lessons" ? { class: p.id } : { class: p.id, tab: p.tab });
    case "lesson":
      return q(p.id === "" ? { lesson: p.lesson } : { class: p.id, lesson: p.lesson }) + (p.bench ? "&bench" : "");
    case "watch":
      return q({ class: p.id, watch: p.lab });
    case "admin":
      return p.tab === "status" ? "admin" : `admin&${q({ tab: p.tab })}`;
    default:
      return p satisfies never;
  }
}

/** entry is where somebody goes who has signed in. */
export function entry(who: Welcome): Place {
  if (who.operator) return { kind: "admin", tab: "status" };
  return who.class === "" ? { kind: "classes" } : { kind: "class", id: who.class, tab: "lessons" };
}
