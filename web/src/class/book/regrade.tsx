// To grade all again: first a preview of whose points change and by how much, then, or never, for good.
import { useState } from "preact/hooks";
import { points } from "../../core/class/lesson";
import type { RegradeRow } from "../../protocol/class/types";
import type { LessonBook } from "../../session/class/lessonbook";
import { Dialog, Refused, TextField } from "../../ui/parts";
import { useActing } from "../../ui/school";
import css from "./book.module.css";

export function Regrading(props: { readonly book: LessonBook; readonly onClose: () => void }) {
  const { book } = props;
  const acting = useActing();
  const [reason, setReason] = useState("");
  const r = book.regrade.value;
  if (r === undefined) {
    return (
      <Dialog title="Regrade" onClose={props.onClose}>
        <form
          class="form"
          onSubmit={(e) => {
            e.preventDefault();
            void acting.run(() => book.again(reason.trim()));
          }}
        >
          <p>
            All counting hand-ins are graded again by the checks as they are now. You see whose points would change
            before anything does; points that a teacher gave stay.
          </p>
          <TextField
            label="Why"
            hint="It is kept with your name."
            value={reason}
            onInput={setReason}
            testid="regrade-reason"
            required
          />
          <Refused error={acting.error} />
          <div class="actions">
            <button type="submit" class="primary" disabled={acting.busy} data-testid="regrade-start">
              {acting.busy ? "starting…" : "Grade again, for a preview"}
            </button>
          </div>
        </form>
      </Dialog>
    );
  }
  return (
    <Dialog title="Regrade" onClose={props.onClose} wide>
      <p class="dim">
        {r.reason} <span>({r.by})</span>
      </p>
      {r.state === "running" && (
        <p role="status">
          <progress max={Math.max(1, r.of)} value={r.graded} aria-label="graded" /> {r.graded} of {r.of} graded
        </p>
      )}
      {r.state === "ready" && (
        <p role="status" data-testid="regrade-preview">
          <strong>
            {r.changes.length === 0 ? "Nobody's points change" : `${r.changes.length} would change`}, {r.same} stay as
            they are. Nothing is changed yet.
          </strong>
        </p>
      )}
      {r.state === "applied" && (
        <p role="status" data-testid="regrade-applied">
          <strong>Applied: {r.changes.length} have other points now.</strong>
        </p>
      )}
      {r.changes.length > 0 && (
        <div class={`tablebox ${css.changes}`}>
          <table class="data">
            <thead>
              <tr>
                <th scope="col">student</th>
                <th scope="col" class="num">
                  from
                </th>
                <th scope="col" class="num">
                  to
                </th>
                <th scope="col" class="num">
                  by
                </th>
                <th scope="col">
                  <span class="away">remark</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {r.changes.map((c) => (
                <Change key={c.person} of={c} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Refused error={acting.error} />
      <div class={`actions ${css.decide}`}>
        {r.state === "ready" && r.changes.length > 0 && (
          <button
            type="button"
            class="primary"
            disabled={acting.busy}
            onClick={() => void acting.run(() => book.apply())}
            data-testid="regrade-apply"
          >
            {acting.busy ? "applying…" : `Apply ${r.changes.length} changes`}
          </button>
        )}
        <button type="button" onClick={props.onClose} data-testid="regrade-close">
          {r.state === "ready" && r.changes.length > 0 ? "Change nothing" : "Close"}
        </button>
      </div>
    </Dialog>
  );
}

function Change(props: { readonly of: RegradeRow }) {
  const { of: c } = props;
  const by = (c.to ?? 0) - (c.from ?? 0);
  const said = (n: number | undefined): string => (n === undefined ? "–" : points(n));
  return (
    <tr>
      <th scope="row">{c.name}</th>
      <td class="num">{said(c.from)}</td>
      <td class="num">{said(c.to)}</td>
      <td class={`num ${by < 0 ? "bad" : ""}`}>
        {by > 0 ? "+" : by < 0 ? "−" : ""}
        {points(Math.abs(by))}
      </td>
      <td class="dim">{c.why}</td>
    </tr>
  );
}
