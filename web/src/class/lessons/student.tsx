// A student's lessons: what is due when, and where they are with it.
import { countdown, dueOf, locked, standing } from "../../core/class/lesson";
import { dateIn } from "../../core/class/when";
import type { Lesson } from "../../protocol/class/types";
import { Badge, Empty, Refused } from "../../ui/parts";
import { addressOf } from "../../ui/place";
import { useRoom } from "../../ui/school";
import { Head } from "../frame";
import css from "./lessons.module.css";

export function StudentLessons() {
  const room = useRoom();
  const all = room.lessons.value.value;
  const about = room.about.value.value;
  return (
    <>
      <Head title={about?.name ?? ""}>
        {about !== undefined && about.term !== "" && <p class="dim">{about.term}</p>}
      </Head>
      <Refused error={room.lessons.error.value} again={() => void room.lessons.load()} />
      {all?.length === 0 && (
        <Empty title="No lesson yet.">
          <p class="dim">Your teacher has published none. Come back to this page, it is the one to keep.</p>
        </Empty>
      )}
      <ol class={css.lessons}>
        {all?.map((l, i) => (
          <Row key={l.id} of={l} number={i + 1} />
        ))}
      </ol>
    </>
  );
}

function Row(props: { readonly of: Lesson; readonly number: number }) {
  const { of: l, number } = props;
  const room = useRoom();
  const now = room.clock.now.value;
  const is = standing(l, now);
  const left = countdown(l, now);
  const due = dueOf(l);
  const opens = l.opens > now;
  const begun = l.mine?.begun === true;
  const shut = locked(l, now);
  return (
    <li class="card" data-testid={`lesson-${l.scenario}`}>
      <div class={css.what}>
        <h2>
          <span class="dim">{number}</span> {l.title}
        </h2>
        {l.goal !== "" && <p class="dim">{l.goal}</p>}
        {l.mine !== undefined && l.mine.comment !== "" && (
          <p class={css.comment}>
            <span class="dim">Your teacher:</span> {l.mine.comment}
          </p>
        )}
      </div>
      <div class={css.state}>
        <Badge tone={is.tone}>{is.word}</Badge>
        {due > 0 && (
          <p>
            due <time datetime={new Date(due).toISOString()}>{dateIn(due, l.zone, now)}</time>{" "}
            {left.word !== "" && <Badge tone={left.tone}>{left.word}</Badge>}
          </p>
        )}
        {l.mine?.extended === true && <p class="dim">You have an extension.</p>}
        {opens && <p class="dim">opens {dateIn(l.opens, l.zone, now)}</p>}
      </div>
      <div class={css.go}>
        {opens ? (
          <span class="dim">not yet</span>
        ) : (
          <a
            class={`button ${begun || shut ? "" : "primary"}`}
            href={`#${addressOf({ kind: "lesson", id: room.id, lesson: l.id, bench: false })}`}
            data-testid={`open-${l.scenario}`}
            aria-label={`${shut ? "Look at it:" : begun ? "Continue" : "Begin"} ${l.title}`}
          >
            {shut ? "Look at it" : begun ? "Continue" : "Begin"}
          </a>
        )}
      </div>
    </li>
  );
}
