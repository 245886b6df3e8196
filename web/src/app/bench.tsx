// The bench of one lab: the time bar; at the left what the lab is about; above topology and
// time line, below what is selected: the thing, and the row. The borders between them can be moved.
import type { Part } from "../session/selection";
import type { LabSession } from "../session/session";
import { LabProvider, NodePanesProvider } from "../ui/pane";
import { useShell } from "../ui/shell";
import { Banner } from "./banner";
import css from "./bench.module.css";
import { nodePanes, panes } from "./panes";
import { Splitter } from "./splitter";

export function Bench(props: { readonly lab: LabSession; readonly again: () => void }) {
  const { lab } = props;
  return (
    <LabProvider value={lab}>
      <NodePanesProvider value={nodePanes}>
        <div class={css.bench} data-lab={lab.id}>
          <panes.timebar.component />
          <Banner again={props.again} />
          <Main lab={lab} />
        </div>
      </NodePanesProvider>
    </LabProvider>
  );
}

function Main(props: { readonly lab: LabSession }) {
  const { lab } = props;
  const l = useShell().layout.value;
  if (lab.lab.value === undefined) {
    return (
      <main class={css.empty}>
        <p role="status">{lab.connection.value.kind === "closed" ? "" : "Opening the lab…"}</p>
      </main>
    );
  }
  const shares = {
    "--scenario": `${l.scenario}fr`,
    "--rest": `${1 - l.scenario}fr`,
    "--topology": `${l.topology}fr`,
    "--timeline": `${1 - l.topology}fr`,
    "--upper": `${l.upper}fr`,
    "--lower": `${1 - l.upper}fr`,
    "--drawer": `${l.drawer}fr`,
    "--detail": `${1 - l.drawer}fr`,
  };
  return (
    <>
      <main class={css.main} data-part={lab.selection.part.value} style={shares}>
        <div class={css.part} data-is="scenario">
          <panes.scenario.component />
        </div>
        <Splitter split="scenario" label="border behind the brief" />
        <div class={css.rest}>
          <div class={css.upper}>
            <div class={css.part} data-is="topology">
              <panes.topology.component />
            </div>
            <Splitter split="topology" label="border behind the topology" />
            <div class={css.part} data-is="timeline">
              <panes.timeline.component />
            </div>
          </div>
          <Splitter split="upper" lying label="border below the time line" />
          <div class={css.lower}>
            <div class={css.part} data-is="drawer">
              <panes.drawer.component />
            </div>
            <Splitter split="drawer" label="border behind the console" />
            <div class={css.part} data-is="detail">
              <panes.detail.component />
            </div>
          </div>
        </div>
      </main>
      <Parts lab={lab} />
    </>
  );
}

/** The parts, of which a narrow page shows one at a time. */
const PARTS: readonly (readonly [Part, string])[] = [
  ["scenario", "brief"],
  ["topology", "topology"],
  ["timeline", "time line"],
  ["detail", "detail"],
  ["drawer", "console"],
];

function Parts(props: { readonly lab: LabSession }) {
  const { part } = props.lab.selection;
  return (
    <nav class={css.parts} aria-label="Parts of the bench">
      {PARTS.map(([is, name]) => (
        <button
          key={is}
          type="button"
          aria-pressed={part.value === is}
          data-testid={`part-${is}`}
          onClick={() => {
            part.value = is;
          }}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
