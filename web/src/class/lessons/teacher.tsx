// The lessons of a class, as its teacher makes them: which, in what order, until when, for whom longer.
import { useEffect, useState } from "preact/hooks";
import { asTaught } from "../../core/class/lesson";
import { dateIn, forInput, fromInput } from "../../core/class/when";
import type { Counts, Extension, Lesson } from "../../protocol/class/types";
import type { Answered } from "../../session/class/server";
import { Badge, Dialog, Empty, Field, Pick, Refused, TextField } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useActing, useRoom, useSchool } from "../../ui/school";
import { Head } from "../frame";
import { JoinCode } from "../joincode";
import css from "./lessons.module.css";

export function TeacherLessons() {
  const room = useRoom();
  const [adding, setAdding] = useState(false);
  const all = room.lessons.value.value;
  const about = room.about.value.value;
  const teaches = about?.role === "teacher" && !about.archived;
  return (
    <>
      <Head title="Lessons">
        <span class="grow" />
        <JoinCode />
        {teaches && (
          <button type="button" class="primary" onClick={() => setAdding(true)} data-testid="add-lessons">
            Add lessons
          </button>
        )}
      </Head>
      <Refused error={room.lessons.error.value} again={() => void room.lessons.load()} />
      {all?.length === 0 && (
        <Empty title="No lesson yet.">
          <p class="dim">Choose some of the course, or upload a scenario of your own. Students see what you publish.</p>
          {teaches && (
            <div class="actions">
              <button type="button" class="primary" onClick={() => setAdding(true)}>
                Add lessons
              </button>
            </div>
          )}
        </Empty>
      )}
      <ol class={css.lessons}>
        {all?.map((l, i) => (
          <Row key={l.id} of={l} number={i + 1} last={i === all.length - 1} teaches={teaches} />
        ))}
      </ol>
      {adding && <Add onClose={() => setAdding(false)} />}
    </>
  );
}

function Row(props: {
  readonly of: Lesson;
  readonly number: number;
  readonly last: boolean;
  readonly teaches: boolean;
}) {
  const { of: l, number, teaches } = props;
  const room = useRoom();
  const acting = useActing();
  const [editing, setEditing] = useState(false);
  const now = room.clock.now.value;
  const change = (c: Parameters<typeof room.changeLesson>[1]): void => {
    void acting.run(() => room.changeLesson(l, c));
  };
  const to = (bench: boolean) => `#${addressOf({ kind: "lesson", id: room.id, lesson: l.id, bench })}`;
  return (
    <li class="card mine" data-testid={`lesson-${l.scenario}`}>
      <div class={css.order}>
        {teaches && (
          <span>
            <button
              type="button"
              class="plain"
              disabled={acting.busy || number === 1}
              aria-label={`move ${l.title} up`}
              title="move up"
              onClick={() => change({ position: number - 1 })}
            >
              ↑
            </button>{" "}
            <button
              type="button"
              class="plain"
              disabled={acting.busy || props.last}
              aria-label={`move ${l.title} down`}
              title="move down"
              onClick={() => change({ position: number + 1 })}
            >
              ↓
            </button>
          </span>
        )}
      </div>
      <div>
        <h2>
          <span class="dim">{number}</span> {l.title}{" "}
          {l.published ? <Badge tone="good">published</Badge> : <Badge tone="plain">only you see it</Badge>}
        </h2>
      </div>
      <div class={css.buttons}>
        <a class="button small" href={to(false)} data-testid={`book-${l.scenario}`}>
          gradebook
        </a>
        <a class="button small" href={to(true)} title="A bench of your own, as a student has it">
          try it
        </a>
        {teaches && (
          <>
            <button
              type="button"
              class="small"
              aria-expanded={editing}
              onClick={() => setEditing(!editing)}
              data-testid={`edit-${l.scenario}`}
            >
              dates and more
            </button>
            <button
              type="button"
              class={l.published ? "small" : "small primary"}
              disabled={acting.busy}
              onClick={() => change({ published: !l.published })}
              data-testid={`publish-${l.scenario}`}
            >
              {l.published ? "hide" : "publish"}
            </button>
          </>
        )}
      </div>
      <ul class={css.facts}>
        <li>{l.points} points</li>
        <li>{l.due > 0 ? `due ${dateIn(l.due, l.zone, now)}` : "no due date"}</li>
        {l.opens > now && <li>opens {dateIn(l.opens, l.zone, now)}</li>}
        {l.locks > 0 && <li>locks {dateIn(l.locks, l.zone, now)}</li>}
        <li>the {l.counts} hand-in counts</li>
        <li>
          {l.handed} of {room.about.value.value?.students ?? 0} handed in
        </li>
        {l.extensions.length > 0 && (
          <li>
            {l.extensions.length} {l.extensions.length === 1 ? "extension" : "extensions"}
          </li>
        )}
      </ul>
      {acting.error !== "" && (
        <div class={css.edit}>
          <Refused error={acting.error} again={() => void room.lessons.load().then(acting.clear)} />
        </div>
      )}
      {editing && <Edit key={l.version} of={l} onDone={() => setEditing(false)} />}
    </li>
  );
}

function DateField(props: {
  readonly label: string;
  readonly at: string;
  readonly onInput: (at: string) => void;
  readonly hint?: string;
  readonly testid: string;
}) {
  return (
    <Field label={props.label} {...(props.hint === undefined ? {} : { hint: props.hint })}>
      {(id, by) => (
        <input
          id={id}
          aria-describedby={by}
          type="datetime-local"
          value={props.at}
          data-testid={props.testid}
          onInput={(e) => props.onInput(e.currentTarget.value)}
        />
      )}
    </Field>
  );
}

function Edit(props: { readonly of: Lesson; readonly onDone: () => void }) {
  const { of: l } = props;
  const room = useRoom();
  const acting = useActing();
  const [title, setTitle] = useState(l.title);
  const [opens, setOpens] = useState(forInput(l.opens, l.zone));
  const [due, setDue] = useState(forInput(l.due, l.zone));
  const [locks, setLocks] = useState(forInput(l.locks, l.zone));
  const [counts, setCounts] = useState<Counts>(l.counts);
  const [dropping, setDropping] = useState(false);
  const at = (text: string): number => fromInput(text, l.zone);
  const save = async (): Promise<void> => {
    const change = { title: title.trim(), opens: at(opens), due: at(due), locks: at(locks), counts };
    if ((await acting.run(() => room.changeLesson(l, change))) !== undefined) props.onDone();
  };
  return (
    <div class={css.edit}>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <TextField label="Title" value={title} onInput={setTitle} testid="lesson-title" required />
        <div class="pair">
          <DateField label="Opens" at={opens} onInput={setOpens} hint="Empty: at once." testid="opens" />
          <DateField label="Due" at={due} onInput={setDue} hint="After it a hand-in is late." testid="due" />
          <DateField label="Locks" at={locks} onInput={setLocks} hint="After it none is taken." testid="locks" />
          <Field label="What counts">
            {(id) => (
              <select
                id={id}
                value={counts}
                data-testid="counts"
                onChange={(e) => setCounts(e.currentTarget.value === "last" ? "last" : "best")}
              >
                <option value="best">the best hand-in</option>
                <option value="last">the last hand-in in time</option>
              </select>
            )}
          </Field>
        </div>
        <p class="hint">All dates are in the zone of the class, {l.zone}.</p>
        <Refused error={acting.error} again={() => void room.lessons.load()} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="save-lesson">
            {acting.busy ? "saving…" : "Save"}
          </button>
          <button type="button" onClick={props.onDone}>
            Cancel
          </button>
          <span class="grow" />
          <button type="button" class="danger" onClick={() => setDropping(true)}>
            Remove lesson…
          </button>
        </div>
      </form>
      <Extensions of={l} />
      {dropping && <Drop of={l} onClose={() => setDropping(false)} />}
    </div>
  );
}

function Drop(props: { readonly of: Lesson; readonly onClose: () => void }) {
  const room = useRoom();
  const acting = useActing();
  return (
    <Dialog title={`Remove ${props.of.title}?`} onClose={props.onClose}>
      <p>
        {props.of.handed > 0
          ? `${props.of.handed} people have handed something in. Hide the lesson instead, if their work is to stay in sight.`
          : "Nobody has handed anything in."}
      </p>
      <Refused error={acting.error} />
      <div class="actions">
        <button
          type="button"
          class="danger"
          disabled={acting.busy}
          onClick={() => void acting.run(() => room.dropLesson(props.of.id)).then((x) => x && props.onClose())}
        >
          Remove it
        </button>
        <button type="button" onClick={props.onClose}>
          Keep it
        </button>
      </div>
    </Dialog>
  );
}

/** Extensions are later dates of some: of a person, or of a section. */
function Extensions(props: { readonly of: Lesson }) {
  const { of: l } = props;
  const room = useRoom();
  const acting = useActing();
  const [who, setWho] = useState("");
  const [due, setDue] = useState(forInput(l.due, l.zone));
  useEffect(() => {
    if (room.roster.value.peek() === undefined) void room.roster.load();
  }, [room]);
  const people = (room.roster.value.value ?? []).filter((m) => m.role === "student" && m.active);
  const sections = [...new Set(people.map((m) => m.section).filter((s) => s !== ""))].sort();
  const now = room.clock.now.value;
  const give = async (): Promise<void> => {
    const at = fromInput(due, l.zone);
    const locks = l.locks > 0 && at > l.locks ? at : 0;
    const ask = locks > 0 ? { due: at, locks } : { due: at };
    if ((await acting.run(() => room.extend(l.id, who, ask))) !== undefined) setWho("");
  };
  return (
    <section class={css.extensions} aria-label="Extensions">
      <h3>Extensions</h3>
      {l.extensions.length > 0 && (
        <ul>
          {l.extensions.map((x: Extension) => (
            <li key={x.who}>
              <strong>{x.name}</strong> until {dateIn(x.due, l.zone, now)}
              {x.by !== "" && <span class="dim">, given by {x.by}</span>}{" "}
              <button
                type="button"
                class="link"
                aria-label={`take back the extension of ${x.name}`}
                disabled={acting.busy}
                onClick={() =>
                  void acting.run<undefined>((): Promise<Answered<undefined>> => room.takeBack(l.id, x.who))
                }
              >
                take back
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        class="pair"
        onSubmit={(e) => {
          e.preventDefault();
          void give();
        }}
      >
        <Field label="For">
          {(id) => (
            <select
              id={id}
              value={who}
              required
              data-testid="extend-who"
              onChange={(e) => setWho(e.currentTarget.value)}
            >
              <option value="">somebody…</option>
              {sections.length > 0 && (
                <optgroup label="Sections">
                  {sections.map((s) => (
                    <option key={s} value={`section:${s}`}>
                      {s}
                    </option>
                  ))}
                </optgroup>
              )}
              <optgroup label="Students">
                {people.map((m) => (
                  <option key={m.person} value={m.person}>
                    {m.name}
                  </option>
                ))}
              </optgroup>
            </select>
          )}
        </Field>
        <DateField label="Due" at={due} onInput={setDue} testid="extend-due" />
        <div class="actions">
          <button type="submit" disabled={acting.busy || who === "" || due === ""} data-testid="extend">
            Give extension
          </button>
        </div>
      </form>
      <Refused error={acting.error} />
    </section>
  );
}

/** Add adds scenarios as lessons, all with the same dates; each may have others afterwards. */
function Add(props: { readonly onClose: () => void }) {
  const room = useRoom();
  const { people } = useSchool();
  const acting = useActing();
  const uploading = useActing();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [due, setDue] = useState("");
  const [publish, setPublish] = useState(true);
  useEffect(() => void room.scenarios.load(), [room]);
  const loaded = room.scenarios.value.value;
  const all = loaded && asTaught(loaded);
  const zone = room.about.value.value?.zone ?? people.server.zone;
  const had = new Set((room.lessons.value.value ?? []).map((l) => l.scenario));
  const keyOf = (s: { hash: string; name: string }): string => (s.hash === "" ? s.name : s.hash);
  const toggle = (key: string): void => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    setChosen(next);
  };
  const add = async (): Promise<void> => {
    const at = fromInput(due, zone);
    for (const s of all ?? []) {
      const scenario = keyOf(s);
      if (!chosen.has(scenario)) continue;
      const ask = { scenario, ...(at > 0 ? { due: at } : {}), ...(publish ? { published: true } : {}) };
      if ((await acting.run(() => room.addLesson(ask))) === undefined) return;
      setChosen((c) => new Set([...c].filter((x) => x !== scenario)));
    }
    props.onClose();
  };
  return (
    <Dialog title="Add lessons" onClose={props.onClose} wide>
      <Refused error={room.scenarios.error.value} again={() => void room.scenarios.load()} />
      {all === undefined ? (
        room.scenarios.error.value === undefined && <p class="dim">looking what there is…</p>
      ) : (
        <ul class={css.choice}>
          {all.map((s) => (
            <li key={keyOf(s)}>
              <label>
                <input
                  type="checkbox"
                  checked={chosen.has(keyOf(s))}
                  data-testid={`choose-${s.name}`}
                  onChange={() => toggle(keyOf(s))}
                />
                <span>
                  {s.course > 0 && <span class="dim inline">{s.course} </span>}
                  {s.title}
                  {had.has(s.name) && <Badge tone="plain">in this class</Badge>}
                  {s.goal !== "" && <span class="dim">{s.goal}</span>}
                </span>
                <span class="dim inline">{s.points > 0 ? `${s.points} points` : ""}</span>
              </label>
            </li>
          ))}
        </ul>
      )}
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void add();
        }}
      >
        <div class="pair">
          <DateField
            label="Due"
            at={due}
            onInput={setDue}
            hint={`In ${zone}; empty: none. Each can have its own later.`}
            testid="add-due"
          />
          <div class="field">
            <label class="check">
              <input
                type="checkbox"
                checked={publish}
                data-testid="add-publish"
                onChange={(e) => setPublish(e.currentTarget.checked)}
              />
              Publish at once
            </label>
            <p class="hint">Otherwise only you see them until you publish.</p>
          </div>
        </div>
        <Refused error={acting.error} />
        <Refused error={uploading.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy || chosen.size === 0} data-testid="add">
            {acting.busy ? "adding…" : chosen.size === 0 ? "Add" : `Add ${chosen.size}`}
          </button>
          <span class="grow" />
          <Pick
            label="Upload a scenario (zip)…"
            accept=".zip,application/zip"
            busy={uploading.busy}
            testid="upload-scenario"
            onFile={(file) =>
              void uploading
                .run(() => room.uploadScenario(file))
                .then((got) => got && setChosen((c) => new Set(c).add(keyOf(got.value))))
            }
          />
        </div>
      </form>
    </Dialog>
  );
}
