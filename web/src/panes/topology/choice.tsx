// What can be chosen in the drawing, by mouse and by keys.
import type { ComponentChildren } from "preact";

export function Choice(props: {
  readonly label: string;
  readonly class: string;
  readonly on: boolean;
  readonly lit: boolean;
  readonly choose: () => void;
  readonly children: ComponentChildren;
  /** Keys that go to the pane go here. */
  readonly focus?: string;
}) {
  return (
    <g
      role="button"
      data-focus={props.focus}
      // In SVG attributes keep their case: "tabIndex" would not be focusable.
      tabindex={0}
      aria-label={props.label}
      aria-pressed={props.on}
      class={`${props.class}${props.on ? " on" : ""}${props.lit ? " lit" : ""}`}
      onClick={props.choose}
      onKeyDown={(e: KeyboardEvent) => {
        if (e.key !== "Enter" && e.key !== " ") return;
        e.preventDefault();
        props.choose();
      }}
    >
      {props.children}
    </g>
  );
}
