// The benches that the page shows, with what their class has to say above them.
import { useEffect } from "preact/hooks";
import { WatchBar } from "../class/work/watch";
import { WorkBar } from "../class/work/work";
import type { LabSession } from "../session/session";
import css from "./app.module.css";
import { Bench } from "./bench";
import type { As, Page } from "./page";

export function Benches(props: {
  readonly page: Page;
  readonly labs: readonly LabSession[];
  readonly as: As | undefined;
}) {
  const { page, labs, as } = props;
  const [lab] = labs;
  return (
    <div class={css.benches}>
      {as?.kind === "work" && lab !== undefined && (
        <>
          <WorkBar work={as.work} lab={lab} startOver={(work) => page.startOver(work)} />
          <Given lab={lab} as={as} />
        </>
      )}
      {as?.kind === "watch" && lab !== undefined && <WatchBar room={as.room} lab={lab} />}
      {labs.map((l) => (
        <Bench key={l.id} lab={l} again={() => page.again()} />
      ))}
    </div>
  );
}

/** Given tells the work on a lesson that another program is in a slot. */
function Given(props: { readonly lab: LabSession; readonly as: Extract<As, { kind: "work" }> }) {
  const n = props.lab.programs.given.value;
  useEffect(() => {
    if (n > 0) props.as.work.given();
  }, [n]);
  return null;
}
