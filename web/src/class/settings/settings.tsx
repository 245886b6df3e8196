// What a class is called, when its dates are, who gets in, and what becomes of it after the term.
import { useState } from "preact/hooks";
import { dateIn, forInput, fromInput, weeksLater } from "../../core/class/when";
import type { Class } from "../../protocol/class/types";
import { Field, Refused, TextField } from "../../ui/parts";
import { useActing, useRoom, useSchool } from "../../ui/school";
import { Head } from "../frame";
import { JoinCode } from "../joincode";
import { ZoneField } from "../zone";
import css from "./settings.module.css";

export function Settings() {
  const room = useRoom();
  const about = room.about.value.value;
  if (about === undefined) return null;
  return (
    <div class={css.settings}>
      <Head title="Settings">
        <span class="grow" />
        <JoinCode />
      </Head>
      <About key={about.version} of={about} />
      <Door of={about} />
      <CopyClass of={about} />
      <Archive of={about} />
    </div>
  );
}

function About(props: { readonly of: Class }) {
  const { of: c } = props;
  const room = useRoom();
  const acting = useActing();
  const [name, setName] = useState(c.name);
  const [term, setTerm] = useState(c.term);
  const [zone, setZone] = useState(c.zone);
  const [until, setUntil] = useState(forInput(c.retention, c.zone).slice(0, 10));
  const save = (): void => {
    const retention = until === "" ? 0 : fromInput(`${until}T00:00`, zone);
    void acting.run(() => room.change({ name: name.trim(), term: term.trim(), zone, retention }));
  };
  return (
    <section class="card" aria-labelledby="about">
      <h2 id="about">The class</h2>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          save();
        }}
      >
        <div class="pair">
          <TextField label="Name" value={name} onInput={setName} testid="set-name" required />
          <TextField label="Term" value={term} onInput={setTerm} testid="set-term" />
          <ZoneField value={zone} onInput={setZone} />
          <Field label="Keep work until" hint="After this day the people's work is erased. Empty: it is kept.">
            {(id, by) => (
              <input
                id={id}
                aria-describedby={by}
                type="date"
                value={until}
                onInput={(e) => setUntil(e.currentTarget.value)}
              />
            )}
          </Field>
        </div>
        <Refused error={acting.error} again={() => void room.about.load().then(acting.clear)} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="set-save">
            {acting.busy ? "saving…" : "Save"}
          </button>
        </div>
      </form>
    </section>
  );
}

function Door(props: { readonly of: Class }) {
  const { of: c } = props;
  const room = useRoom();
  const acting = useActing();
  return (
    <section class="card" aria-labelledby="door">
      <h2 id="door">The join code</h2>
      <p class="dim">
        {c.open
          ? "Who has the code and says a name is let in: also somebody who isn't on your list, as a new student."
          : "Who has the code and says a name of your list is let in. Others wait under People until you let them in."}
      </p>
      <Refused error={acting.error} again={() => void room.about.load().then(acting.clear)} />
      <div class="actions">
        <button
          type="button"
          disabled={acting.busy}
          onClick={() => void acting.run(() => room.change({ open: !c.open }))}
          data-testid="set-open"
        >
          {c.open ? "Let in only who is on the list" : "Let in everybody who has the code"}
        </button>
        <button
          type="button"
          disabled={acting.busy}
          title="The one there is lets nobody in any more"
          onClick={() => void acting.run(() => room.newCode())}
        >
          Make a new code
        </button>
      </div>
    </section>
  );
}

function CopyClass(props: { readonly of: Class }) {
  const { of: c } = props;
  const room = useRoom();
  const { visit } = useSchool();
  const acting = useActing();
  const [name, setName] = useState(c.name);
  const [term, setTerm] = useState("");
  const [weeks, setWeeks] = useState("26");
  const now = room.clock.now.peek();
  const dated = (room.lessons.value.value ?? []).find((l) => l.due > 0);
  const n = Number.parseInt(weeks, 10);
  const copy = async (): Promise<void> => {
    const got = await acting.run(() => room.copy({ name: name.trim(), term: term.trim(), weeks: n }));
    if (got !== undefined) visit({ kind: "class", id: got.value.id, tab: "lessons" });
  };
  return (
    <section class="card" aria-labelledby="copy">
      <h2 id="copy">Copy to the next term</h2>
      <p class="dim">All lessons with their dates, moved by some weeks; no people, none of their work.</p>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void copy();
        }}
      >
        <div class="pair">
          <TextField label="Name" value={name} onInput={setName} testid="copy-name" required />
          <TextField label="Term" value={term} onInput={setTerm} testid="copy-term" placeholder="next term" />
          <Field
            label="Weeks later"
            {...(dated === undefined || Number.isNaN(n)
              ? {}
              : {
                  hint: `${dated.title} would be due ${dateIn(weeksLater(dated.due, n, c.zone), c.zone, now)}.`,
                })}
          >
            {(id, by) => (
              <input
                id={id}
                aria-describedby={by}
                type="number"
                min={0}
                max={520}
                required
                value={weeks}
                data-testid="copy-weeks"
                onInput={(e) => setWeeks(e.currentTarget.value)}
              />
            )}
          </Field>
        </div>
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" disabled={acting.busy} data-testid="copy">
            {acting.busy ? "copying…" : "Make the copy"}
          </button>
        </div>
      </form>
    </section>
  );
}

function Archive(props: { readonly of: Class }) {
  const { of: c } = props;
  const room = useRoom();
  const acting = useActing();
  return (
    <section class="card" aria-labelledby="archive">
      <h2 id="archive">{c.archived ? "This class is archived" : "Archive"}</h2>
      <p class="dim">In an archived class all can be read and nothing is changed. It can be taken back.</p>
      <Refused error={acting.error} again={() => void room.about.load().then(acting.clear)} />
      <div class="actions">
        <button
          type="button"
          disabled={acting.busy}
          onClick={() => void acting.run(() => room.change({ archived: !c.archived }))}
        >
          {c.archived ? "Take it back" : "Archive the class"}
        </button>
      </div>
    </section>
  );
}
