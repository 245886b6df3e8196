// The people of a class: a list from a file, of which one sees first what it would change;
// who came by the code and waits; roles, one-time codes, who has left.
import { useEffect, useState } from "preact/hooks";
import { dateIn } from "../../core/class/when";
import type { Member, OneTimeCode, Role, RosterDiff } from "../../protocol/class/types";
import { Badge, Copy, Dialog, Empty, Field, Pick, Refused, TextField, When } from "../../ui/parts";
import { useActing, useRoom } from "../../ui/school";
import { Head } from "../frame";
import { JoinCode } from "../joincode";
import css from "./roster.module.css";

const ROLES: readonly Role[] = ["student", "assistant", "teacher"];

export function Roster() {
  const room = useRoom();
  const importing = useActing();
  const [adding, setAdding] = useState(false);
  const [words, setWords] = useState("");
  useEffect(() => {
    void room.roster.load();
    void room.arrivals.load();
  }, [room]);
  const all = room.roster.value.value;
  const about = room.about.value.value;
  const teaches = about?.role === "teacher" && !about.archived;
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (all ?? []).filter((m) =>
    wanted.every((w) => `${m.name} ${m.section} ${m.email} ${m.login} ${m.role}`.toLowerCase().includes(w)),
  );
  const active = (all ?? []).filter((m) => m.active);
  return (
    <>
      <Head title="People">
        {all !== undefined && (
          <p class="dim" data-testid="people-count">
            {active.filter((m) => m.role === "student").length} students,{" "}
            {active.filter((m) => m.role !== "student").length} staff
          </p>
        )}
        <span class="grow" />
        <input
          type="search"
          aria-label="find people"
          placeholder="find"
          value={words}
          onInput={(e) => setWords(e.currentTarget.value)}
        />
        <JoinCode />
        {teaches && (
          <>
            <button type="button" onClick={() => setAdding(true)} data-testid="add-member">
              Add somebody
            </button>
            {about.linked === true && (
              <button
                type="button"
                disabled={importing.busy}
                onClick={() => void importing.run(() => room.takePeople())}
                data-testid="roster-sync"
              >
                Take from the platform
              </button>
            )}
            <Pick
              label="Import a list (CSV)…"
              accept=".csv,.tsv,.txt,text/csv"
              busy={importing.busy}
              primary
              testid="roster-file"
              onFile={(file) => void importing.run(() => room.preview(file))}
            />
          </>
        )}
      </Head>
      <Refused error={importing.error} />
      <Refused error={room.roster.error.value} again={() => void room.roster.load()} />
      <Arrivals />
      {all?.length === 0 ? (
        <Empty title="Nobody is here yet.">
          <p class="dim">
            Import the list that Canvas, Moodle or a spreadsheet exports: a column with names is enough. Nothing is
            changed before you have seen what would be.
          </p>
        </Empty>
      ) : (
        <People of={shown} teaches={teaches} />
      )}
      {adding && <Add onClose={() => setAdding(false)} />}
      {room.diff.value !== undefined && <Diff of={room.diff.value} />}
    </>
  );
}

function People(props: { readonly of: readonly Member[]; readonly teaches: boolean }) {
  return (
    <div class="tablebox">
      <table class="data">
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">role</th>
            <th scope="col">section</th>
            <th scope="col">login or e-mail</th>
            <th scope="col">last seen</th>
            <th scope="col">
              <span class="away">what can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.of.map((m) => (
            <Row key={m.person} of={m} teaches={props.teaches} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { readonly of: Member; readonly teaches: boolean }) {
  const { of: m, teaches } = props;
  const room = useRoom();
  const acting = useActing();
  const [code, setCode] = useState<OneTimeCode | undefined>(undefined);
  const now = room.clock.now.value;
  const zone = room.about.value.value?.zone ?? "UTC";
  const role = async (to: string): Promise<void> => {
    const is = ROLES.find((r) => r === to);
    if (is !== undefined) await acting.run(() => room.changeMember(m.person, { role: is }));
  };
  return (
    <tr class={m.active ? "" : "gone"} data-testid="member">
      <th scope="row">
        {m.name} {!m.active && <Badge tone="plain">left</Badge>}
      </th>
      <td>
        {teaches ? (
          <select
            value={m.role}
            aria-label={`role of ${m.name}`}
            disabled={acting.busy}
            class="tight"
            onChange={(e) => void role(e.currentTarget.value)}
          >
            {ROLES.map((r) => (
              <option key={r} value={r}>
                {r}
              </option>
            ))}
          </select>
        ) : (
          m.role
        )}
      </td>
      <td>{m.section}</td>
      <td>{[m.login, m.email].filter(Boolean).join(", ")}</td>
      <td>{m.seen > 0 ? <When at={m.seen} now={now} zone={zone} /> : <span class="dim">never</span>}</td>
      <td class={css.acts}>
        {teaches && (
          <>
            {m.active && (
              <button
                type="button"
                class="small"
                disabled={acting.busy}
                title="Lets them in once: for who has lost their return word"
                aria-label={`one-time code for ${m.name}`}
                onClick={() => void acting.run(() => room.oneTimeCode(m.person)).then((got) => setCode(got?.value))}
              >
                one-time code
              </button>
            )}{" "}
            <button
              type="button"
              class="small"
              disabled={acting.busy}
              aria-label={m.active ? `drop ${m.name}` : `take back ${m.name}`}
              title={m.active ? "They can't work here any more; what they did is kept" : ""}
              onClick={() => void acting.run(() => room.changeMember(m.person, { active: !m.active }))}
            >
              {m.active ? "drop" : "take back"}
            </button>
          </>
        )}
        <Refused error={acting.error} />
        {code !== undefined && (
          <Dialog title={`One-time code for ${m.name}`} onClose={() => setCode(undefined)}>
            <p class={css.code}>{code.code}</p>
            <p>
              It is entered under <em>Join it or sign in</em>, <em>I have a one-time code, a return word or a token</em>
              . It works once, and until {dateIn(code.expires, zone, now)}.
            </p>
            <Copy text={code.code} what="the code" />
          </Dialog>
        )}
      </td>
    </tr>
  );
}

/** Arrivals are names that the list doesn't have: who is added is let in. */
function Arrivals() {
  const room = useRoom();
  const acting = useActing();
  const all = room.arrivals.value.value ?? [];
  if (all.length === 0) return null;
  const now = room.clock.now.value;
  const zone = room.about.value.value?.zone ?? "UTC";
  return (
    <section class={`card ${css.arrivals}`} aria-label="Who wants to be let in">
      <h2>At the door</h2>
      <p class="dim">They gave the join code and a name that the list doesn't have.</p>
      <ul>
        {all.map((a) => (
          <li key={a.id}>
            <strong>{a.name}</strong>{" "}
            <span class="dim">
              <When at={a.at} now={now} zone={zone} />
            </span>{" "}
            <button
              type="button"
              class="small"
              disabled={acting.busy}
              aria-label={`let in ${a.name}`}
              onClick={() => void acting.run(() => room.addMember({ name: a.name, role: "student" }))}
            >
              let in
            </button>{" "}
            <button
              type="button"
              class="small"
              disabled={acting.busy}
              aria-label={`turn away ${a.name}`}
              onClick={() => void acting.run(() => room.turnAway(a.id))}
            >
              turn away
            </button>
          </li>
        ))}
      </ul>
      <Refused error={acting.error} />
    </section>
  );
}

function Add(props: { readonly onClose: () => void }) {
  const room = useRoom();
  const acting = useActing();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [section, setSection] = useState("");
  const [role, setRole] = useState<Role>("student");
  const add = async (): Promise<void> => {
    const ask = {
      name: name.trim(),
      role,
      ...(email.trim() === "" ? {} : { email: email.trim() }),
      ...(section.trim() === "" ? {} : { section: section.trim() }),
    };
    if ((await acting.run(() => room.addMember(ask))) !== undefined) props.onClose();
  };
  return (
    <Dialog title="Add somebody" onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void add();
        }}
      >
        <TextField label="Name" value={name} onInput={setName} testid="member-name" required />
        <div class="pair">
          <TextField
            label="E-mail"
            value={email}
            onInput={setEmail}
            testid="member-email"
            hint="Only where they sign in by a campus login."
          />
          <TextField label="Section" value={section} onInput={setSection} testid="member-section" />
        </div>
        <Field label="Role">
          {(id) => (
            <select
              id={id}
              value={role}
              data-testid="member-role"
              onChange={(e) => setRole(ROLES.find((r) => r === e.currentTarget.value) ?? "student")}
            >
              {ROLES.map((r) => (
                <option key={r} value={r}>
                  {r}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="member-add">
            {acting.busy ? "adding…" : "Add"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Diff is what a file would change: nothing has happened yet. */
function Diff(props: { readonly of: RosterDiff }) {
  const { of: d } = props;
  const room = useRoom();
  const acting = useActing();
  const [drop, setDrop] = useState(false);
  const changes = d.added.length + d.back.length + d.changed.length + (drop ? d.dropped.length : 0);
  const close = (): void => {
    room.diff.value = undefined;
  };
  return (
    <Dialog title="What the list changes" onClose={close} wide>
      {d.read !== "" && <p class="dim">{d.read}</p>}
      <dl class={css.sums} data-testid="diff">
        <Sum n={d.added.length} word="new" />
        <Sum n={d.changed.length} word="changed" />
        <Sum n={d.back.length} word="come back" />
        <Sum n={d.same} word="as they are" />
        <Sum n={d.dropped.length} word="not on the list" />
        <Sum n={d.wrong.length} word="lines left out" />
      </dl>
      {d.wrong.length > 0 && (
        <Part title="Lines that are left out" open>
          {d.wrong.map((w) => (
            <li key={w.line}>
              line {w.line}: {w.why}
            </li>
          ))}
        </Part>
      )}
      {d.added.length > 0 && (
        <Part title="New" open>
          {d.added.map((m, i) => (
            <li key={i}>
              {m.name}
              <span class="dim">{[m.section, m.login, m.email].filter(Boolean).map((x) => ` · ${x}`)}</span>
            </li>
          ))}
        </Part>
      )}
      {d.changed.length > 0 && (
        <Part title="Changed" open>
          {d.changed.map((c, i) => (
            <li key={i}>
              {c.name}: {c.what} <del>{c.from || "nothing"}</del> → <ins>{c.to || "nothing"}</ins>
            </li>
          ))}
        </Part>
      )}
      {d.back.length > 0 && (
        <Part title="Come back" open>
          {d.back.map((m) => (
            <li key={m.person}>{m.name}: with all that they did</li>
          ))}
        </Part>
      )}
      {d.dropped.length > 0 && (
        <>
          <Part title="In the class, and not on the list" open={false}>
            {d.dropped.map((m) => (
              <li key={m.person}>{m.name}</li>
            ))}
          </Part>
          <label class="check">
            <input type="checkbox" checked={drop} onChange={(e) => setDrop(e.currentTarget.checked)} />
            Also drop these {d.dropped.length}. What they did is kept, and they can come back.
          </label>
        </>
      )}
      <Refused error={acting.error} />
      <div class={`actions ${css.decide}`}>
        <button
          type="button"
          class="primary"
          disabled={acting.busy || changes === 0}
          onClick={() => void acting.run(() => room.apply(drop))}
          data-testid="apply"
        >
          {acting.busy
            ? "applying…"
            : changes === 0
              ? "Nothing to change"
              : changes === 1
                ? "Apply 1 change"
                : `Apply ${changes} changes`}
        </button>
        <button type="button" onClick={close}>
          {changes === 0 ? "Close" : "Change nothing"}
        </button>
      </div>
    </Dialog>
  );
}

function Sum(props: { readonly n: number; readonly word: string }) {
  return (
    <div class={props.n === 0 ? "dim" : ""}>
      <dt>{props.word}</dt>
      <dd>{props.n}</dd>
    </div>
  );
}

function Part(props: { readonly title: string; readonly open: boolean; readonly children: preact.ComponentChildren }) {
  return (
    <details open={props.open} class={css.part}>
      <summary>{props.title}</summary>
      <ul>{props.children}</ul>
    </details>
  );
}
