// The start: what this is, the lessons in their order, the labs.
import type { Scenario } from "../core/scenarios";
import { addressOf } from "../ui/place";
import type { Page } from "./page";
import css from "./start.module.css";

/** Classes that have a button on the start. */
const SHOWN = 4;

export function Start(props: { readonly page: Page }) {
  const { page } = props;
  const all = page.scenarios.value;
  const lessons = all.filter((s) => s.course > 0);
  const labs = all.filter((s) => s.course === 0);
  const next = lessons.find((s) => !page.done.value.has(s.name)) ?? lessons[0];
  return (
    <main class={css.start}>
      <Classes page={page} />
      <h1>Wireloom</h1>
      <p class={css.what}>
        A network lab in your browser: write the programs that a network is made of, and watch every frame and every
        system call.
      </p>
      {next !== undefined && (
        <p>
          <a class="button primary" href={hrefOf(next)} data-testid="begin">
            Begin lesson {next.course}: {next.title}
          </a>
        </p>
      )}
      {lessons.length > 0 && (
        <section aria-labelledby="lessons">
          <h2 id="lessons">Lessons</h2>
          <p class="dim">
            You write the program. Each stands on its own, and what one learns in it is of use in the next.
          </p>
          <ol class={css.cards}>
            {lessons.map((s) => (
              <Card key={s.name} of={s} done={page.done.value.has(s.name)} />
            ))}
          </ol>
        </section>
      )}
      {labs.length > 0 && (
        <section aria-labelledby="labs">
          <h2 id="labs">Labs</h2>
          <p class="dim">To look at, to play with, and to put a program of your own into.</p>
          <ul class={css.cards}>
            {labs.map((s) => (
              <Card key={s.name} of={s} done={page.done.value.has(s.name)} />
            ))}
          </ul>
        </section>
      )}
      {all.length === 0 && (
        <p class="dim" role="status">
          Asking the server which labs it has…
        </p>
      )}
    </main>
  );
}

function Card(props: { readonly of: Scenario; readonly done: boolean }) {
  const s = props.of;
  return (
    <li>
      <h3>
        {s.course > 0 && <span class="dim">{s.course} </span>}
        <a href={hrefOf(s)} data-testid={`lab-${s.name}`}>
          {s.title}
        </a>
        {props.done && <span class={css.done}> ✓ all checks passed</span>}
      </h3>
      {s.goal !== "" && <p>{s.goal}</p>}
    </li>
  );
}

function hrefOf(s: Scenario): string {
  return `#scenario=${encodeURIComponent(s.name)}`;
}

/** Classes are where who is signed in goes on; who isn't is told where to. Where there are no classes there is nothing. */
function Classes(props: { readonly page: Page }) {
  const { people } = props.page;
  if (people.there.value !== true) return null;
  const me = people.me.value;
  if (me?.signed_in !== true) {
    return (
      <nav class={css.classes} aria-label="Your classes">
        <span class="dim">In a class?</span>{" "}
        <a class="button" href="#signin" data-testid="signin">
          Join it or sign in
        </a>
      </nav>
    );
  }
  const all = (people.classes.value.value ?? []).filter((c) => !c.archived);
  return (
    <nav class={css.classes} aria-label="Your classes">
      <span>{me.name}</span>
      {all.slice(0, SHOWN).map((c) => (
        <a
          key={c.id}
          class="button"
          href={`#${addressOf({ kind: "class", id: c.id, tab: "lessons" })}`}
          data-testid="my-class"
        >
          {c.name}
        </a>
      ))}
      <a class="button" href="#classes">
        {all.length > SHOWN ? `all ${all.length} classes` : "Your classes"}
      </a>
      {me.operator && (
        <a class="button" href="#admin">
          Operator
        </a>
      )}
    </nav>
  );
}
