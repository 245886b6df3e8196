// A class without a server of classes: its routes answer with the samples that Go tests make of
// the structs, moved so that they are of now. Labs are the server's own.
import { readFileSync } from "node:fs";

/** When the samples are: 1 December 2026, 12:00 in Vienna. */
const THEN = 1796122800000;
const LESSON = (n) => `lesson${String(n).padStart(20, "0")}`;

export function sample(name) {
  const text = readFileSync(new URL(`../../internal/protocol/class/testdata/${name}.json`, import.meta.url), "utf8");
  return moved(JSON.parse(text), Date.now() - THEN);
}

function moved(x, by) {
  if (typeof x === "number") return x > 1.7e12 && x < 2e12 ? x + by : x;
  if (Array.isArray(x)) return x.map((y) => moved(y, by));
  if (typeof x !== "object" || x === null) return x;
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, moved(v, by)]));
}

const COMMON = {
  "GET /api/classes": "classes",
  "GET /api/classes/class0/roster": "roster",
  "GET /api/classes/class0/arrivals": "arrivals",
  "GET /api/classes/class0/scenarios": "scenarios",
  "GET /api/classes/class0/book": "class-book",
  "GET /api/classes/class0/notices": "notices",
  "GET /api/me/identities": "identities",
  "POST /api/classes/class0/roster/preview": "roster-diff",
  "POST /api/join": "welcome",
  "GET /api/admin/status": "admin-status",
  "GET /api/admin/labs": "admin-labs",
  "GET /api/admin/platforms": "platforms",
  "GET /api/admin/audit": "audit",
};
for (const n of [2, 3])
  Object.assign(COMMON, {
    [`GET /api/lessons/${LESSON(n)}/book`]: "book",
    [`GET /api/lessons/${LESSON(n)}/sync`]: "sync",
    [`GET /api/lessons/${LESSON(n)}/handins`]: "handins",
    [`POST /api/lessons/${LESSON(n)}/handins`]: "receipt",
    [`POST /api/lessons/${LESSON(n)}/regrades`]: "regrade",
  });

const WHO = {
  visitor: {},
  student: { me: "me-student", class: "class-student", lessons: "lessons-student" },
  teacher: { me: "me-teacher", class: "class", lessons: "lessons" },
  operator: { me: "me-operator", class: "class", lessons: "lessons" },
};

/** The addresses of the pages of a class, by who sees them. */
export const PAGES = [
  ["visitor", "signing in", "signin"],
  ["student", "one's classes", "classes"],
  ["student", "one's account", "account"],
  ["student", "a student's lessons", "class=class0"],
  ["teacher", "a teacher's lessons", "class=class0"],
  ["teacher", "the people", "class=class0&tab=roster"],
  ["teacher", "the gradebook of a class", "class=class0&tab=book"],
  ["teacher", "the gradebook of a lesson", `class=class0&lesson=${LESSON(2)}`],
  ["teacher", "the wall", "class=class0&tab=wall"],
  ["teacher", "the settings of a class", "class=class0&tab=settings"],
  ["operator", "the server in figures", "admin"],
  ["operator", "all labs", "admin&tab=labs"],
  ["operator", "the platforms", "admin&tab=platforms"],
  ["operator", "the audit", "admin&tab=audit"],
];

/** The address of a student's bench. */
export const BENCH = `class=class0&lesson=${LESSON(3)}`;

/** sampled has a page see a class of samples, as somebody; lab is what a bench is, if one is opened. */
export async function sampled(page, who, lab = "") {
  const { me = "visitor", class: about = "class", lessons = "lessons" } = WHO[who];
  const answers = {
    ...COMMON,
    "GET /api/me": me,
    "GET /api/classes/class0": about,
    "GET /api/classes/class0/lessons": lessons,
  };
  await page.route(/\/api\/(me|join|classes|lessons|handins|admin|labs\/[^/]+\/help)\b/, async (route) => {
    const request = route.request();
    const path = new URL(request.url()).pathname.replace(/^.*\/api\//, "/api/");
    const name = answers[`${request.method()} ${path}`];
    if (path.endsWith("/bench")) return route.fulfill({ json: { lab } });
    // What waits for a change waits here for ever.
    if (/[?&]after=[1-9]/.test(request.url())) return undefined;
    if (name === undefined)
      return route.fulfill({ status: 404, json: { error: `there is no ${path} in the samples` } });
    return route.fulfill({ json: sample(name) });
  });
  await page.routeWebSocket(/\/wall/, (ws) => ws.send(JSON.stringify(sample("wall"))));
}
