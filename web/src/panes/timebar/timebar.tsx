import { useState } from "preact/hooks";
import type { Connection } from "../../core/connection";
import { grouped, seconds, span } from "../../core/format";
import { useLab } from "../../ui/pane";
import { onArrow } from "../../ui/roving";
import { useShell } from "../../ui/shell";
import { Capture } from "./capture";
import { Doors } from "./doors";
import { RATES } from "./rates";
import css from "./timebar.module.css";

/** Lag that a person would notice. */
const BEHIND = 100e6;

/** The time bar: always there. */
export function TimeBar() {
  const lab = useLab();
  const shell = useShell();
  const about = lab.lab.value;
  const status = lab.status.value;
  const connection = lab.connection.value;
  const off = !lab.live.value || status === undefined || status.ended || lab.people.value?.may === "watch";
  const gone = connection.kind === "closed" && connection.gone;
  return (
    <header class={css.timebar}>
      <h1>
        <button
          type="button"
          class="plain"
          title="All lessons and labs; this lab goes on at its address, where Back leads"
          onClick={() => shell.home()}
          data-testid="home"
        >
          Wireloom
        </button>{" "}
        <span class="dim">/</span>
      </h1>
      {shell.ofClass.value ? (
        <span>{about?.title ?? ""}</span>
      ) : (
        <Picker key={about?.id} now={about?.scenario ?? ""} title={about?.title ?? ""} />
      )}
      <div class="group" role="group" aria-label="Time">
        <button
          type="button"
          disabled={off}
          onClick={() => void lab.step()}
          title="One event, then pause (.)"
          data-testid="step"
        >
          step
        </button>
        <button
          type="button"
          disabled={off}
          onClick={() => lab.togglePause()}
          title="Space"
          data-testid="pause"
          class="steady"
        >
          {status?.paused === true ? "run" : "pause"}
        </button>
      </div>
      <div class="group seg" role="radiogroup" aria-label="Speed" onKeyDown={onArrow}>
        {RATES.map((r, i) => (
          <button
            key={r.label}
            type="button"
            role="radio"
            tabIndex={(status === undefined ? i === 0 : status.rate === r.rate) ? 0 : -1}
            aria-checked={status?.rate === r.rate}
            aria-label={`${r.label}: ${r.name}`}
            title={r.name}
            disabled={off}
            data-testid={`rate-${r.label}`}
            onClick={() => void lab.send({ op: "rate", rate: r.rate })}
          >
            {r.label}
          </button>
        ))}
      </div>
      <div class="clock" title="Virtual time since the lab began">
        <span class="dim">t =</span> <span data-testid="clock">{seconds(lab.state.value.at)}</span> s
        <span class="dim small"> virtual</span>
      </div>
      {status?.ended === true && (
        <span class="tag warn" title={status.why} data-testid="ended">
          ended: {status.why.split(". ")[0]}
        </span>
      )}
      {status?.paused === true && !status.ended && (
        <span class="tag" title="What the lab has done so far, event by event" data-testid="steps">
          paused after step {grouped(status.steps)}
        </span>
      )}
      {status !== undefined && !status.paused && status.lag > BEHIND && (
        <span
          class="tag warn"
          title="This machine cannot keep up with the speed chosen; the lab is only slower, not different"
        >
          {span(status.lag)} behind
        </span>
      )}
      <span class="grow" />
      {status !== undefined && status.viewers > 1 && <span class="dim small">{status.viewers} viewers</span>}
      <span class={`conn ${connection.kind}`} data-testid="connection">
        {connectionName(connection)}
      </span>
      {status !== undefined && status.doors.length > 0 && <Doors doors={status.doors} />}
      {status?.capture !== undefined && (
        <span
          class="tag warn"
          data-testid="missing"
          title={
            status.capture.why === ""
              ? "The server's disk took no more for a while; the capture says where they are missing"
              : status.capture.why
          }
        >
          {status.capture.missing} frames not in the capture
        </span>
      )}
      <div class="group">
        <Download
          href={shell.fileUrl(lab.id, "capture.pcapng")}
          off={gone}
          label="capture"
          title="Download every frame so far as pcapng, for Wireshark"
        />
        {!gone && <Capture />}
        <Download
          href={shell.fileUrl(lab.id, "recording")}
          off={gone}
          label="recording"
          title="Download the recording: labserver replay runs it again"
        />
        <button type="button" aria-label="keys" title="Keys (?)" onClick={() => shell.showKeys()}>
          ?
        </button>
      </div>
    </header>
  );
}

/** Which lab this is. Another may be chosen, also by keys that go through the list: it is started by the button. */
function Picker(props: { readonly now: string; readonly title: string }) {
  const { now, title } = props;
  const shell = useShell();
  const [chosen, setChosen] = useState(now);
  const all = shell.scenarios.value;
  const here = { name: now, title: title || now, course: 0 };
  const list: readonly Pick<(typeof all)[number], "name" | "title" | "course">[] = all.some((x) => x.name === now)
    ? all
    : [here, ...all];
  const course = list.filter((x) => x.course > 0);
  const others = list.filter((x) => x.course === 0);
  const option = (x: (typeof list)[number]) => (
    <option key={x.name} value={x.name}>
      {x.course > 0 ? `${x.course}  ${x.title}` : x.title}
    </option>
  );
  return (
    <div class="group picker">
      <select
        aria-label="lab"
        value={chosen}
        title="The labs: those of the course in their order, then samples"
        data-testid="scenario"
        onChange={(e) => setChosen(e.currentTarget.value)}
      >
        {course.length > 0 && <optgroup label="Course">{course.map(option)}</optgroup>}
        {others.length > 0 && <optgroup label="Samples">{others.map(option)}</optgroup>}
      </select>
      {chosen === now ? (
        <button
          type="button"
          class="again"
          title="Start this lab anew; the one that is shown goes on at its address, where Back leads"
          onClick={() => shell.start(now)}
          data-testid="again"
        >
          start over
        </button>
      ) : (
        <button
          type="button"
          class="primary"
          title="Start this lab; the one that is shown goes on at its address, where Back leads"
          onClick={() => shell.start(chosen)}
          data-testid="start-lab"
        >
          start
        </button>
      )}
    </div>
  );
}

function Download(props: {
  readonly href: string;
  readonly off: boolean;
  readonly label: string;
  readonly title: string;
}) {
  if (props.off) {
    return (
      <button type="button" disabled title="The lab is gone, and this with it">
        {props.label}
      </button>
    );
  }
  return (
    <a class="button" href={props.href} download title={props.title} data-testid={props.label}>
      {props.label}
    </a>
  );
}

function connectionName(c: Connection): string {
  return c.kind === "connecting" ? "connecting…" : c.kind === "reconnecting" ? "reconnecting…" : c.kind;
}
