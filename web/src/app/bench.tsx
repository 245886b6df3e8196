// The bench of one lab: time bar, topology, time line, detail, drawer.
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
    <main class={css.main}>
      <panes.topology.component />
      <div class={css.right}>
        <panes.timeline.component />
        <Lower lab={lab} />
      </div>
      <panes.drawer.component />
    </main>
  );
}

/** The selected row, or what the lab is about. */
function Lower(props: { readonly lab: LabSession }) {
  return props.lab.selection.row.value === undefined ? <panes.scenario.component /> : <panes.detail.component />;
}
