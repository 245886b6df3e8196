// The bench of one lab: time bar, topology, time line, detail, drawer.
import type { Part } from "../session/selection";
import type { LabSession } from "../session/session";
import { LabProvider, NodePanesProvider } from "../ui/pane";
import { Banner } from "./banner";
import css from "./bench.module.css";
import { nodePanes, panes } from "./panes";

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
  if (lab.lab.value === undefined) {
    return (
      <div class={css.empty} role="status">
        {lab.connection.value.kind === "closed" ? "" : "Opening the lab…"}
      </div>
    );
  }
  return (
    <>
      <main class={css.main} data-part={lab.selection.part.value}>
        <div class={css.part} data-is="topology">
          <panes.topology.component />
        </div>
        <div class={css.right}>
          <div class={css.part} data-is="timeline">
            <panes.timeline.component />
          </div>
          <div class={css.part} data-is="detail">
            <Lower lab={lab} />
          </div>
        </div>
        <div class={css.part} data-is="drawer">
          <panes.drawer.component />
        </div>
      </main>
      <Parts lab={lab} />
    </>
  );
}

/** The parts, of which a narrow page shows one at a time. */
const PARTS: readonly (readonly [Part, string])[] = [
  ["topology", "topology"],
  ["timeline", "time line"],
  ["detail", "brief and detail"],
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

/** The selected row, or what the lab is about. */
function Lower(props: { readonly lab: LabSession }) {
  return props.lab.selection.row.value === undefined ? <panes.scenario.component /> : <panes.detail.component />;
}
