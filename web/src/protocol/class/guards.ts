// Made from internal/protocol/class by internal/typescript. Change that, then run make protocol.
import {
  bool,
  type Item,
  is,
  list,
  maybeBool,
  maybeNum,
  maybeStr,
  num,
  object,
  one,
  oneOf,
  optBool,
  optNum,
  optOne,
  optOneOf,
  optStr,
  str,
  text,
  unknownKind,
  variants,
} from "../read";
import type {
  AdminClass,
  AdminLab,
  AdminLabs,
  AdminStatus,
  Anonymous,
  Arrival,
  Arrivals,
  Audit,
  AuditRow,
  Bench,
  Book,
  BookCell,
  BookLesson,
  BookRow,
  Cards,
  Class,
  ClassBook,
  Classes,
  ClassRow,
  Counts,
  Deployment,
  Disk,
  Extension,
  GradingCounts,
  Handin,
  HandinState,
  Handins,
  Help,
  HelpState,
  Identities,
  Identity,
  IdentityKind,
  LabCounts,
  LabState,
  Lesson,
  Lessons,
  Mark,
  Me,
  Member,
  MyLesson,
  NamedCount,
  NamedText,
  Notice,
  NoticeKind,
  Notices,
  OneTimeCode,
  OutboxCounts,
  Platform,
  Platforms,
  Program,
  QueuePlace,
  Receipt,
  Refusal,
  Regrade,
  RegradeRow,
  RegradeState,
  Role,
  Roster,
  RosterChange,
  RosterDiff,
  RosterLine,
  Scenario,
  Scenarios,
  Sync,
  SyncRow,
  SyncState,
  Ticket,
  Tool,
  Wall,
  WallCard,
  WallChange,
  WallMessage,
  Way,
  Welcome,
} from "./types";

const LAB_STATES: readonly LabState[] = ["live", "parked", "quarantined"];

const COUNTSS: readonly Counts[] = ["best", "last"];

const ROLES: readonly Role[] = ["student", "assistant", "teacher"];

const IDENTITY_KINDS: readonly IdentityKind[] = ["name", "oidc", "lti", "operator", "code"];

const SYNC_STATES: readonly SyncState[] = ["sent", "waiting", "refused", "none", "excused", "nowhere"];

const HELP_STATES: readonly HelpState[] = ["none", "asked", "accepted", "refused"];

const NOTICE_KINDS: readonly NoticeKind[] = ["text", "program", "help"];

const HANDIN_STATES: readonly HandinState[] = ["queued", "running", "done", "failed"];

const REGRADE_STATES: readonly RegradeState[] = ["running", "ready", "applied"];

export const readQueuePlace: Item<QueuePlace> = object({
  ticket: optStr,
  place: optNum,
  seconds: optNum,
  ready: optBool,
});

export const readAdminStatus: Item<AdminStatus> = object({
  version: str,
  versions: list(() => readNamedText),
  now: num,
  started: num,
  people: num,
  classes: list(() => readAdminClass),
  labs: one(() => readLabCounts),
  waiting: num,
  grading: one(() => readGradingCounts),
  outbox: one(() => readOutboxCounts),
  refused: list(() => readNamedCount),
  disk: one(() => readDisk),
  memory: num,
  anonymous: one(() => readAnonymous),
  pending: num,
});

export const readNamedCount: Item<NamedCount> = object({
  name: str,
  count: num,
});

export const readNamedText: Item<NamedText> = object({
  name: str,
  text: str,
});

export const readAdminClass: Item<AdminClass> = object({
  id: str,
  name: str,
  term: optStr,
  people: num,
  labs: num,
  handins: num,
  archived: optBool,
});

export const readLabCounts: Item<LabCounts> = object({
  live: num,
  max: num,
  visitors: num,
  parked: num,
  quarantined: num,
});

export const readGradingCounts: Item<GradingCounts> = object({
  queued: num,
  running: num,
  failed: num,
});

export const readOutboxCounts: Item<OutboxCounts> = object({
  waiting: num,
  refused: num,
});

export const readDisk: Item<Disk> = object({
  database: num,
  blobs: num,
  labs: num,
  free: num,
  total: num,
});

export const readAnonymous: Item<Anonymous> = object({
  on: bool,
  why: optStr,
  by: optStr,
  at: optNum,
});

export const readAdminLabs: Item<AdminLabs> = object({
  labs: list(() => readAdminLab),
  more: optBool,
});

export const readAdminLab: Item<AdminLab> = object({
  id: str,
  state: oneOf(LAB_STATES),
  why: optStr,
  person: optStr,
  class: optStr,
  scenario: str,
  created: num,
  used: num,
  size: num,
});

export const readAudit: Item<Audit> = object({
  rows: list(() => readAuditRow),
  next: optStr,
});

export const readAuditRow: Item<AuditRow> = object({
  id: str,
  at: num,
  request: optStr,
  who: str,
  class: optStr,
  what: str,
  about: optStr,
  detail: optStr,
});

export const readRefusal: Item<Refusal> = object({
  error: str,
  want: optStr,
  queue: optOne(() => readQueuePlace),
});

export const readClasses: Item<Classes> = object({
  classes: list(() => readClass),
});

export const readClass: Item<Class> = object({
  id: str,
  name: str,
  term: optStr,
  zone: str,
  role: oneOf(ROLES),
  code: optStr,
  open: bool,
  archived: optBool,
  retention: optNum,
  created: num,
  version: num,
  students: optNum,
  linked: optBool,
});

export const readRoster: Item<Roster> = object({
  people: list(() => readMember),
});

export const readMember: Item<Member> = object({
  person: str,
  name: str,
  role: oneOf(ROLES),
  section: optStr,
  sis: optStr,
  login: optStr,
  email: optStr,
  active: bool,
  joined: optNum,
  changed: optNum,
  seen: optNum,
});

export const readRosterDiff: Item<RosterDiff> = object({
  preview: str,
  read: str,
  added: list(() => readMember),
  back: list(() => readMember),
  changed: list(() => readRosterChange),
  dropped: list(() => readMember),
  same: num,
  wrong: list(() => readRosterLine),
});

export const readRosterChange: Item<RosterChange> = object({
  person: str,
  name: str,
  what: str,
  from: str,
  to: str,
});

export const readRosterLine: Item<RosterLine> = object({
  line: num,
  why: str,
});

export const readOneTimeCode: Item<OneTimeCode> = object({
  code: str,
  expires: num,
});

export const readLessons: Item<Lessons> = object({
  lessons: list(() => readLesson),
  now: num,
});

export const readLesson: Item<Lesson> = object({
  id: str,
  class: str,
  position: num,
  title: str,
  scenario: str,
  hash: str,
  goal: optStr,
  points: num,
  opens: optNum,
  due: optNum,
  locks: optNum,
  zone: str,
  counts: oneOf(COUNTSS),
  published: bool,
  version: num,
  mine: optOne(() => readMyLesson),
  handed: optNum,
  extensions: list(() => readExtension),
});

export const readMyLesson: Item<MyLesson> = object({
  begun: optBool,
  lab: optStr,
  due: optNum,
  locks: optNum,
  extended: optBool,
  handins: optNum,
  handed: optNum,
  late: optBool,
  grading: optBool,
  points: maybeNum,
  excused: optBool,
  comment: optStr,
});

export const readExtension: Item<Extension> = object({
  who: str,
  name: str,
  due: num,
  locks: optNum,
  by: optStr,
  at: optNum,
});

export const readScenarios: Item<Scenarios> = object({
  scenarios: list(() => readScenario),
});

export const readScenario: Item<Scenario> = object({
  name: str,
  title: str,
  hash: optStr,
  builtin: optBool,
  course: optNum,
  goal: optStr,
  points: num,
  created: optNum,
});

export const readBench: Item<Bench> = object({
  lab: str,
});

export const readMe: Item<Me> = object({
  signed_in: bool,
  person: optStr,
  name: optStr,
  operator: optBool,
  creates: optBool,
  framed: optBool,
  class: optStr,
  ways: list(() => readWay),
});

export const readWay: Item<Way> = object({
  kind: oneOf(IDENTITY_KINDS),
  name: optStr,
  href: optStr,
});

export const readWelcome: Item<Welcome> = object({
  person: str,
  name: str,
  operator: optBool,
  class: optStr,
  word: optStr,
});

export const readTicket: Item<Ticket> = object({
  href: str,
});

export const readIdentities: Item<Identities> = object({
  identities: list(() => readIdentity),
});

export const readIdentity: Item<Identity> = object({
  id: str,
  kind: oneOf(IDENTITY_KINDS),
  issuer: str,
  name: optStr,
  email: optStr,
  created: num,
  seen: optNum,
  this: optBool,
});

export const readArrivals: Item<Arrivals> = object({
  arrivals: list(() => readArrival),
});

export const readArrival: Item<Arrival> = object({
  id: str,
  name: str,
  at: num,
});

export const readSync: Item<Sync> = object({
  linked: bool,
  rows: list(() => readSyncRow),
});

export const readSyncRow: Item<SyncRow> = object({
  person: str,
  name: str,
  platform: optStr,
  state: oneOf(SYNC_STATES),
  points: maybeNum,
  max: optNum,
  sent: optNum,
  next: optNum,
  words: optStr,
  todo: optStr,
});

export const readPlatforms: Item<Platforms> = object({
  platforms: list(() => readPlatform),
  tool: one(() => readTool),
});

export const readTool: Item<Tool> = object({
  login: str,
  launch: str,
  deeplink: str,
  keys: str,
  register: str,
});

export const readPlatform: Item<Platform> = object({
  id: str,
  name: str,
  product: optStr,
  issuer: str,
  client: str,
  auth: str,
  token: str,
  audience: optStr,
  keys: str,
  created: optNum,
  seen: optNum,
  version: num,
  deployments: list(() => readDeployment),
});

export const readDeployment: Item<Deployment> = object({
  id: str,
  pending: optBool,
  seen: optNum,
});

export const readWall: Item<Wall> = object({
  kind: is("wall"),
  now: num,
  cards: list(() => readWallCard),
});

export const readCards: Item<Cards> = object({
  kind: is("cards"),
  now: num,
  new: list(() => readWallCard),
  cards: list(() => readWallChange),
  gone: list(() => text),
});

export const readWallChange: Item<WallChange> = object({
  lab: str,
  parked: maybeBool,
  here: maybeBool,
  did: maybeStr,
  at: maybeNum,
  passed: maybeNum,
  of: maybeNum,
  since: maybeNum,
  handed: maybeNum,
  hand: maybeStr,
  handat: maybeNum,
  help: optOneOf(HELP_STATES),
  helper: maybeStr,
});

export const readWallCard: Item<WallCard> = object({
  lab: str,
  person: str,
  name: str,
  section: optStr,
  lesson: str,
  title: str,
  parked: optBool,
  here: optBool,
  did: optStr,
  at: optNum,
  passed: num,
  of: num,
  since: optNum,
  handed: optNum,
  hand: optStr,
  handat: optNum,
  help: optOneOf(HELP_STATES),
  helper: optStr,
});

export const readHelp: Item<Help> = object({
  lab: str,
  state: optOneOf(HELP_STATES),
  by: optStr,
});

export const readNotices: Item<Notices> = object({
  notices: list(() => readNotice),
  last: num,
  help: list(() => readHelp),
  hands: list(() => text),
});

export const readNotice: Item<Notice> = object({
  id: num,
  at: num,
  kind: oneOf(NOTICE_KINDS),
  from: str,
  text: str,
  lesson: optStr,
  lab: optStr,
  slot: optStr,
});

export const readProgram: Item<Program> = object({
  slot: str,
  name: str,
  hash: str,
  size: num,
});

export const readReceipt: Item<Receipt> = object({
  handin: str,
  lesson: str,
  number: num,
  at: num,
  hash: str,
  size: num,
  programs: list(() => readProgram),
  due: optNum,
  late: optBool,
});

export const readHandins: Item<Handins> = object({
  handins: list(() => readHandin),
  mark: optOne(() => readMark),
});

export const readHandin: Item<Handin> = object({
  id: str,
  lesson: str,
  person: str,
  number: num,
  at: num,
  hash: str,
  size: num,
  programs: list(() => readProgram),
  late: optBool,
  lateby: optNum,
  state: oneOf(HANDIN_STATES),
  ahead: optNum,
  seconds: optNum,
  why: optStr,
  points: maybeNum,
  max: num,
  passed: num,
  of: num,
  hidden: optBool,
  counts: optBool,
  pinned: optBool,
  report: optBool,
  grader: optStr,
  version: num,
});

export const readMark: Item<Mark> = object({
  points: maybeNum,
  comment: optStr,
  excused: optBool,
  pin: optStr,
  by: optStr,
  at: optNum,
  version: num,
});

export const readBook: Item<Book> = object({
  lesson: str,
  max: num,
  rows: list(() => readBookRow),
});

export const readBookRow: Item<BookRow> = object({
  person: str,
  name: str,
  section: optStr,
  active: bool,
  handins: optNum,
  handin: optStr,
  number: optNum,
  at: optNum,
  due: optNum,
  late: optBool,
  lateby: optNum,
  state: optOneOf(HANDIN_STATES),
  passed: optNum,
  of: optNum,
  auto: maybeNum,
  final: maybeNum,
  mark: optOne(() => readMark),
  sync: optOneOf(SYNC_STATES),
});

export const readClassBook: Item<ClassBook> = object({
  lessons: list(() => readBookLesson),
  rows: list(() => readClassRow),
});

export const readBookLesson: Item<BookLesson> = object({
  id: str,
  title: str,
  max: num,
  due: optNum,
});

export const readClassRow: Item<ClassRow> = object({
  person: str,
  name: str,
  section: optStr,
  active: bool,
  cells: list(() => readBookCell),
});

export const readBookCell: Item<BookCell> = object({
  lesson: str,
  final: maybeNum,
  late: optBool,
  excused: optBool,
  grading: optBool,
  marked: optBool,
});

export const readRegrade: Item<Regrade> = object({
  id: str,
  lesson: str,
  reason: str,
  by: str,
  at: num,
  state: oneOf(REGRADE_STATES),
  graded: num,
  of: num,
  same: num,
  changes: list(() => readRegradeRow),
  grader: optStr,
  applied: optNum,
});

export const readRegradeRow: Item<RegradeRow> = object({
  person: str,
  name: str,
  from: maybeNum,
  to: maybeNum,
  why: optStr,
});

export const readWallMessage: Item<WallMessage> = variants<WallMessage>(
  "type",
  {
    wall: readWall,
    cards: readCards,
  },
  unknownKind,
);
