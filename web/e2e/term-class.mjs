// A term begins: an operator makes a class, a teacher fills it, students join by code, work
// on their benches, check and hand in.
import { launch, open, run, shows, until, want } from "./browser.mjs";
import { ask, csv, fine, gives, handsIn, joins, STUDENTS, school, works } from "./class.mjs";

const at = await school();
const browser = await launch();
let operator;
let teacher;
let code;
let ada;
let blaise;
let lab;

await run([
  [
    "an operator signs in by the address that labserver prints, which works once, and makes a class",
    async () => {
      const address = at.operator();
      operator = await open(browser, address);
      await operator.getByTestId("me").getByText("Olga Operator").waitFor();
      await until(operator, "the token left the address", () => !location.hash.includes("signin="));
      const thief = await open(browser, address);
      await thief.getByText("You are not signed in").waitFor();
      await thief.context().close();
      await operator.goto(`${at.url}/#classes`);
      await operator.getByTestId("make-class").click();
      await operator.getByTestId("class-name").fill("Networks 1");
      await operator.getByTestId("class-term").fill("Autumn 2026");
      await operator.getByTestId("zone").fill("Europe/Vienna");
      await operator.getByTestId("class-make").click();
      await operator.getByTestId("show-code").waitFor();
    },
  ],
  [
    "a teacher is added, and comes in by a one-time code",
    async () => {
      await operator.getByTestId("tab-People").click();
      await operator.getByTestId("add-member").click();
      await operator.getByTestId("member-name").fill("Tina Berger");
      await operator.getByTestId("member-role").selectOption("teacher");
      await operator.getByTestId("member-add").click();
      await operator.getByTestId("member").filter({ hasText: "Tina Berger" }).waitFor();
      await operator.getByRole("button", { name: "one-time code for Tina Berger" }).click();
      const once = await operator.locator("dialog[open] p").first().textContent();
      teacher = await open(browser, `${at.url}/#signin`);
      await teacher.getByTestId("have-code").click();
      await teacher.getByTestId("token").fill(once);
      await teacher.getByTestId("enter").click();
      await teacher.getByTestId("me").getByText("Tina Berger").waitFor();
      await operator.context().close();
    },
  ],
  [
    "a list of thirty is looked at first, then applied; the same list again changes nothing",
    async () => {
      await teacher.getByTestId("tab-People").click();
      await teacher.getByTestId("roster-file").setInputFiles(csv());
      await teacher.getByTestId("diff").waitFor();
      await shows(teacher, "diff", /new30/);
      await shows(teacher, "people-count", /^0 students/);
      await teacher.getByTestId("apply").click();
      await shows(teacher, "people-count", /^30 students, \d staff$/);
      await teacher.getByTestId("roster-file").setInputFiles(csv());
      await shows(teacher, "apply", /Nothing to change/);
      await teacher.locator("dialog[open]").getByRole("button", { name: "close", exact: true }).click();
    },
  ],
  [
    "three lessons are published with a due date",
    async () => {
      await teacher.getByTestId("tab-Lessons").click();
      await teacher.getByTestId("add-lessons").first().click();
      for (const name of ["first-io", "arp", "ping"]) await teacher.getByTestId(`choose-${name}`).check();
      const due = new Date(Date.now() + 7 * 24 * 3600e3).toISOString().slice(0, 10);
      await teacher.getByTestId("add-due").fill(`${due}T23:59`);
      await teacher.getByTestId("add").click();
      await teacher.getByTestId("lesson-ping").getByText("published", { exact: true }).waitFor();
      want("lessons", await teacher.locator("[data-testid^=lesson-]").count(), 3);
      await teacher.getByTestId("show-code").click();
      code = (await teacher.getByTestId("big-code").textContent()).trim();
      want("a code", /^[0-9A-Z]{4}-[0-9A-Z]{4}$/.test(code), true);
      await teacher.locator("dialog[open]").getByRole("button", { name: "close", exact: true }).click();
    },
  ],
  [
    "students join by code and name, and are given a word to come back with; who isn't on the list waits to be let in",
    async () => {
      ada = await joins(browser, at, code.toLowerCase(), STUDENTS[0].name);
      blaise = await joins(browser, at, code, ` ${STUDENTS[1].name.toUpperCase()} `);
      await ada.getByTestId("lesson-first-io").getByText("not begun").waitFor();
      await teacher.getByTestId("tab-Settings").click();
      await teacher.getByTestId("set-open").click();
      await shows(teacher, "set-open", /everybody who has the code/);
      const nora = await open(browser, `${at.url}/#join=${code}`);
      await nora.getByTestId("name").fill("Nora Newcomer");
      await nora.getByTestId("join").click();
      await nora.getByTestId("refused").waitFor();
      await teacher.getByTestId("tab-People (1)").or(teacher.getByTestId("tab-People")).click();
      await teacher.getByRole("button", { name: "let in Nora Newcomer" }).click();
      await shows(teacher, "people-count", /^31 students/);
      await nora.getByTestId("join").click();
      await nora.getByTestId("word").waitFor();
      fine(nora);
      await nora.context().close();
    },
  ],
  [
    "from another browser the name alone lets nobody in, and with the word it does",
    async () => {
      const again = await open(browser, `${at.url}/#join=${code}`);
      await again.getByTestId("name").fill(STUDENTS[0].name);
      await again.getByTestId("join").click();
      await again.getByTestId("secret").fill(ada.word);
      await again.getByTestId("join").click();
      await again.getByTestId("lesson-ping").waitFor();
      await again.context().close();
    },
  ],
  [
    "a lesson opens a bench of one's own: a program goes in, is checked, and is handed in",
    async () => {
      await works(ada, "ping");
      await gives(ada, "pingd", "ping");
      lab = await ada.locator("[data-lab]").getAttribute("data-lab");
      await ada.getByTestId("check").click();
      await shows(ada, "checked", /checks passed/);
      const hash = await handsIn(ada);
      want("a hash", /^[0-9a-f]{64}$/.test(hash), true);
    },
  ],
  [
    "what comes of it is there without a reload, and after one the bench is the same",
    async () => {
      await shows(ada, "work-state", /hand-in 1: \d+ of \d+ checks/);
      await ada.reload();
      await shows(ada, "work-state", /hand-in 1: \d+ of \d+ checks/);
      want("the lab", await ada.locator("[data-lab]").getAttribute("data-lab"), lab);
      await shows(ada, "connection", /^live$/);
    },
  ],
  [
    "start over begins the bench anew, and the hand-in stays",
    async () => {
      await ada.getByTestId("over").click();
      await ada.getByTestId("over-yes").click();
      await until(
        ada,
        "another lab is shown",
        (old) => {
          const now = document.querySelector("[data-lab]")?.getAttribute("data-lab");
          return now !== null && now !== undefined && now !== old;
        },
        lab,
      );
      await shows(ada, "work-state", /hand-in 1/);
      await ada.getByTestId("to-class").click();
      await ada
        .getByTestId("lesson-ping")
        .getByText(/of \d+ points/)
        .waitFor();
    },
  ],
  [
    "a student's lab is nobody else's: its address shows nothing to another student",
    async () => {
      const got = await blaise.evaluate(async (id) => (await fetch(`api/labs/${id}`)).status, lab);
      want("the lab of another", got, 404);
      want(
        "the roster",
        await blaise.evaluate(
          async (p) => (await fetch(p)).status,
          `api/classes/${(await ask(ada, "GET", "api/classes")).classes[0].id}/roster`,
        ),
        403,
      );
    },
  ],
  ["no page said that anything is wrong", () => fine(teacher, ada, blaise)],
]);
await browser.close();
await at.close();
