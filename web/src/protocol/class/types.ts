// Made from internal/protocol/class by internal/typescript. Change that, then run make protocol.

/** QueuePlace is where somebody is in the queue for a lab: GET /api/queue/{ticket}?place=, which is answered when the place is another one, or after 25 s. Who is ready asks again for what was refused, with the ticket in the header Wireloom-Ticket. */
export interface QueuePlace {
  readonly ticket: string;
  /** from 1 */
  readonly place: number;
  /** for which they will probably wait */
  readonly seconds: number;
  readonly ready: boolean;
}

/** AdminStatus is the server in figures: GET /api/admin/status. */
export interface AdminStatus {
  readonly version: string;
  /** Go, SQLite, … */
  readonly versions: readonly NamedText[];
  readonly now: number;
  readonly started: number;
  readonly people: number;
  readonly classes: readonly AdminClass[];
  readonly labs: LabCounts;
  /** in the queue for a lab */
  readonly waiting: number;
  readonly grading: GradingCounts;
  readonly outbox: OutboxCounts;
  /** by why */
  readonly refused: readonly NamedCount[];
  readonly disk: Disk;
  /** bytes that the server uses */
  readonly memory: number;
  readonly anonymous: Anonymous;
  /** deployments that wait for an operator */
  readonly pending: number;
}

/** A NamedCount is how often something was. */
export interface NamedCount {
  readonly name: string;
  readonly count: number;
}

/** A NamedText is what something is. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** An AdminClass is a class in figures. */
export interface AdminClass {
  readonly id: string;
  readonly name: string;
  readonly term: string;
  readonly people: number;
  /** live */
  readonly labs: number;
  readonly handins: number;
  readonly archived: boolean;
}

/** LabCounts is how many labs there are. */
export interface LabCounts {
  readonly live: number;
  readonly max: number;
  /** of those that are live */
  readonly visitors: number;
  readonly parked: number;
  readonly quarantined: number;
}

/** GradingCounts is how much is graded. */
export interface GradingCounts {
  readonly queued: number;
  readonly running: number;
  readonly failed: number;
}

/** OutboxCounts is how many scores are on their way. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly refused: number;
}

/** Disk is the data folder and what is free beside it, in bytes. */
export interface Disk {
  readonly database: number;
  readonly blobs: number;
  readonly labs: number;
  readonly free: number;
  readonly total: number;
}

/** Anonymous is whether visitors may have labs. */
export interface Anonymous {
  readonly on: boolean;
  /** as visitors are told */
  readonly why: string;
  readonly by: string;
  readonly at: number;
}

/** AnonymousAsk turns visitors' labs on or off: POST /api/admin/anonymous. */
export interface AnonymousAsk {
  readonly on: boolean;
  readonly why?: string | undefined;
}

/** LabState is what has become of a lab. */
export type LabState = "live" | "parked" | "quarantined";

/** AdminLabs are the labs that there are: GET /api/admin/labs. */
export interface AdminLabs {
  readonly labs: readonly AdminLab[];
  /** than are listed */
  readonly more: boolean;
}

/** An AdminLab is one. */
export interface AdminLab {
  readonly id: string;
  readonly state: LabState;
  /** it is quarantined */
  readonly why: string;
  /** a name; "" a visitor's */
  readonly person: string;
  /** a name */
  readonly class: string;
  readonly scenario: string;
  readonly created: number;
  readonly used: number;
  /** bytes on the disk */
  readonly size: number;
}

/** Audit is who did what, newest first: GET /api/admin/audit?before=. */
export interface Audit {
  readonly rows: readonly AuditRow[];
  /** what to ask before the next time; "" at the end */
  readonly next: string;
}

/** An AuditRow is an act. */
export interface AuditRow {
  readonly id: string;
  readonly at: number;
  /** its id, as the log has it */
  readonly request: string;
  /** a name */
  readonly who: string;
  /** a name */
  readonly class: string;
  readonly what: string;
  readonly about: string;
  readonly detail: string;
}

/** Refusal is what every answer of 400 and above has: a sentence for the person. */
export interface Refusal {
  readonly error: string;
  /** what would help: "word" the return word, "teacher" to be let in */
  readonly want: string;
  /** the page waits there, and begins by itself */
  readonly queue: QueuePlace | undefined;
}

/** Classes are those of who asks; an operator's are all: GET /api/classes. */
export interface Classes {
  readonly classes: readonly Class[];
}

/** A Class is GET /api/classes/{class}. */
export interface Class {
  readonly id: string;
  readonly name: string;
  readonly term: string;
  /** of its dates: "Europe/Vienna" */
  readonly zone: string;
  /** of who asks */
  readonly role: Role;
  /** to join by; staff see it */
  readonly code: string;
  /** who has the code is let in, also who isn't on the list */
  readonly open: boolean;
  readonly archived: boolean;
  /** when its people's work goes */
  readonly retention: number;
  readonly created: number;
  readonly version: number;
  /** that are active; staff see it */
  readonly students: number;
  /** a course of a learning platform belongs to it */
  readonly linked: boolean;
}

/** ClassAsk makes a class: POST /api/classes. */
export interface ClassAsk {
  readonly name: string;
  readonly term?: string | undefined;
  readonly zone: string;
}

/** ClassChange changes what it has of a class: PATCH /api/classes/{class}. */
export interface ClassChange {
  readonly name?: string | undefined;
  readonly term?: string | undefined;
  readonly zone?: string | undefined;
  readonly open?: boolean | undefined;
  readonly archived?: boolean | undefined;
  readonly retention?: number | undefined;
  readonly version: number;
}

/** CopyAsk copies a class's lessons, and none of its people: POST /api/classes/{class}/copy. */
export interface CopyAsk {
  readonly name: string;
  readonly term?: string | undefined;
  /** by which dates move */
  readonly weeks: number;
}

/** CodeAsk makes a new join code: POST /api/classes/{class}/code. The old one is no more. */
export interface CodeAsk {
  readonly version: number;
}

/** Roster is GET /api/classes/{class}/roster. */
export interface Roster {
  readonly people: readonly Member[];
}

/** A Member is somebody of a class. */
export interface Member {
  readonly person: string;
  readonly name: string;
  readonly role: Role;
  readonly section: string;
  readonly sis: string;
  readonly login: string;
  readonly email: string;
  /** who was dropped is not, and keeps their work */
  readonly active: boolean;
  readonly joined: number;
  readonly changed: number;
  /** when they last signed in; 0 never */
  readonly seen: number;
}

/** RosterDiff is what a file would change: POST …/roster/preview. Nothing is changed yet. */
export interface RosterDiff {
  /** to apply it by */
  readonly preview: string;
  /** how the file was read, in a sentence */
  readonly read: string;
  readonly added: readonly Member[];
  /** who were dropped once */
  readonly back: readonly Member[];
  readonly changed: readonly RosterChange[];
  /** who the file doesn't have */
  readonly dropped: readonly Member[];
  readonly same: number;
  /** lines that are left out */
  readonly wrong: readonly RosterLine[];
}

/** A RosterChange is a member whose row says something else. */
export interface RosterChange {
  readonly person: string;
  readonly name: string;
  /** "section" */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** A RosterLine is a line of a file that can't be used. */
export interface RosterLine {
  readonly line: number;
  readonly why: string;
}

/** ApplyAsk applies a preview: POST …/roster/apply, which answers with the Roster. */
export interface ApplyAsk {
  readonly preview: string;
  /** also drop who the file doesn't have */
  readonly drop?: boolean | undefined;
}

/** MemberAsk adds somebody: POST …/members, which answers with the Member. */
export interface MemberAsk {
  readonly name: string;
  readonly email?: string | undefined;
  readonly section?: string | undefined;
  readonly role: Role;
}

/** MemberChange changes what it has of a member: PATCH …/members/{person}. */
export interface MemberChange {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly section?: string | undefined;
  readonly role?: Role | undefined;
  readonly active?: boolean | undefined;
}

/** OneTimeCode lets a member in once: POST …/members/{person}/code. */
export interface OneTimeCode {
  readonly code: string;
  readonly expires: number;
}

/** Counts is which hand-in of a lesson counts. */
export type Counts = "best" | "last";

/** Lessons are those of a class in their order; a student's are the published ones. */
export interface Lessons {
  readonly lessons: readonly Lesson[];
  /** the server's clock: dates are counted down by it */
  readonly now: number;
}

/** A Lesson is a scenario with dates. */
export interface Lesson {
  readonly id: string;
  readonly class: string;
  readonly position: number;
  readonly title: string;
  /** its name */
  readonly scenario: string;
  /** the version of the scenario */
  readonly hash: string;
  readonly goal: string;
  /** that its visible checks are worth, and for staff all */
  readonly points: number;
  readonly opens: number;
  readonly due: number;
  /** from when on nothing is taken */
  readonly locks: number;
  readonly zone: string;
  readonly counts: Counts;
  readonly published: boolean;
  readonly version: number;
  /** of the student who asks */
  readonly mine: MyLesson | undefined;
  /** how many people have handed in; staff see it */
  readonly handed: number;
  /** staff see them */
  readonly extensions: readonly Extension[];
}

/** MyLesson is where a student is with a lesson. */
export interface MyLesson {
  /** there is a bench */
  readonly begun: boolean;
  /** the bench's */
  readonly lab: string;
  /** with the extension */
  readonly due: number;
  readonly locks: number;
  readonly extended: boolean;
  readonly handins: number;
  /** when the counting hand-in came */
  readonly handed: number;
  /** it came late */
  readonly late: boolean;
  /** one is being graded */
  readonly grading: boolean;
  /** what counts so far */
  readonly points: number | undefined;
  readonly excused: boolean;
  /** a teacher's */
  readonly comment: string;
}

/** LessonAsk makes a lesson: POST /api/classes/{class}/lessons. It comes last. */
export interface LessonAsk {
  /** a built-in one's name, or the hash of an uploaded one */
  readonly scenario: string;
  readonly title?: string | undefined;
  readonly opens?: number | undefined;
  readonly due?: number | undefined;
  readonly locks?: number | undefined;
  readonly counts?: Counts | undefined;
  readonly published?: boolean | undefined;
}

/** LessonChange changes what it has of a lesson: PATCH /api/lessons/{lesson}. A date of 0 is none. */
export interface LessonChange {
  readonly title?: string | undefined;
  readonly scenario?: string | undefined;
  /** from 1; the others make room */
  readonly position?: number | undefined;
  readonly opens?: number | undefined;
  readonly due?: number | undefined;
  readonly locks?: number | undefined;
  readonly counts?: Counts | undefined;
  readonly published?: boolean | undefined;
  readonly version: number;
}

/** An Extension is a later date for somebody. */
export interface Extension {
  /** a person's id, or section:NAME */
  readonly who: string;
  /** of whom it is */
  readonly name: string;
  readonly due: number;
  readonly locks: number;
  /** the name of who gave it */
  readonly by: string;
  readonly at: number;
}

/** ExtensionAsk gives one: PUT /api/lessons/{lesson}/extensions/{who}. */
export interface ExtensionAsk {
  readonly due: number;
  readonly locks?: number | undefined;
}

/** Scenarios are what a lesson of a class can be made of: GET /api/classes/{class}/scenarios. */
export interface Scenarios {
  readonly scenarios: readonly Scenario[];
}

/** A Scenario is one of them. An upload is answered with it. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** of an uploaded one */
  readonly hash: string;
  readonly builtin: boolean;
  /** its position in the course, from 1 */
  readonly course: number;
  readonly goal: string;
  readonly points: number;
  readonly created: number;
}

/** Bench is a student's own lab of a lesson: POST /api/lessons/{lesson}/bench, and …/bench/over. */
export interface Bench {
  readonly lab: string;
}

/** A Role is what somebody is in a class. */
export type Role = "student" | "assistant" | "teacher";

/** Me is who asks: GET /api/me. A visitor has no person. */
export interface Me {
  readonly signed_in: boolean;
  readonly person: string;
  readonly name: string;
  readonly operator: boolean;
  /** may make classes */
  readonly creates: boolean;
  /** in a frame of a learning platform */
  readonly framed: boolean;
  /** the one class that this session is for; "" for all */
  readonly class: string;
  /** to sign in */
  readonly ways: readonly Way[];
}

/** A Way is one to sign in: a campus login's button goes to its address, which is relative to the page's. */
export interface Way {
  readonly kind: IdentityKind;
  readonly name: string;
  readonly href: string;
}

/** IdentityKind is a way to sign in. */
export type IdentityKind = "name" | "oidc" | "lti" | "operator" | "code";

/** JoinAsk joins a class by its code: POST /api/join. Who comes back from another browser also says the word that they were given. */
export interface JoinAsk {
  readonly code: string;
  readonly name: string;
  readonly secret?: string | undefined;
}

/** Welcome says who is signed in now, after a join or by a code: POST /api/signin. */
export interface Welcome {
  readonly person: string;
  /** as the roster has it */
  readonly name: string;
  readonly operator: boolean;
  readonly class: string;
  /** to come back with, said once; "" who had one */
  readonly word: string;
}

/** SignInAsk signs in by an operator's token or a one-time code. */
export interface SignInAsk {
  readonly token: string;
}

/** SignOutAsk signs out: POST /api/signout. */
export interface SignOutAsk {
  readonly everywhere?: boolean | undefined;
}

/** TicketAsk asks for a way into a new window: POST /api/ticket. */
export interface TicketAsk {
  /** an address on this site */
  readonly to?: string | undefined;
}

/** Ticket is good for one use, for a minute. */
export interface Ticket {
  /** relative to the page's */
  readonly href: string;
}

/** Identities are the ways in which somebody has signed in: GET /api/me/identities. */
export interface Identities {
  readonly identities: readonly Identity[];
}

/** An Identity is one of them. */
export interface Identity {
  readonly id: string;
  readonly kind: IdentityKind;
  /** who vouches: a class's name, a campus login, a platform */
  readonly issuer: string;
  readonly name: string;
  readonly email: string;
  readonly created: number;
  readonly seen: number;
  /** this session's */
  readonly this: boolean;
}

/** MergeAsk joins who asks with who has this one-time code: POST /api/me/identities/merge. */
export interface MergeAsk {
  readonly code: string;
}

/** Arrivals are names that asked to be let in: GET /api/classes/{class}/arrivals. Who adds such a member lets them in. */
export interface Arrivals {
  readonly arrivals: readonly Arrival[];
}

/** An Arrival is one. */
export interface Arrival {
  readonly id: string;
  readonly name: string;
  readonly at: number;
}

/** SyncState is where a score is on its way to a learning platform. */
export type SyncState = "sent" | "waiting" | "refused" | "none" | "excused" | "nowhere";

/** Sync is where a lesson's scores are: GET /api/lessons/{lesson}/sync. */
export interface Sync {
  /** a platform is there to send to */
  readonly linked: boolean;
  readonly rows: readonly SyncRow[];
}

/** A SyncRow is a student's score on its way to one platform. */
export interface SyncRow {
  readonly person: string;
  readonly name: string;
  /** its name */
  readonly platform: string;
  readonly state: SyncState;
  readonly points: number | undefined;
  readonly max: number;
  /** when it was */
  readonly sent: number;
  /** when it is tried again */
  readonly next: number;
  /** the platform's */
  readonly words: string;
  /** what would help */
  readonly todo: string;
}

/** SyncAsk sends again: POST /api/lessons/{lesson}/sync. No person: all. */
export interface SyncAsk {
  readonly person?: string | undefined;
}

/** Platforms are the learning platforms that may launch: GET /api/admin/platforms. */
export interface Platforms {
  readonly platforms: readonly Platform[];
  readonly tool: Tool;
}

/** A Tool is what a platform is told of this server. */
export interface Tool {
  readonly login: string;
  readonly launch: string;
  readonly deeplink: string;
  readonly keys: string;
  /** for dynamic registration */
  readonly register: string;
}

/** A Platform is one of them. */
export interface Platform {
  readonly id: string;
  readonly name: string;
  /** "canvas", as it calls itself */
  readonly product: string;
  readonly issuer: string;
  readonly client: string;
  readonly auth: string;
  readonly token: string;
  /** of what this server signs for its tokens, where that is not their address */
  readonly audience: string;
  readonly keys: string;
  readonly created: number;
  /** its last launch */
  readonly seen: number;
  readonly version: number;
  readonly deployments: readonly Deployment[];
}

/** A Deployment is where a platform has put this tool. One that is not known waits until an operator says that it may launch. */
export interface Deployment {
  readonly id: string;
  readonly pending: boolean;
  readonly seen: number;
}

/** PlatformAsk registers one: POST /api/admin/platforms. */
export interface PlatformAsk {
  readonly name: string;
  readonly product?: string | undefined;
  readonly issuer: string;
  readonly client: string;
  readonly auth: string;
  readonly token: string;
  /** Brightspace has one of its own */
  readonly audience?: string | undefined;
  readonly keys: string;
  readonly deployments?: readonly string[] | undefined;
}

/** PlatformChange lets a deployment launch, or takes that back: PATCH /api/admin/platforms/{platform}. */
export interface PlatformChange {
  readonly accept?: string | undefined;
  readonly refuse?: string | undefined;
  readonly version: number;
}

/** HelpState is whether somebody else may type on a bench. */
export type HelpState = "none" | "asked" | "accepted" | "refused";

/** Wall is all benches of a class: the first message. */
export interface Wall {
  readonly kind: "wall";
  /** the server's clock */
  readonly now: number;
  readonly cards: readonly WallCard[];
}

/** Cards are what has changed since. */
export interface Cards {
  readonly kind: "cards";
  readonly now: number;
  readonly new: readonly WallCard[];
  readonly cards: readonly WallChange[];
  /** labs */
  readonly gone: readonly string[];
}

/** A WallChange is what has changed of a card: what is absent has not. */
export interface WallChange {
  readonly lab: string;
  readonly parked: boolean | undefined;
  readonly here: boolean | undefined;
  readonly did: string | undefined;
  readonly at: number | undefined;
  readonly passed: number | undefined;
  readonly of: number | undefined;
  readonly since: number | undefined;
  readonly handed: number | undefined;
  readonly hand: string | undefined;
  readonly handat: number | undefined;
  readonly help: HelpState | undefined;
  readonly helper: string | undefined;
}

/** A WallCard is a bench. */
export interface WallCard {
  readonly lab: string;
  readonly person: string;
  readonly name: string;
  readonly section: string;
  readonly lesson: string;
  /** the lesson's */
  readonly title: string;
  /** nobody looks at it, and it is on the disk */
  readonly parked: boolean;
  /** the student looks at it */
  readonly here: boolean;
  /** their last action, in words */
  readonly did: string;
  /** of that */
  readonly at: number;
  /** checks, when they were last run */
  readonly passed: number;
  readonly of: number;
  /** of the last progress: stuck since then */
  readonly since: number;
  readonly handed: number;
  /** what they ask; " " where they only raised it */
  readonly hand: string;
  readonly handat: number;
  /** absent: none */
  readonly help: HelpState | undefined;
  /** the name of who helps */
  readonly helper: string;
}

/** BroadcastAsk tells a class something: POST /api/classes/{class}/broadcast. A program comes as a multipart form instead: text, lesson, node, proc, and the file in the part program. */
export interface BroadcastAsk {
  readonly text: string;
  /** only who works on this one */
  readonly lesson?: string | undefined;
}

/** HandAsk raises a hand, or takes it down: POST /api/lessons/{lesson}/hand. */
export interface HandAsk {
  readonly up: boolean;
  readonly text?: string | undefined;
}

/** HelpAct is a step on the way to helping. */
export type HelpAct = "ask" | "accept" | "refuse" | "end";

/** HelpAsk takes one: POST /api/labs/{lab}/help. */
export interface HelpAsk {
  readonly do: HelpAct;
}

/** Help is whether somebody else may type in a lab. */
export interface Help {
  readonly lab: string;
  readonly state: HelpState | undefined;
  /** the name of who asks to, or may */
  readonly by: string;
}

/** Notices are what a person of a class was told: GET /api/classes/{class}/notices?after=. It is answered when there is something new, or after 25 s. */
export interface Notices {
  readonly notices: readonly Notice[];
  /** what to ask after the next time */
  readonly last: number;
  /** of the asker's benches */
  readonly help: readonly Help[];
  /** lessons of which the asker's hand is up */
  readonly hands: readonly string[];
}

/** NoticeKind is what a notice is about. */
export type NoticeKind = "text" | "program" | "help";

/** A Notice is one. */
export interface Notice {
  readonly id: number;
  readonly at: number;
  readonly kind: NoticeKind;
  /** a name */
  readonly from: string;
  readonly text: string;
  readonly lesson: string;
  readonly lab: string;
  readonly slot: string;
}

/** A Program is what was in a slot. */
export interface Program {
  /** NODE.PROC */
  readonly slot: string;
  /** of its file */
  readonly name: string;
  /** SHA-256 */
  readonly hash: string;
  /** bytes */
  readonly size: number;
}

/** HandinAsk hands in what is on the bench: POST /api/lessons/{lesson}/handins. Programs come as a multipart form instead, each in a part that is called as its slot. */
export interface HandinAsk {
  /** "bench" */
  readonly from: string;
}

/** Receipt says what the server has: it is answered when it lies on the disk. */
export interface Receipt {
  readonly handin: string;
  readonly lesson: string;
  /** from 1, of this student's */
  readonly number: number;
  /** the server's clock */
  readonly at: number;
  /** SHA-256 of what is stored */
  readonly hash: string;
  /** bytes */
  readonly size: number;
  readonly programs: readonly Program[];
  /** with the extension */
  readonly due: number;
  readonly late: boolean;
}

/** HandinState is where a hand-in's grading is. */
export type HandinState = "queued" | "running" | "done" | "failed";

/** Handins are a student's of a lesson, newest first: GET /api/lessons/{lesson}/handins. */
export interface Handins {
  readonly handins: readonly Handin[];
  /** what a teacher said of them */
  readonly mark: Mark | undefined;
}

/** A Handin is GET /api/handins/{handin}. With ?after=VERSION it is answered when its version is another one, or after 25 s. Its fields are all that the page of a hand-in shows. */
export interface Handin {
  readonly id: string;
  readonly lesson: string;
  readonly person: string;
  readonly number: number;
  readonly at: number;
  readonly hash: string;
  readonly size: number;
  readonly programs: readonly Program[];
  readonly late: boolean;
  readonly lateby: number;
  readonly state: HandinState;
  /** how many are graded before it */
  readonly ahead: number;
  /** for which it will probably wait */
  readonly seconds: number;
  /** grading failed */
  readonly why: string;
  /** that the asker may see */
  readonly points: number | undefined;
  readonly max: number;
  /** checks */
  readonly passed: number;
  readonly of: number;
  /** more is checked after the due date */
  readonly hidden: boolean;
  readonly counts: boolean;
  /** a teacher said that it counts */
  readonly pinned: boolean;
  /** there is one */
  readonly report: boolean;
  /** the version that graded */
  readonly grader: string;
  readonly version: number;
}

/** A Mark is what teachers say of a student's work. Nothing automatic changes it. */
export interface Mark {
  /** instead of those of the checks */
  readonly points: number | undefined;
  readonly comment: string;
  readonly excused: boolean;
  /** the hand-in that counts */
  readonly pin: string;
  /** the name of who said it */
  readonly by: string;
  readonly at: number;
  readonly version: number;
}

/** MarkAsk says the whole of a mark anew: POST /api/lessons/{lesson}/people/{person}/marks, which answers with the BookRow. The first has version 0. */
export interface MarkAsk {
  readonly points?: number | undefined;
  readonly comment?: string | undefined;
  readonly excused?: boolean | undefined;
  readonly pin?: string | undefined;
  readonly version: number;
}

/** Book is the gradebook of a lesson: GET /api/lessons/{lesson}/book. */
export interface Book {
  readonly lesson: string;
  readonly max: number;
  readonly rows: readonly BookRow[];
}

/** A BookRow is a student's. */
export interface BookRow {
  readonly person: string;
  readonly name: string;
  readonly section: string;
  readonly active: boolean;
  readonly handins: number;
  /** the one that counts */
  readonly handin: string;
  /** its */
  readonly number: number;
  readonly at: number;
  /** with the extension */
  readonly due: number;
  readonly late: boolean;
  readonly lateby: number;
  readonly state: HandinState | undefined;
  readonly passed: number;
  readonly of: number;
  /** of the checks */
  readonly auto: number | undefined;
  /** what goes out; absent: nothing does */
  readonly final: number | undefined;
  readonly mark: Mark | undefined;
  /** "" where no platform is linked */
  readonly sync: SyncState | undefined;
}

/** ClassBook is the gradebook of a class: GET /api/classes/{class}/book. */
export interface ClassBook {
  readonly lessons: readonly BookLesson[];
  readonly rows: readonly ClassRow[];
}

/** A BookLesson is a column of it. */
export interface BookLesson {
  readonly id: string;
  readonly title: string;
  readonly max: number;
  readonly due: number;
}

/** A ClassRow is a student's, with a cell for each lesson that there is something of. */
export interface ClassRow {
  readonly person: string;
  readonly name: string;
  readonly section: string;
  readonly active: boolean;
  readonly cells: readonly BookCell[];
}

/** A BookCell is a student's lesson. */
export interface BookCell {
  readonly lesson: string;
  readonly final: number | undefined;
  readonly late: boolean;
  readonly excused: boolean;
  readonly grading: boolean;
  /** a teacher's points */
  readonly marked: boolean;
}

/** RegradeAsk grades a lesson's counting hand-ins again: POST /api/lessons/{lesson}/regrades. */
export interface RegradeAsk {
  readonly reason: string;
}

/** RegradeState is where a regrade is. */
export type RegradeState = "running" | "ready" | "applied";

/** A Regrade is GET /api/regrades/{regrade}: nobody's points change until it is applied. */
export interface Regrade {
  readonly id: string;
  readonly lesson: string;
  readonly reason: string;
  /** the name of who asked for it */
  readonly by: string;
  readonly at: number;
  readonly state: RegradeState;
  readonly graded: number;
  readonly of: number;
  readonly same: number;
  readonly changes: readonly RegradeRow[];
  readonly grader: string;
  readonly applied: number;
}

/** A RegradeRow is somebody whose points change. */
export interface RegradeRow {
  readonly person: string;
  readonly name: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** grading failed; or a teacher's points stay */
  readonly why: string;
}

export type WallMessage = Wall | Cards;
