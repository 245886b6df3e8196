// The check of one's work: a button, and what it found, one check a line.
import { type Check, outcome, passedAll } from "../../core/checks";
import { useLab } from "../../ui/pane";
import { useShell } from "../../ui/shell";

export function CheckPanel(props: { readonly name: string }) {
  const lab = useLab();
  const shell = useShell();
  const s = lab.checks.state.value;
  const check = async (): Promise<void> => {
    const found = await lab.checks.run();
    if (found !== undefined) shell.remember(props.name, found);
  };
  return (
    <div class="checkpanel">
      <h3>Check</h3>
      <p>
        <button
          type="button"
          disabled={s.kind === "busy"}
          title="Grades what is in the slots, in a lab of its own: this one goes on"
          onClick={() => void check()}
          data-testid="check"
        >
          {s.kind === "busy" ? "checking…" : "check my work"}
        </button>
      </p>
      <div role="status" data-testid="checked">
        {s.kind === "failed" && <p class="bad">{s.error}</p>}
        {s.kind === "done" && (
          <p class={passedAll(s.found) ? "good" : ""}>
            <strong>{outcome(s.found)}</strong>
          </p>
        )}
      </div>
      {s.kind === "done" && (
        <>
          <ul class="checks" aria-label="What was checked">
            {s.found.checks.map((c) => (
              <One key={c.id} check={c} />
            ))}
          </ul>
          {s.found.notes.length > 0 && (
            <ul class="dim">
              {s.found.notes.map((n, i) => (
                <li key={i}>{n}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </div>
  );
}

const WORDS = { passed: "passed", failed: "not passed", skipped: "not tried", error: "could not be made" } as const;
const MARKS = { passed: "✓", failed: "✗", skipped: "–", error: "✗" } as const;

function One(props: { readonly check: Check }) {
  const c = props.check;
  return (
    <li class={c.status} data-testid={`check-${c.id}`}>
      <details>
        <summary>
          <span class="mark" aria-hidden="true">
            {MARKS[c.status]}
          </span>
          <span class="is">
            {c.title}
            <span class="dim">
              {" "}
              {WORDS[c.status]}
              {c.points > 0 && `, ${c.earned} of ${c.points} ${c.points === 1 ? "point" : "points"}`}
            </span>
          </span>
        </summary>
        <dl>
          {c.why !== "" && <Fact name="why" value={c.why} />}
          {c.status !== "passed" && c.hint !== "" && <Fact name="hint" value={c.hint} />}
          {c.expected !== "" && <Fact name="expected" value={c.expected} />}
          {c.actual !== "" && <Fact name="came" value={c.actual} />}
        </dl>
        {c.diff.length > 0 && <Diff of={c} />}
        {c.log.length > 0 && (
          <>
            <p class="dim">What happened meanwhile:</p>
            <pre class="code">{c.log.join("\n")}</pre>
          </>
        )}
      </details>
    </li>
  );
}

function Fact(props: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </>
  );
}

/** Diff is the expectation beside the frame that came nearest, field by field. */
function Diff(props: { readonly of: Check }) {
  return (
    <table class="list diff">
      <caption>The frame that came nearest</caption>
      <thead>
        <tr>
          <th scope="col">field</th>
          <th scope="col">expected</th>
          <th scope="col">came</th>
        </tr>
      </thead>
      <tbody>
        {props.of.diff.map((d) => (
          <tr key={d.field} class={d.same ? "dim" : ""}>
            <th scope="row">{d.field}</th>
            <td>{d.want}</td>
            <td class={d.same ? "" : "bad"}>{d.got}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
