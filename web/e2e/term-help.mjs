// A lesson with the teacher in the room: the wall, a raised hand, help with consent, words to all.
import { enter, launch, run, shows, until, want } from "./browser.mjs";
import { fine, gives, joins, reference, STUDENTS, school, staffed, works } from "./class.mjs";

const at = await school();
const browser = await launch();
const room = await staffed(browser, at, [{ scenario: "ping" }]);
const { teacher } = room;
const ada = await joins(browser, at, room.code, STUDENTS[0].name);
const blaise = await joins(browser, at, room.code, STUDENTS[1].name);
const card = (name) => teacher.getByTestId("wall-card").filter({ hasText: name });

await run([
  [
    "the wall has a card for each bench, with what was done last",
    async () => {
      await teacher.getByTestId("tab-Wall").click();
      await works(ada, "ping");
      await works(blaise, "ping");
      await card(STUDENTS[0].name).waitFor();
      await card(STUDENTS[1].name).waitFor();
      await gives(blaise, "pingd", "ping");
      await blaise.getByTestId("check").click();
      await card(STUDENTS[1].name)
        .getByText(/\d+\/\d+/)
        .waitFor();
    },
  ],
  [
    "who raises a hand comes first, with what it is about",
    async () => {
      await ada.getByTestId("hand").click();
      await ada.getByTestId("hand-text").fill("What is a slot?");
      await ada.getByTestId("hand-raise").click();
      await until(
        teacher,
        "the hand is the first card",
        (name) => {
          const first = document.querySelector("[data-testid=wall-card]")?.textContent ?? "";
          return first.includes(name) && first.includes("What is a slot?");
        },
        STUDENTS[0].name,
      );
    },
  ],
  [
    "a teacher looks over a shoulder: the student sees it, and the teacher can change nothing",
    async () => {
      await card(STUDENTS[0].name).getByTestId("watch").click();
      await shows(teacher, "watching", /You look at Ada Lovelace's bench/);
      await shows(teacher, "connection", /^live$/);
      await shows(ada, "watched", /Tina Berger looks at it now/);
      want("pause is off", await teacher.getByTestId("pause").isDisabled(), true);
    },
  ],
  [
    "typing is asked for; after a no nothing is typed, after a yes both see the line",
    async () => {
      await teacher.getByTestId("help-ask").click();
      await shows(ada, "help", /Tina Berger asks to type/);
      await ada.getByTestId("help-refuse").click();
      await ada.getByTestId("help").waitFor({ state: "detached" });
      await teacher.getByTestId("help-ask").click();
      await ada.getByTestId("help-accept").click();
      await shows(ada, "help", /Tina Berger may type on your bench now/);
      await shows(teacher, "watching", /You may type/);
      await teacher.locator('g[aria-label^="node alice"]').focus();
      await teacher.keyboard.press("Enter");
      await enter(teacher, "hostname");
      await ada.locator('g[aria-label^="node alice"]').focus();
      await ada.keyboard.press("Enter");
      await ada.locator("[data-testid=console]", { hasText: "hostname" }).waitFor();
    },
  ],
  [
    "the student ends it",
    async () => {
      await ada.getByTestId("help-end").click();
      await shows(teacher, "watching", /Nothing that you press here changes it/);
      await ada.getByTestId("hand").click(); // down
      await shows(ada, "hand", /Raise hand/);
    },
  ],
  [
    "words to all are read on each bench, and stay until they are put away",
    async () => {
      await teacher.getByTestId("to-wall").click();
      await teacher.getByTestId("broadcast").click();
      await teacher.getByTestId("broadcast-text").fill("Ten minutes left.");
      await teacher.getByTestId("broadcast-send").click();
      for (const page of [ada, blaise])
        await page.getByTestId("teacher-notice").getByText("Ten minutes left.").waitFor();
      await ada.getByTestId("teacher-notice").getByRole("button").click();
      await ada.getByTestId("teacher-notice").waitFor({ state: "detached" });
    },
  ],
  [
    "a program is offered to all who work on a lesson, and is in its slot when a student says so",
    async () => {
      await teacher.getByTestId("broadcast").click();
      await teacher.getByLabel("To").selectOption(room.lessons[0].id);
      await teacher.getByTestId("broadcast-text").fill("Look at this one.");
      await teacher.getByText("With a program").click();
      await teacher.getByTestId("broadcast-file").setInputFiles({
        name: "shown.wasm",
        mimeType: "application/wasm",
        buffer: reference("ping"),
      });
      await teacher.getByTestId("broadcast-slot").fill("bob.pingd");
      await teacher.getByTestId("broadcast-send").click();
      await ada.getByTestId("take").click();
      await ada.getByTestId("next").getByText("a program is there").waitFor();
    },
  ],
  ["no page said that anything is wrong", () => fine(teacher, ada, blaise)],
]);
await browser.close();
await at.close();
