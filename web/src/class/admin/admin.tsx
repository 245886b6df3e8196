// The operator's page: the server in figures, its labs, the platforms that may launch, who did what.
import { useEffect, useMemo, useState } from "preact/hooks";
import { dateIn, lasts, timeIn } from "../../core/class/when";
import { bytes, count } from "../../core/format";
import type { AdminStatus } from "../../protocol/class/types";
import { Operator } from "../../session/class/operator";
import { Badge, Empty, Refused, When } from "../../ui/parts";
import { ADMIN_TABS, type AdminTab, addressOf } from "../../ui/place";
import { useActing, useSchool } from "../../ui/school";
import { Frame, Head } from "../frame";
import css from "./admin.module.css";
import { Platforms } from "./platforms";

const NAMES: { readonly [tab in AdminTab]: string } = {
  status: "Server",
  labs: "Labs",
  platforms: "Platforms",
  audit: "Audit",
};

/** How often the figures are asked for: milliseconds. */
const OFTEN = 5000;

export function Admin(props: { readonly tab: AdminTab }) {
  const { people } = useSchool();
  const operator = useMemo(() => new Operator(people.server), [people]);
  useEffect(() => {
    let cancel = (): void => undefined;
    let over = false;
    const look = async (): Promise<void> => {
      await operator.status.load();
      if (!over) cancel = people.server.after(OFTEN, () => void look());
    };
    void look();
    return () => {
      over = true;
      cancel();
    };
  }, [operator, people]);
  const status = operator.status.value.value;
  const counts: { readonly [tab in AdminTab]: number } = {
    status: 0,
    labs: status?.labs.quarantined ?? 0,
    platforms: status?.pending ?? 0,
    audit: 0,
  };
  return (
    <Frame
      wide
      crumbs={[{ name: "Your classes", place: { kind: "classes" } }, { name: "Operator" }]}
      tabs={ADMIN_TABS.map((t) => ({
        place: { kind: "admin", tab: t },
        name: NAMES[t],
        here: t === props.tab,
        count: counts[t],
      }))}
    >
      <Refused error={operator.status.error.value} again={() => void operator.status.load()} />
      {props.tab === "status" && status !== undefined && <Status of={status} operator={operator} />}
      {props.tab === "labs" && <Labs operator={operator} />}
      {props.tab === "platforms" && <Platforms operator={operator} />}
      {props.tab === "audit" && <Acts operator={operator} />}
    </Frame>
  );
}

function Status(props: { readonly of: AdminStatus; readonly operator: Operator }) {
  const { of: s, operator } = props;
  const zone = useSchool().people.server.zone;
  const d = s.disk;
  const full = d.total > 0 && d.free < d.total / 20;
  return (
    <>
      <Head title="Server">
        <p class="dim">
          {s.version}, up for {lasts(s.now - s.started)}
        </p>
      </Head>
      <div class={css.figures}>
        <Figure word="labs live" of={s.labs.max}>
          {s.labs.live}
        </Figure>
        <Figure word="of those, visitors'">{s.labs.visitors}</Figure>
        <Figure word="parked">{s.labs.parked}</Figure>
        <Figure word="quarantined" bad={s.labs.quarantined > 0}>
          {s.labs.quarantined}
        </Figure>
        <Figure word="in the queue" bad={s.waiting > 0}>
          {s.waiting}
        </Figure>
        <Figure word="being graded">
          {s.grading.running} + {s.grading.queued}
        </Figure>
        <Figure word="gradings failed" bad={s.grading.failed > 0}>
          {s.grading.failed}
        </Figure>
        <Figure word="scores waiting">{s.outbox.waiting}</Figure>
        <Figure word="scores refused" bad={s.outbox.refused > 0}>
          {s.outbox.refused}
        </Figure>
        <Figure word="memory">{bytes(s.memory)}</Figure>
        <Figure word="free on the disk" bad={full}>
          {bytes(d.free)}
        </Figure>
        <Figure word="people">{s.people}</Figure>
      </div>
      <div class={css.columns}>
        <section class="card" aria-labelledby="refusals">
          <h2 id="refusals">Refused</h2>
          {s.refused.length === 0 ? (
            <p class="dim">Nothing was, since the server began.</p>
          ) : (
            <table class="data">
              <tbody>
                {[...s.refused]
                  .sort((a, b) => b.count - a.count)
                  .map((r) => (
                    <tr key={r.name}>
                      <th scope="row">{r.name}</th>
                      <td class="num">{r.count}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          )}
        </section>
        <section class="card" aria-labelledby="disk">
          <h2 id="disk">Disk</h2>
          <table class="data">
            <tbody>
              {(
                [
                  ["database", d.database],
                  ["programs and scenarios", d.blobs],
                  ["labs", d.labs],
                ] as const
              ).map(([name, n]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="num">{bytes(n)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class={full ? "bad" : "dim"}>
            {bytes(d.free)} of {bytes(d.total)} are free
            {full && ": nothing is lost when it is full, but nothing more is taken"}.
          </p>
        </section>
        <Visitors of={s} operator={operator} zone={zone} />
        {s.versions.length > 0 && (
          <section class="card" aria-labelledby="versions">
            <h2 id="versions">Versions</h2>
            <table class="data">
              <tbody>
                {s.versions.map((v) => (
                  <tr key={v.name}>
                    <th scope="row">{v.name}</th>
                    <td>{v.text}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </div>
      <h2>Classes</h2>
      {s.classes.length === 0 ? (
        <Empty title="No class yet.">
          <p class="dim">
            Make one under <a href="#classes">your classes</a>, or let a teacher do it.
          </p>
        </Empty>
      ) : (
        <div class="tablebox">
          <table class="data">
            <thead>
              <tr>
                <th scope="col">class</th>
                <th scope="col">term</th>
                <th scope="col" class="num">
                  people
                </th>
                <th scope="col" class="num">
                  labs live
                </th>
                <th scope="col" class="num">
                  hand-ins
                </th>
              </tr>
            </thead>
            <tbody>
              {s.classes.map((c) => (
                <tr key={c.id} class={c.archived ? "gone" : ""}>
                  <th scope="row">
                    <a href={`#${addressOf({ kind: "class", id: c.id, tab: "lessons" })}`}>{c.name}</a>{" "}
                    {c.archived && <Badge tone="plain">archived</Badge>}
                  </th>
                  <td>{c.term}</td>
                  <td class="num">{c.people}</td>
                  <td class="num">{c.labs}</td>
                  <td class="num">{c.handins}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Figure(props: {
  readonly word: string;
  readonly of?: number;
  readonly bad?: boolean;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <p class={css.figure} data-bad={props.bad === true}>
      <span class={css.n}>
        {props.children}
        {props.of !== undefined && props.of > 0 && <span class="dim"> / {props.of}</span>}
      </span>
      <span class={css.word}>{props.word}</span>
    </p>
  );
}

/** Visitors is whether people without a class may have labs: the switch for the day on which they must not. */
function Visitors(props: { readonly of: AdminStatus; readonly operator: Operator; readonly zone: string }) {
  const { of: s, operator } = props;
  const acting = useActing();
  const [why, setWhy] = useState("");
  const a = s.anonymous;
  return (
    <section class="card" aria-labelledby="visitors">
      <h2 id="visitors">Visitors' labs</h2>
      <p>
        {a.on ? <Badge tone="good">on</Badge> : <Badge tone="bad">off</Badge>}{" "}
        {a.at > 0 && (
          <span class="dim">
            by {a.by}, {dateIn(a.at, props.zone, s.now)}
          </span>
        )}
      </p>
      {!a.on && a.why !== "" && (
        <p>
          Visitors are told: <q>{a.why}</q>
        </p>
      )}
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void acting.run(() => operator.anonymous(!a.on, why.trim()));
        }}
      >
        {a.on && (
          <input
            aria-label="why, as visitors are told"
            placeholder="why, as visitors are told"
            value={why}
            required
            maxLength={300}
            onInput={(e) => setWhy(e.currentTarget.value)}
          />
        )}
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class={a.on ? "danger" : "primary"} disabled={acting.busy} data-testid="anonymous">
            {a.on ? "Turn off: labs of classes go on" : "Turn on"}
          </button>
        </div>
      </form>
    </section>
  );
}

function Labs(props: { readonly operator: Operator }) {
  const { operator } = props;
  const { people } = useSchool();
  const acting = useActing();
  useEffect(() => void operator.labs.load(), [operator]);
  const all = operator.labs.value.value;
  const now = people.clock.now.value;
  const order = { quarantined: 0, live: 1, parked: 2 } as const;
  const rows = [...(all ?? [])].sort((a, b) => order[a.state] - order[b.state] || b.used - a.used);
  return (
    <>
      <Head title="Labs">
        {all !== undefined && <p class="dim">{count(all.length, "lab")}</p>}
        <span class="grow" />
        <button type="button" onClick={() => void operator.labs.load()}>
          look again
        </button>
      </Head>
      <Refused error={operator.labs.error.value} again={() => void operator.labs.load()} />
      <Refused error={acting.error} />
      {all?.length === 0 && <Empty title="There is none." />}
      {rows.length > 0 && (
        <div class="tablebox">
          <table class="data">
            <thead>
              <tr>
                <th scope="col">lab</th>
                <th scope="col">state</th>
                <th scope="col">whose</th>
                <th scope="col">class</th>
                <th scope="col">scenario</th>
                <th scope="col">used</th>
                <th scope="col" class="num">
                  on the disk
                </th>
                <th scope="col">
                  <span class="away">what can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((l) => (
                <tr key={l.id}>
                  <th scope="row" class="mono">
                    {l.id}
                  </th>
                  <td>
                    <Badge tone={l.state === "quarantined" ? "bad" : l.state === "live" ? "good" : "plain"}>
                      {l.state}
                    </Badge>
                    {l.why !== "" && <span class={css.why}> {l.why}</span>}
                  </td>
                  <td>{l.person === "" ? <span class="dim">a visitor</span> : l.person}</td>
                  <td>{l.class}</td>
                  <td>{l.scenario}</td>
                  <td>{l.used > 0 && <When at={l.used} now={now} zone={people.server.zone} />}</td>
                  <td class="num">{bytes(l.size)}</td>
                  <td>
                    <button
                      type="button"
                      class="small danger"
                      disabled={acting.busy}
                      aria-label={`end lab ${l.id}`}
                      title="It is gone for good; hand-ins stay"
                      onClick={() => void acting.run(() => operator.endLab(l.id))}
                    >
                      end
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Acts(props: { readonly operator: Operator }) {
  const { operator } = props;
  const { people } = useSchool();
  const acting = useActing();
  useEffect(() => void acting.run(() => operator.acts(true)), [operator]);
  const now = people.clock.now.peek();
  const more = operator.more.value;
  return (
    <>
      <Head title="Audit">
        <p class="dim">Who did what, newest first. The id of a request finds it in the log.</p>
      </Head>
      <Refused error={acting.error} />
      <div class="tablebox">
        <table class="data">
          <thead>
            <tr>
              <th scope="col">when</th>
              <th scope="col">who</th>
              <th scope="col">what</th>
              <th scope="col">about</th>
              <th scope="col">class</th>
              <th scope="col">request</th>
            </tr>
          </thead>
          <tbody>
            {operator.audit.value.map((a) => (
              <tr key={a.id}>
                <td class={css.nowrap}>{timeIn(a.at, people.server.zone, now)}</td>
                <th scope="row">{a.who}</th>
                <td>{a.what}</td>
                <td>
                  {a.about} {a.detail !== "" && <span class="dim">{a.detail}</span>}
                </td>
                <td>{a.class}</td>
                <td class="mono dim">{a.request}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more !== undefined && more !== "" && (
        <div class={`actions ${css.more}`}>
          <button type="button" disabled={acting.busy} onClick={() => void acting.run(() => operator.acts(false))}>
            earlier
          </button>
        </div>
      )}
    </>
  );
}
