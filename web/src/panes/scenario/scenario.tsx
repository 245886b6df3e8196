// What the lab is about: its goal, what to do next, the check of what one has done, and
// the whole brief.
import { type Block, parseBrief } from "../../core/brief";
import { useLab } from "../../ui/pane";
import { useShell } from "../../ui/shell";
import { BriefBlock, Spans } from "./brief";
import { CheckPanel } from "./check";
import { Next } from "./next";
import css from "./scenario.module.css";

export function Scenario() {
  const l = useLab().lab.value;
  const about = useShell().scenarios.value.find((s) => s.name === l?.scenario);
  const { title, goal, rest } = parted(parseBrief(l?.brief ?? ""));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and may have nothing else to focus
    <section class={css.scenario} data-focus="scenario" aria-label="About this lab" tabIndex={0}>
      <h2>{title === undefined ? (l?.title ?? "") : <Spans of={title.spans} />}</h2>
      {goal !== undefined && (
        <p class="goal">
          <Spans of={goal.spans} />
        </p>
      )}
      <Next about={about} />
      {about?.checked === true && <CheckPanel name={about.name} />}
      {rest.map((b, i) => (
        <BriefBlock key={i} block={b} />
      ))}
    </section>
  );
}

/** parted is a brief's title, its first paragraph, and what follows. */
function parted(blocks: readonly Block[]) {
  const [first, ...others] = blocks;
  const title = first?.kind === "heading" ? first : undefined;
  const body = title === undefined ? blocks : others;
  const [lead, ...rest] = body;
  const goal = lead?.kind === "paragraph" ? lead : undefined;
  return { title, goal, rest: goal === undefined ? body : rest };
}
