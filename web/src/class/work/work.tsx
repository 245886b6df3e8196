// Above a bench of a lesson: what is due when, what the server has of it, and what comes of
// that; the raised hand, what the teacher says, and who else may type.
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { countdown, dueOf, locked, points } from "../../core/class/lesson";
import { clockIn, dateIn, lasts } from "../../core/class/when";
import { bytes } from "../../core/format";
import { procOf } from "../../core/select";
import type { Handin, HelpAct, Notice, Program } from "../../protocol/class/types";
import { path } from "../../session/class/server";
import type { Work } from "../../session/class/work";
import type { LabSession } from "../../session/session";
import { Badge, Copy, Dialog, Refused } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useActing } from "../../ui/school";
import "../../ui/forms.css";
import css from "./work.module.css";

export function WorkBar(props: {
  readonly work: Work;
  readonly lab: LabSession;
  /** Begins the bench anew; it returns why it could not. */
  readonly startOver: (work: Work) => Promise<string | undefined>;
}) {
  const { work, lab } = props;
  const [open, setOpen] = useState<"handin" | "history" | "over" | "hand" | undefined>(undefined);
  const l = work.about.value;
  const room = work.room;
  const now = room.clock.now.value;
  const due = l === undefined ? 0 : dueOf(l);
  const left = l === undefined ? undefined : countdown(l, now);
  const shut = l !== undefined && locked(l, now);
  const close = (): void => setOpen(undefined);
  return (
    <div class={`school ${css.work}`}>
      <section class={css.bar} aria-label="This lesson">
        <a
          href={`#${addressOf({ kind: "class", id: room.id, tab: "lessons" })}`}
          class={css.back}
          data-testid="to-class"
        >
          <span aria-hidden="true">←</span> {room.about.value.value?.name ?? "class"}
        </a>
        <strong class={css.title}>{l?.title ?? ""}</strong>
        {l !== undefined && due > 0 && (
          <span title={dateIn(due, l.zone, now)} class={css.due}>
            due {dateIn(due, l.zone, now)} {left !== undefined && <Badge tone={left.tone}>{left.word}</Badge>}
            {l.mine?.extended === true && <span class="dim"> extended</span>}
          </span>
        )}
        <Watching lab={lab} />
        <span class="grow" />
        <State work={work} lab={lab} onHistory={() => setOpen("history")} />
        <button
          type="button"
          class="primary"
          disabled={shut || work.sending.value}
          onClick={() => {
            work.receipt.value = undefined;
            work.refused.value = undefined;
            setOpen("handin");
          }}
          title={shut ? "This lesson is locked: nothing is taken any more" : ""}
          data-testid="handin"
        >
          Hand in
        </button>
        <button
          type="button"
          aria-pressed={work.handUp.value}
          class={work.handUp.value ? css.up : ""}
          onClick={() => (work.handUp.value ? void work.raise(false, "") : setOpen("hand"))}
          data-testid="hand"
        >
          {work.handUp.value ? "Take hand down" : "Raise hand"}
        </button>
        <button type="button" onClick={() => setOpen("over")} data-testid="over">
          Start over…
        </button>
      </section>
      <HelpBand work={work} lab={lab} />
      <Notices work={work} lab={lab} />
      {open === "handin" && <HandIn work={work} lab={lab} onClose={close} />}
      {open === "history" && <History work={work} onClose={close} />}
      {open === "hand" && <RaiseHand work={work} onClose={close} />}
      {open === "over" && <Over work={work} startOver={props.startOver} onClose={close} />}
    </div>
  );
}

/** Watching says who looks at the bench: nobody does in secret. */
function Watching(props: { readonly lab: LabSession }) {
  const names = props.lab.people.value?.watching ?? [];
  if (names.length === 0) return null;
  return (
    <span class="dim" role="status" data-testid="watched">
      {names.join(", ")} {names.length === 1 ? "looks" : "look"} at it now
    </span>
  );
}

/** differs says that what runs on the bench is not what was handed in, as far as one knows what runs. */
export function differs(handed: readonly Program[], running: ReadonlyMap<string, string>): boolean {
  return handed.some((p) => {
    const runs = running.get(p.slot);
    return runs !== undefined && runs !== "" && !p.hash.startsWith(runs) && !runs.startsWith(p.hash);
  });
}

/** State is what the server has, and what came of it. */
function State(props: { readonly work: Work; readonly lab: LabSession; readonly onHistory: () => void }) {
  const { work, lab } = props;
  const all = work.handins.value;
  const newest = all?.[0];
  if (newest === undefined)
    return all === undefined ? null : (
      <span class="dim" data-testid="work-state">
        nothing handed in yet
      </span>
    );
  const changed = work.changed.value || differs(newest.programs, lab.started.value);
  return (
    <span class={css.state} role="status" data-testid="work-state">
      <button type="button" class="link" onClick={props.onHistory} title="All hand-ins, and what came of them">
        hand-in {newest.number}
      </button>
      : <Outcome of={newest} />
      {changed && (
        <span class={css.changed} title="What the server has is not what runs here now">
          {" "}
          · you have changed it since
        </span>
      )}
    </span>
  );
}

function Outcome(props: { readonly of: Handin }) {
  const h = props.of;
  switch (h.state) {
    case "queued":
      return (
        <span>
          waits to be graded{h.ahead > 0 && `, ${h.ahead} before it`}
          {h.seconds > 0 && `, about ${lasts(h.seconds * 1000)}`}
        </span>
      );
    case "running":
      return <span>is being graded…</span>;
    case "failed":
      return <span class="bad">could not be graded: {h.why}</span>;
    case "done":
      return (
        <span>
          {h.passed} of {h.of} checks
          {h.points !== undefined && `, ${points(h.points)} of ${points(h.max)} points`}
          {h.hidden && " so far; more is checked after the due date"}
          {h.late && <Badge tone="warn">late</Badge>}
        </span>
      );
    default:
      return h.state satisfies never;
  }
}

/** What is in a slot of the bench now. */
interface InSlot {
  readonly slot: string;
  readonly program: string;
}

function useSlots(lab: LabSession): readonly InSlot[] {
  return lab.topology.value.nodes.flatMap((n) => {
    const now = lab.node(n.name).now.value;
    return n.procs
      .filter((p) => p.slot)
      .map((p) => ({ slot: `${n.name}.${p.name}`, program: procOf(now, p.name)?.program || p.program }));
  });
}

/** HandIn says exactly what goes, then what the server has. */
function HandIn(props: { readonly work: Work; readonly lab: LabSession; readonly onClose: () => void }) {
  const { work, lab } = props;
  const slots = useSlots(lab);
  const empty = slots.every((s) => s.program === "");
  const l = work.about.value;
  const now = work.room.clock.now.value;
  const late = l !== undefined && dueOf(l) > 0 && dueOf(l) <= now;
  const r = work.receipt.value;
  if (r !== undefined) {
    const zone = l?.zone ?? "UTC";
    return (
      <Dialog title="Handed in" onClose={props.onClose}>
        <div data-testid="receipt">
          <p>
            The server has your hand-in {r.number}, and has it on disk
            {r.late ? (
              <>
                ; it came <Badge tone="warn">late</Badge>
              </>
            ) : (
              ""
            )}
            .
          </p>
          <dl class={css.receipt}>
            <dt>time</dt>
            <dd>
              {dateIn(r.at, zone, now)} <span class="dim">({clockIn(r.at, zone)}, the server's clock)</span>
            </dd>
            {r.programs.map((p) => (
              <Fragment key={p.slot}>
                <dt>{p.slot}</dt>
                <dd>
                  {p.name}, {bytes(p.size)}
                </dd>
              </Fragment>
            ))}
            <dt>SHA-256</dt>
            <dd class="mono" data-testid="receipt-hash">
              {r.hash}
            </dd>
          </dl>
          <p class="dim">
            It is being graded. What comes of it is shown above the bench by itself; you can go on, or leave.
          </p>
          <div class="actions">
            <button type="button" class="primary" onClick={props.onClose} data-testid="receipt-close">
              Close
            </button>
            <Copy text={r.hash} what="the hash" />
          </div>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Hand in" onClose={props.onClose}>
      <p>What is in the slots of your bench now is handed in:</p>
      <ul class={css.slots} data-testid="handin-what">
        {slots.map((s) => (
          <li key={s.slot}>
            <code>{s.slot}</code>{" "}
            {s.program === "" ? <span class="bad">has no program yet</span> : <strong>{s.program}</strong>}
          </li>
        ))}
      </ul>
      <p class="dim">
        With it goes a recording of what you did. You can hand in as often as you like until it locks:{" "}
        {l?.counts === "last" ? "the last one in time counts" : "the best one counts, a later one never lowers it"}.
      </p>
      {late && (
        <p class={css.late}>
          It was due {lasts(now - (l === undefined ? 0 : dueOf(l)))} ago: this hand-in is late, and says so.
        </p>
      )}
      {lab.checks.state.value.kind === "none" && (
        <p class="dim">You have not checked it since you changed it: “check my work” says what passes.</p>
      )}
      <Refused error={work.refused.value} />
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={work.sending.value || empty}
          onClick={() => void work.handIn()}
          data-testid="handin-send"
        >
          {work.sending.value ? "handing in…" : work.refused.value === undefined ? "Hand it in" : "Try again"}
        </button>
        <button type="button" onClick={props.onClose}>
          Not yet
        </button>
      </div>
    </Dialog>
  );
}

function History(props: { readonly work: Work; readonly onClose: () => void }) {
  const { work } = props;
  const all = work.handins.value ?? [];
  const l = work.about.value;
  const zone = l?.zone ?? "UTC";
  const now = work.room.clock.now.value;
  const mark = work.mark.value;
  const href = (h: Handin, what: string): string => work.room.server.href(path`api/handins/${h.id}/` + what);
  return (
    <Dialog title="Your hand-ins" onClose={props.onClose} wide>
      {mark !== undefined && (mark.comment !== "" || mark.points !== undefined || mark.excused) && (
        <p class="told">
          {mark.by === "" ? "Your teacher" : mark.by}:{" "}
          {mark.excused ? "excused. " : mark.points !== undefined ? `${points(mark.points)} points. ` : ""}
          {mark.comment}
        </p>
      )}
      <div class="tablebox">
        <table class="data" data-testid="history">
          <thead>
            <tr>
              <th scope="col" class="num">
                no.
              </th>
              <th scope="col">when</th>
              <th scope="col">what came of it</th>
              <th scope="col">what the server has</th>
            </tr>
          </thead>
          <tbody>
            {all.map((h) => (
              <tr key={h.id}>
                <td class="num">{h.number}</td>
                <td>
                  {dateIn(h.at, zone, now)} {h.late && <Badge tone="warn">late</Badge>}
                </td>
                <td>
                  <Outcome of={h} /> {h.counts && <Badge tone="good">counts</Badge>}{" "}
                  {h.report && (
                    <a href={href(h, "report")} target="_blank" rel="noreferrer">
                      report
                    </a>
                  )}
                </td>
                <td>
                  {h.programs.map((p) => (
                    <span key={p.slot}>
                      <a href={href(h, path`program/${p.slot}`)} download>
                        {p.name}
                      </a>{" "}
                      <span class="dim">{bytes(p.size)}</span>{" "}
                    </span>
                  ))}
                  <code title={h.hash}>{h.hash.slice(0, 12)}…</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Dialog>
  );
}

function RaiseHand(props: { readonly work: Work; readonly onClose: () => void }) {
  const acting = useActing();
  const [text, setText] = useState("");
  const raise = async (): Promise<void> => {
    if ((await acting.run(() => props.work.raise(true, text.trim()))) !== undefined) props.onClose();
  };
  return (
    <Dialog title="Raise your hand" onClose={props.onClose}>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          void raise();
        }}
      >
        <div class="field">
          <label for="hand-text">What about? (may stay empty)</label>
          <input
            id="hand-text"
            value={text}
            maxLength={200}
            autocomplete="off"
            data-testid="hand-text"
            onInput={(e) => setText(e.currentTarget.value)}
          />
          <p class="hint">Your teacher sees it on the wall. Nobody types on your bench before you have said yes.</p>
        </div>
        <Refused error={acting.error} />
        <div class="actions">
          <button type="submit" class="primary" disabled={acting.busy} data-testid="hand-raise">
            Raise hand
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Over(props: {
  readonly work: Work;
  readonly startOver: (work: Work) => Promise<string | undefined>;
  readonly onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const over = async (): Promise<void> => {
    setBusy(true);
    const why = await props.startOver(props.work);
    setBusy(false);
    if (why === undefined) props.onClose();
    else setError(why);
  };
  const n = props.work.handins.value?.length ?? 0;
  return (
    <Dialog title="Start over?" onClose={props.onClose}>
      <p>The lab begins anew: its time, its consoles and the programs in its slots are as at the beginning.</p>
      <p>
        <strong>
          {n === 0 ? "You have handed nothing in" : n === 1 ? "Your hand-in stays" : `Your ${n} hand-ins stay`}
        </strong>
        {n > 0 && ", with their points; the programs can be had back from them"}.
      </p>
      <Refused error={error} />
      <div class="actions">
        <button type="button" class="danger" disabled={busy} onClick={() => void over()} data-testid="over-yes">
          {busy ? "starting over…" : "Start over"}
        </button>
        <button type="button" onClick={props.onClose}>
          Go on with this one
        </button>
      </div>
    </Dialog>
  );
}

/** HelpBand is there whenever somebody else may type, or wants to: nobody can overlook it. */
function HelpBand(props: { readonly work: Work; readonly lab: LabSession }) {
  const acting = useActing();
  const people = props.lab.people.value;
  const helps = people !== undefined && people.helper !== "";
  if (people === undefined || (!helps && people.asks === "")) return null;
  const answer = (act: HelpAct) => (): void => {
    void acting.run(() => props.work.room.help(props.lab.id, act));
  };
  return (
    <div class={css.help} role="alert" data-state={helps ? "accepted" : "asked"} data-testid="help">
      {helps ? (
        <>
          <span>
            <strong>{people.helper} may type on your bench now.</strong> What they do is shown as it happens.
          </span>
          <button type="button" disabled={acting.busy} onClick={answer("end")} data-testid="help-end">
            End help
          </button>
        </>
      ) : (
        <>
          <span>
            <strong>{people.asks}</strong> asks to type on your bench. You see all that is typed, and can end it at any
            time.
          </span>
          <button
            type="button"
            class="primary"
            disabled={acting.busy}
            onClick={answer("accept")}
            data-testid="help-accept"
          >
            Yes, help me
          </button>
          <button type="button" disabled={acting.busy} onClick={answer("refuse")} data-testid="help-refuse">
            No, thank you
          </button>
        </>
      )}
      {acting.error !== "" && <span class="bad">{acting.error}</span>}
    </div>
  );
}

function Notices(props: { readonly work: Work; readonly lab: LabSession }) {
  const { work } = props;
  return (
    <div aria-live="polite">
      {work.notices.value.map((n) => (
        <One key={n.id} of={n} work={work} lab={props.lab} />
      ))}
    </div>
  );
}

/** One is what a teacher said; a program that comes with it is put into its slot when the student says so. */
function One(props: { readonly of: Notice; readonly work: Work; readonly lab: LabSession }) {
  const { of: n, work, lab } = props;
  const acting = useActing();
  const take = async (): Promise<void> => {
    if ((await acting.run(() => work.take(lab.id, n.id))) === undefined) return;
    work.given();
    const [node = "", proc = ""] = n.slot.split(/\.(.*)/s);
    await lab.send({ op: "start", node, proc });
  };
  return (
    <div class={css.notice} data-testid="teacher-notice">
      <span>
        <strong>{n.from}</strong>: {n.text}
        {acting.error !== "" && <span class="bad"> {acting.error}</span>}
      </span>
      {n.kind === "program" && n.slot !== "" && (
        <button
          type="button"
          class="small primary"
          disabled={acting.busy}
          title="What is there now is replaced"
          onClick={() => void take()}
          data-testid="take"
        >
          put the program into {n.slot}
        </button>
      )}
      <button type="button" class="small" onClick={() => work.dismiss(n.id)}>
        dismiss
      </button>
    </div>
  );
}
