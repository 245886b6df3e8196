// What the lab is about: its goal, what to do next, the check of what one has done, and
// the whole brief.
import { parseBrief } from "../../core/brief";
import { useLab } from "../../ui/pane";
import { useShell } from "../../ui/shell";
import { BriefBlock, Spans } from "./brief";
import { CheckPanel } from "./check";
import { Next } from "./next";
import css from "./scenario.module.css";

export function Scenario() {
  const l = useLab().lab.value;
  const about = useShell().scenarios.value.find((s) => s.name === l?.scenario);
  const blocks = parseBrief(l?.brief ?? "");
  const [first] = blocks;
  const title = first?.kind === "heading" ? first : undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and may have nothing else to focus
    <section class={css.scenario} data-focus="scenario" aria-label="About this lab" tabIndex={0}>
      <h2>{title === undefined ? (l?.title ?? "") : <Spans of={title.spans} />}</h2>
      {l !== undefined && l.goal !== "" && <p class="goal">{l.goal}</p>}
      <Next about={about} />
      {about?.checked === true && <CheckPanel name={about.name} />}
      {(title === undefined ? blocks : blocks.slice(1)).map((b, i) => (
        <BriefBlock key={i} block={b} />
      ))}
    </section>
  );
}
