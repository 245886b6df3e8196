// A server with classes, and people in it, for the tests of the term.
//   WIRELOOM_TEST_DB    "postgres" for a server with PostgreSQL; else it has SQLite
//   WIRELOOM_POSTGRES   the built internal/store/storetest/run, if it is not bin/postgres
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { open, until } from "./browser.mjs";
import { LABSERVER, startServer } from "./server.mjs";

/** postgres starts one, and says the URL of a database there. */
async function postgres() {
  const program = process.env.WIRELOOM_POSTGRES ?? join(import.meta.dirname, "../../bin/postgres");
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] }); // it ends with this process, however that ends
  await once(child, "spawn").catch((e) => {
    throw new Error(`${program}: make bin/postgres makes it (${e})`);
  });
  for await (const url of createInterface({ input: child.stdout })) return { url, stop: () => child.stdin.end() };
  throw new Error("no PostgreSQL");
}

/** database starts the one that WIRELOOM_TEST_DB names, where it is not a file of the server's own. */
async function database() {
  const db = process.env.WIRELOOM_TEST_DB ?? "";
  if (db === "postgres") return await postgres();
  if (db === "" || db === "sqlite") return undefined;
  throw new Error(`WIRELOOM_TEST_DB is ${db}: want sqlite, postgres, or nothing`);
}

/** school starts a server with a data folder of its own. */
export async function school(...flags) {
  const db = await database();
  const dir = await mkdtemp(join(tmpdir(), "wireloom-term-"));
  // What serve and admin both know of a database that is elsewhere is a file of settings.
  const file = join(dir, "wireloom.conf");
  if (db !== undefined) await writeFile(file, `data: ${dir}\ndb: ${db.url}\n`);
  const home = db === undefined ? ["--data", dir] : ["--config", file];
  const server = await startServer(...home, ...flags);
  return {
    url: server.url,
    dir,
    server,
    /** operator is an address that signs an operator in. */
    operator() {
      const r = spawnSync(LABSERVER, ["admin", ...home, "operator", "Olga Operator"], { encoding: "utf8" });
      const m = /#signin=\S+/.exec(r.stdout);
      if (m === null) throw new Error(`labserver admin operator: ${r.stdout}${r.stderr}`);
      return `${server.url}/${m[0]}`;
    },
    async close() {
      const code = await server.stop();
      db?.stop();
      await rm(dir, { recursive: true });
      if (code !== 0) {
        console.error(`labserver ended with ${code}; its log:\n${server.log}`);
        process.exitCode = 1;
      }
    },
  };
}

/** The program that does a lesson. */
export function reference(lab) {
  return gunzipSync(readFileSync(new URL(`../../scenarios/${lab}/reference.wasm.gz`, import.meta.url)));
}

/** STUDENTS are thirty, as a platform exports them. */
export const STUDENTS = Array.from({ length: 30 }, (_, i) => ({
  name: `${["Ada", "Blaise", "Carla", "David", "Edsger", "Fatima"][i % 6]} ${["Lovelace", "Pascal", "Novák", "Hopper", "O'Brien"][Math.floor(i / 6)]}`,
  section: i % 2 === 0 ? "Mon" : "Wed",
  id: 1000 + i,
}));

/** csv is their list, as a spreadsheet in much of Europe writes it: semicolons, and a mark of the byte order. */
export function csv(students = STUDENTS) {
  const lines = students.map((s) => `${s.name};${s.section};s${s.id};s${s.id}@example.org`);
  return {
    name: "class.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(`\ufeffName;Section;Login;Email\r\n${lines.join("\r\n")}\r\n`),
  };
}

/** ask asks a route as who is signed in on a page. */
export async function ask(page, method, path, body) {
  const got = await page.evaluate(
    async ([method, path, body]) => {
      const r = await fetch(path, {
        method,
        ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      });
      return { status: r.status, body: await r.json().catch(() => undefined) };
    },
    [method, path, body],
  );
  if (got.status >= 400) throw new Error(`${method} ${path}: ${got.status} ${got.body?.error}`);
  return got.body;
}

/** staffed is a class with its list and lessons, made by routes: of the tests that are about something else. */
export async function staffed(browser, at, lessons) {
  const operator = await open(browser, at.operator());
  await operator.getByTestId("me").waitFor();
  const room = await ask(operator, "POST", "api/classes", {
    name: "Networks 1",
    term: "Autumn",
    zone: "Europe/Vienna",
  });
  const tina = await ask(operator, "POST", `api/classes/${room.id}/members`, { name: "Tina Berger", role: "teacher" });
  const { code } = await ask(operator, "POST", `api/classes/${room.id}/members/${tina.person}/code`, {});
  for (const s of STUDENTS.slice(0, 6))
    await ask(operator, "POST", `api/classes/${room.id}/members`, {
      name: s.name,
      section: s.section,
      role: "student",
    });
  const made = [];
  for (const l of lessons)
    made.push(await ask(operator, "POST", `api/classes/${room.id}/lessons`, { published: true, ...l }));
  await operator.context().close();
  const teacher = await open(browser, `${at.url}/#signin=${code}`);
  await teacher.getByTestId("tab-Lessons").waitFor();
  return { id: room.id, code: room.code, lessons: made, teacher };
}

/** joins is the page of a student who has joined by code. */
export async function joins(browser, at, code, name, options) {
  const page = await open(browser, `${at.url}/#join=${code}`, options);
  await page.getByTestId("name").fill(name);
  await page.getByTestId("join").click();
  await page.getByTestId("word").waitFor();
  page.word = await page.locator("[data-testid=word] strong").textContent();
  await page.getByTestId("word").getByRole("button", { name: "I have noted it" }).click();
  return page;
}

/** works opens a lesson's bench. */
export async function works(page, lesson) {
  await page.getByTestId(`open-${lesson}`).click();
  await until(
    page,
    "the bench is open",
    () => document.querySelector("[data-testid=connection]")?.textContent === "live",
  );
}

/** gives puts a program into the slot that is called so. */
export async function gives(page, slot, lab) {
  const input = page.getByTestId(`give-file-${slot}`);
  await input.waitFor({ state: "attached" });
  await input.setInputFiles({ name: `${slot}.wasm`, mimeType: "application/wasm", buffer: reference(lab) });
  const there = new RegExp(`^${slot}\\.wasm$`);
  await page.locator(".program", { hasText: there }).first().waitFor({ state: "attached" });
}

/** handsIn hands in what is on the bench, and returns the hash of the receipt. */
export async function handsIn(page) {
  await page.getByTestId("handin").click();
  await page.getByTestId("handin-send").click();
  const hash = await page.getByTestId("receipt-hash").textContent();
  await page.getByTestId("receipt-close").click();
  return hash;
}

/** fine fails if a page said that something is wrong: its content policy, or an exception. */
export function fine(...pages) {
  const wrongs = pages.flatMap((p) => p.wrongs);
  if (wrongs.length > 0) throw new Error(wrongs.join("\n"));
}
