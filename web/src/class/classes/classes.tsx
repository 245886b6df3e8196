// One's classes; who may makes another.
import { useEffect, useState } from "preact/hooks";
import type { Class } from "../../protocol/class/types";
import { Badge, Dialog, Empty, Refused, TextField } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useActing, useSchool } from "../../ui/school";
import { Frame, Head } from "../frame";
import { ZoneField } from "../zone";
import css from "./classes.module.css";

export function Classes() {
  const { people } = useSchool();
  const [making, setMaking] = useState(false);
  useEffect(() => void people.classes.load(), [people]);
  const all = people.classes.value.value;
  const me = people.me.value;
  const creates = me?.creates === true || me?.operator === true;
  const now = (all ?? []).filter((c) => !c.archived);
  const old = (all ?? []).filter((c) => c.archived);
  return (
    <Frame>
      <Head title="Your classes">
        <span class="grow" />
        <a class="button" href="#signin">
          Join another class
        </a>
        {creates && (
          <button type="button" class="primary" onClick={() => setMaking(true)} data-testid="make-class">
            Make a class
          </button>
        )}
      </Head>
      <Refused error={people.classes.error.value} again={() => void people.classes.load()} />
      {all !== undefined && now.length === 0 && (
        <Empty title={creates ? "No class yet." : "You are in no class."}>
          <p class="dim">
            {creates
              ? "A class has lessons with due dates, a list of people, and a gradebook. Making one takes a minute."
              : "Your teacher has a join code: with it and your name you are in."}
          </p>
        </Empty>
      )}
      <ul class={css.cards}>
        {now.map((c) => (
          <Card key={c.id} of={c} />
        ))}
      </ul>
      {old.length > 0 && (
        <section aria-labelledby="archived">
          <h2 id="archived">Archived</h2>
          <ul class={css.cards}>
            {old.map((c) => (
              <Card key={c.id} of={c} />
            ))}
          </ul>
        </section>
      )}
      {making && <Make onClose={() => setMaking(false)} />}
    </Frame>
  );
}

function Card(props: { readonly of: Class }) {
  const c = props.of;
  return (
    <li class="card">
      <h2>
        <a href={`#${addressOf({ kind: "class", id: c.id, tab: "lessons" })}`} data-testid="class">
          {c.name}
        </a>
      </h2>
      <p class="dim">
        {c.term !== "" && `${c.term} · `}
        {c.role === "student" ? "you learn here" : `you are ${c.role}`}
        {c.role !== "student" && ` · ${c.students} ${c.students === 1 ? "student" : "students"}`}
      </p>
      {c.archived && <Badge tone="plain">archived</Badge>}
    </li>
  );
}

function Make(props: { readonly onClose: () => void }) {
  const { people, visit } = useSchool();
  const acting = useActing();
  const [name, setName] = useState("");
  const [term, setTerm] = useState("");
  const [zone, setZone] = useState(people.server.zone);
  const make = async (): Promise<void> => {
    const got = await acting.run(() => people.make({ name: name.trim(), term: term.trim(), zone }));
    if (got !== undefined) visit({ kind: "class", id: got.value.id, tab: "lessons" });
  };
  return (
    <Dialog title="Make a class" onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void make();
        }}
      >
        <TextField label="Name" value={name} onInput={setName} testid="class-name" required placeholder="Networks 1" />
        <TextField label="Term" value={term} onInput={setTerm} testid="class-term" placeholder="Spring 2027" />
        <ZoneField value={zone} onInput={setZone} />
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="class-make">
            {acting.busy ? "making…" : "Make it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
