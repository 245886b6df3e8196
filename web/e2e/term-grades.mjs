// After the due date: one is late, one has an extension, points and comments, two teachers at
// once, a regrade, scores out.
import { statSync } from "node:fs";
import { launch, open, run, shows, want } from "./browser.mjs";
import { ask, fine, joins, reference, STUDENTS, school, staffed } from "./class.mjs";

const at = await school();
const browser = await launch();
const HOUR = 3600e3;
const room = await staffed(browser, at, [{ scenario: "ping", due: Date.now() + HOUR }]);
const { teacher } = room;
let [lesson] = room.lessons;
/** The students' pages, by their first names. */
const people = {};

/** sends hands a program in, as a page without a bench would. */
async function sends(page, bytes) {
  return page.evaluate(
    async ([id, bytes]) => {
      const form = new FormData();
      form.append("bob.pingd", new File([new Uint8Array(bytes)], "pingd.wasm", { type: "application/wasm" }));
      const r = await fetch(`api/lessons/${id}/handins`, { method: "POST", body: form });
      const body = await r.json();
      if (!r.ok) throw new Error(body.error);
      return body;
    },
    [lesson.id, [...bytes]],
  );
}

const row = (name) => teacher.getByTestId("book-row").filter({ hasText: name });

await run([
  [
    "three hand in: one in time, two after the due date, of whom one has an extension",
    async () => {
      for (const [i, who] of ["ada", "blaise", "carla"].entries())
        people[who] = await joins(browser, at, room.code, STUDENTS[i].name);
      await sends(people.ada, reference("ping"));
      // The due date moves to an hour ago; Carla has longer.
      lesson = await ask(teacher, "PATCH", `api/lessons/${lesson.id}`, {
        due: Date.now() - HOUR,
        version: lesson.version,
      });
      await teacher.reload();
      await teacher.getByTestId("edit-ping").click();
      await teacher.getByTestId("extend-who").selectOption({ label: STUDENTS[2].name });
      const soon = new Date(Date.now() + 48 * HOUR).toISOString().slice(0, 16);
      await teacher.getByTestId("extend-due").fill(soon);
      await teacher.getByTestId("extend").click();
      await teacher.getByText("given by Tina Berger").waitFor();
      const late = await sends(people.blaise, reference("ping"));
      const extended = await sends(people.carla, reference("arp"));
      want("Blaise is late", late.late ?? false, true);
      want("Carla is late", extended.late ?? false, false);
      await people.carla.reload();
      await people.carla.getByText("You have an extension.").waitFor();
    },
  ],
  [
    "the book says so",
    async () => {
      await teacher.getByTestId("book-ping").click();
      await row(STUDENTS[1].name).locator(".badge.warn").waitFor();
      want("Carla's", await row(STUDENTS[2].name).locator(".badge.warn").count(), 0);
      await shows(teacher, "summary", /3 of 6 handed in/);
    },
  ],
  [
    "points and a comment stay where another teacher is quicker, and both are seen",
    async () => {
      await row(STUDENTS[1].name).getByRole("button").first().click();
      await teacher.getByTestId("mark-points").fill("17,5");
      await teacher.getByTestId("mark-comment").fill("Late by agreement.");
      const who = (await ask(teacher, "GET", `api/lessons/${lesson.id}/book`)).rows.find(
        (r) => r.name === STUDENTS[1].name,
      );
      await ask(teacher, "POST", `api/lessons/${lesson.id}/people/${who.person}/marks`, {
        comment: "Mine first.",
        version: who.mark?.version ?? 0,
      });
      await teacher.getByTestId("mark-save").click();
      await teacher.getByTestId("person").getByTestId("refused").waitFor();
      await teacher.getByTestId("mark-look").click();
      await shows(teacher, "mark-conflict", /Mine first\./);
      want("what was typed", await teacher.getByTestId("mark-comment").inputValue(), "Late by agreement.");
      await teacher.getByTestId("mark-save").click();
      await row(STUDENTS[1].name).getByText("17.5").waitFor();
      await people.blaise.reload();
      await people.blaise.getByText("Late by agreement.").waitFor();
    },
  ],
  [
    "a regrade is a preview first, and leaves what a teacher said",
    async () => {
      await teacher.getByTestId("regrade").click();
      await teacher.getByTestId("regrade-reason").fill("A check was wrong");
      await teacher.getByTestId("regrade-start").click();
      await shows(teacher, "regrade-preview", /Nothing is changed yet/);
      if (await teacher.getByTestId("regrade-apply").isVisible()) {
        await teacher.getByTestId("regrade-apply").click();
        await teacher.getByTestId("regrade-applied").waitFor();
      }
      await teacher.getByTestId("regrade-close").click();
      await row(STUDENTS[1].name).getByText("17.5").waitFor();
    },
  ],
  [
    "scores go out in each form",
    async () => {
      await teacher.getByTestId("export").click();
      for (const form of ["canvas", "moodle", "gradescope", "junit", "json"]) {
        const [d] = await Promise.all([
          teacher.waitForEvent("download"),
          teacher.getByTestId(`export-${form}`).click(),
        ]);
        const path = await d.path();
        if (statSync(path).size === 0) throw new Error(`${form} is empty`);
      }
    },
  ],
  [
    "what was done is in the audit",
    async () => {
      const operator = await open(browser, at.operator());
      await operator.getByTestId("tab-Audit").click();
      await operator.getByRole("rowheader", { name: "Tina Berger" }).first().waitFor();
      fine(operator);
      await operator.context().close();
    },
  ],
  ["no page said that anything is wrong", () => fine(teacher, ...Object.values(people))],
]);
await browser.close();
await at.close();
