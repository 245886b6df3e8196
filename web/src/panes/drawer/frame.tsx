// The drawer of a thing that has no views: a title, and what is said below it.
import css from "./drawer.module.css";

export function Frame(props: { readonly title: string; readonly children?: preact.ComponentChildren }) {
  return (
    <section class={css.drawer} aria-label="Selected thing">
      <div class="bar">
        <h2>{props.title}</h2>
      </div>
      <div class="body scroll pad">{props.children}</div>
    </section>
  );
}
