// A part of the page that is loaded when it is wanted first.
import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

/** lazy is a component whose code comes later; what it shows until then, unless it is a silent one, is a line. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, silent = false): ComponentType<P> {
  const loaded: { part?: ComponentType<P> } = {};
  return function Lazy(props: P): VNode | null {
    const [, again] = useState(0);
    const [wrong, setWrong] = useState(false);
    useEffect(() => {
      if (loaded.part !== undefined) return;
      load().then(
        (part) => {
          loaded.part = part;
          again((n) => n + 1);
        },
        () => setWrong(true),
      );
    }, []);
    const Part = loaded.part;
    if (Part !== undefined) return <Part {...props} />;
    if (silent) return null;
    if (!wrong) return <p class="pad dim">Loading…</p>;
    return (
      <div class="pad" role="alert">
        <p>
          This part of the page could not be loaded: the server can't be reached, or it has a newer version than the
          page.
        </p>
        <button type="button" onClick={() => location.reload()}>
          load the page again
        </button>
      </div>
    );
  };
}
