// Some buttons of which one is chosen, tabs or radio buttons, are one stop for the Tab key:
// arrow keys go from one to the next, and choose it.

/** onArrow is for the element around them. */
export function onArrow(e: KeyboardEvent): void {
  if (e.ctrlKey || e.altKey || e.metaKey || e.shiftKey) return;
  if (!(e.currentTarget instanceof HTMLElement)) return;
  const all = [...e.currentTarget.querySelectorAll<HTMLButtonElement>("[role=tab], [role=radio]")];
  const here = all.findIndex((b) => b.contains(e.target as Node));
  if (here < 0) return;
  const to = goesTo(e.key, here, all.length);
  if (to === undefined) return;
  all[to]?.focus();
  all[to]?.click();
  e.preventDefault();
  e.stopPropagation();
}

/** goesTo is where a key goes from one of so many; past the last comes the first. */
function goesTo(key: string, here: number, of: number): number | undefined {
  switch (key) {
    case "ArrowRight":
    case "ArrowDown":
      return (here + 1) % of;
    case "ArrowLeft":
    case "ArrowUp":
      return (here + of - 1) % of;
    case "Home":
      return 0;
    case "End":
      return of - 1;
    default:
      return undefined;
  }
}
