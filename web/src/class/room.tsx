// A class: which of its pages is shown, and what leads to the others.
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Classroom } from "../session/class/classroom";
import { Refused } from "../ui/parts";
import type { Place, Tab } from "../ui/place";
import { RoomProvider, useRoom, useSchool } from "../ui/school";
import { Frame, type TabLink } from "./frame";
import { StudentLessons } from "./lessons/student";

/** What of a class has code of its own: who never looks at it never loads it. */
export interface RoomParts {
  readonly lessons: ComponentType;
  readonly roster: ComponentType;
  readonly book: ComponentType<{ readonly lesson: string }>;
  readonly wall: ComponentType;
  readonly settings: ComponentType;
}

const NAMES: { readonly [tab in Tab]: string } = {
  lessons: "Lessons",
  roster: "People",
  book: "Gradebook",
  wall: "Wall",
  settings: "Settings",
};

export function Room(props: {
  readonly room: Classroom;
  readonly place: Extract<Place, { kind: "class" | "lesson" | "watch" }>;
  readonly parts: RoomParts;
}) {
  return (
    <RoomProvider value={props.room}>
      <Inside place={props.place} parts={props.parts} />
    </RoomProvider>
  );
}

function Inside(props: {
  readonly place: Extract<Place, { kind: "class" | "lesson" | "watch" }>;
  readonly parts: RoomParts;
}) {
  const room = useRoom();
  const { people } = useSchool();
  const { place, parts } = props;
  useEffect(() => void room.lessons.load(), [room]);
  const about = room.about.value.value;
  const student = about?.role === "student";
  const tab: Tab = place.kind === "class" ? place.tab : "book";
  const lesson = place.kind === "lesson" ? place.lesson : "";
  const title = room.lessons.value.value?.find((l) => l.id === lesson)?.title;
  const tabs: readonly TabLink[] = (["lessons", "roster", "book", "wall", "settings"] as const)
    .filter((t) => t !== "settings" || about?.role === "teacher")
    .map((t) => ({
      place: { kind: "class", id: room.id, tab: t },
      name: NAMES[t],
      here: t === tab,
      count: t === "roster" ? (room.arrivals.value.value?.length ?? 0) : 0,
    }));
  const only = people.me.value?.class === room.id;
  const here = about === undefined ? "" : about.name + (about.term === "" ? "" : `, ${about.term}`);
  return (
    <Frame
      wide={tab !== "lessons" && tab !== "settings"}
      crumbs={[
        ...(only ? [] : [{ name: "Your classes", place: { kind: "classes" } as const }]),
        {
          name: here,
          ...(title === undefined ? {} : { place: { kind: "class", id: room.id, tab: "lessons" } as const }),
        },
        ...(title === undefined ? [] : [{ name: title }]),
      ]}
      {...(student ? {} : { tabs })}
    >
      <Refused error={room.about.error.value} again={() => void room.about.load()} />
      {about?.archived === true && <p class="told">This class is archived: it can be read, and nothing is changed.</p>}
      {student ? <StudentLessons /> : <Part tab={tab} lesson={lesson} parts={parts} />}
    </Frame>
  );
}

function Part(props: { readonly tab: Tab; readonly lesson: string; readonly parts: RoomParts }) {
  const { parts } = props;
  switch (props.tab) {
    case "lessons":
      return <parts.lessons />;
    case "roster":
      return <parts.roster />;
    case "book":
      return <parts.book lesson={props.lesson} />;
    case "wall":
      return <parts.wall />;
    case "settings":
      return <parts.settings />;
    default:
      return props.tab satisfies never;
  }
}
