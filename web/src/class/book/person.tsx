// A student's hand-ins of a lesson, and what a teacher says of them.
import { useState } from "preact/hooks";
import { points } from "../../core/class/lesson";
import { dateIn, lasts } from "../../core/class/when";
import type { Handin } from "../../protocol/class/types";
import type { LessonBook } from "../../session/class/lessonbook";
import { path } from "../../session/class/server";
import { Badge, Field, Refused } from "../../ui/parts";
import { useActing, useRoom } from "../../ui/school";
import css from "./book.module.css";

export function Person(props: { readonly person: string; readonly book: LessonBook }) {
  const { person, book } = props;
  const room = useRoom();
  const b = book.book.value.value;
  const row = b?.rows.find((r) => r.person === person);
  const zone = room.about.value.value?.zone ?? "UTC";
  const now = room.clock.now.peek();
  if (b === undefined || row === undefined) return null;
  const handins = book.handins.value.value?.handins;
  return (
    <aside class={`card ${css.person}`} aria-label={`Hand-ins of ${row.name}`} data-testid="person">
      <header>
        <h2>{row.name}</h2>
        <button type="button" class="plain" aria-label="close" onClick={() => book.look(undefined)}>
          ✕
        </button>
      </header>
      {row.due > 0 && <p class="dim">due {dateIn(row.due, zone, now)}</p>}
      <MarkForm person={person} book={book} max={b.max} />
      <h3>Hand-ins</h3>
      <Refused error={book.handins.error.value} again={() => void book.handins.load()} />
      {handins?.length === 0 && <p class="dim">None.</p>}
      <ol class={css.handins} reversed>
        {handins?.map((h) => (
          <One key={h.id} of={h} book={book} zone={zone} now={now} pinned={row.mark?.pin === h.id} />
        ))}
      </ol>
    </aside>
  );
}

function One(props: {
  readonly of: Handin;
  readonly book: LessonBook;
  readonly zone: string;
  readonly now: number;
  readonly pinned: boolean;
}) {
  const { of: h, book, pinned } = props;
  const acting = useActing();
  const file = (what: string): string => book.server.href(path`api/handins/${h.id}/` + what);
  const row = book.book.value.value?.rows.find((r) => r.person === h.person);
  const pin = (): void => {
    const m = row?.mark;
    const ask = {
      ...(m?.points === undefined ? {} : { points: m.points }),
      ...(m?.comment ? { comment: m.comment } : {}),
      ...(m?.excused === true ? { excused: true } : {}),
      ...(pinned ? {} : { pin: h.id }),
      version: m?.version ?? 0,
    };
    void acting.run(() => book.mark(h.person, ask));
  };
  return (
    <li value={h.number}>
      <p>
        <strong>{dateIn(h.at, props.zone, props.now)}</strong>{" "}
        {h.late && <Badge tone="warn">late{h.lateby > 0 ? ` by ${lasts(h.lateby)}` : ""}</Badge>}{" "}
        {h.counts && <Badge tone="good">counts</Badge>} {pinned && <Badge tone="plain">pinned</Badge>}
      </p>
      <p>
        {h.state === "done" && h.points !== undefined && `${points(h.points)} of ${points(h.max)} points, `}
        {h.state === "done" && `${h.passed} of ${h.of} checks`}
        {h.state === "done" && h.hidden && " so far; more is checked after the due date"}
        {h.state === "failed" && <span class="bad">could not be graded: {h.why}</span>}
        {(h.state === "queued" || h.state === "running") && "being graded…"}
      </p>
      <p class="actions">
        {h.report && (
          <a class="button small" href={file("report")} target="_blank" rel="noreferrer">
            report
          </a>
        )}
        <a class="button small" href={file("recording")} download>
          recording
        </a>
        {h.programs.map((p) => (
          <a
            key={p.slot}
            class="button small"
            href={file(path`program/${p.slot}`)}
            download
            title={`${p.slot}, SHA-256 ${p.hash}`}
          >
            {p.name}
          </a>
        ))}
        <button type="button" class="small" disabled={acting.busy} onClick={pin}>
          {pinned ? "unpin" : "let this one count"}
        </button>
      </p>
      <Refused error={acting.error} />
    </li>
  );
}

/** MarkForm is what a teacher says. Where somebody else said something meanwhile, both are seen, and nothing is lost. */
function MarkForm(props: { readonly person: string; readonly book: LessonBook; readonly max: number }) {
  const { person, book } = props;
  const acting = useActing();
  const row = book.book.value.value?.rows.find((r) => r.person === person);
  const had = row?.mark;
  const [seen, setSeen] = useState(had?.version ?? 0);
  const [given, setGiven] = useState(had?.points === undefined ? "" : points(had.points));
  const [comment, setComment] = useState(had?.comment ?? "");
  const [excused, setExcused] = useState(had?.excused ?? false);
  const n = Number(given.replace(",", "."));
  const bad = given.trim() !== "" && !(Number.isFinite(n) && n >= 0);
  const save = async (): Promise<void> => {
    const ask = {
      ...(given.trim() === "" ? {} : { points: n }),
      ...(comment.trim() === "" ? {} : { comment: comment.trim() }),
      ...(excused ? { excused: true } : {}),
      ...(had?.pin ? { pin: had.pin } : {}),
      version: had?.version ?? 0,
    };
    const got = await acting.run(() => book.mark(person, ask));
    if (got !== undefined) setSeen(got.value.mark?.version ?? 0);
  };
  const other = had !== undefined && had.version !== seen;
  const take = (): void => {
    setGiven(had?.points === undefined ? "" : points(had.points));
    setComment(had?.comment ?? "");
    setExcused(had?.excused ?? false);
    setSeen(had?.version ?? 0);
    acting.clear();
  };
  return (
    <form
      class="form"
      onSubmit={(e) => {
        e.preventDefault();
        if (!bad) void save();
      }}
    >
      <div class="pair">
        <Field
          label={`Points instead of the checks'${row?.auto === undefined ? "" : ` ${points(row.auto)}`}`}
          hint={
            bad ? "That is no number of points." : `Empty: those of the checks. At most ${points(props.max)} is usual.`
          }
        >
          {(id, by) => (
            <input
              id={id}
              aria-describedby={by}
              aria-invalid={bad}
              inputMode="decimal"
              value={given}
              data-testid="mark-points"
              onInput={(e) => setGiven(e.currentTarget.value)}
            />
          )}
        </Field>
        <label class={`check ${css.excuse}`}>
          <input type="checkbox" checked={excused} onChange={(e) => setExcused(e.currentTarget.checked)} />
          excused: counts neither way
        </label>
      </div>
      <Field label="Comment, which the student reads">
        {(id) => (
          <textarea
            id={id}
            rows={3}
            maxLength={4000}
            value={comment}
            data-testid="mark-comment"
            onInput={(e) => setComment(e.currentTarget.value)}
          />
        )}
      </Field>
      {other && (
        <div class="told" data-testid="mark-conflict">
          <p>
            {had.by} has said meanwhile:{" "}
            {had.excused ? "excused" : had.points === undefined ? "no points" : `${points(had.points)} points`}
            {had.comment !== "" && (
              <>
                , <q>{had.comment}</q>
              </>
            )}
            . What you typed is still here; saving puts it in the place of that.
          </p>
          <button type="button" class="small" onClick={take}>
            take theirs
          </button>
        </div>
      )}
      {!other && had !== undefined && had.by !== "" && <p class="hint">Last said by {had.by}.</p>}
      <Refused error={acting.error} />
      <div class="actions">
        <button type="submit" class="primary" disabled={acting.busy || bad} data-testid="mark-save">
          {acting.busy ? "saving…" : "Save"}
        </button>
        {acting.error !== "" && (
          <button type="button" onClick={() => void book.book.load().then(acting.clear)} data-testid="mark-look">
            see what is there now
          </button>
        )}
      </div>
    </form>
  );
}
