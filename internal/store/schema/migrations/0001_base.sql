-- One text for SQLite and PostgreSQL. Times are Unix milliseconds in UTC, 0 for none; booleans
-- are 0 or 1; a text that there is none of is ''.
-- +goose Up
create table people (
	id       text primary key,
	name     text not null default '',
	email    text not null default '',
	operator bigint not null default 0,
	created  bigint not null default 0,
	seen     bigint not null default 0,
	erased   bigint not null default 0
);

create table identities (
	id      text primary key,
	person  text not null references people(id),
	kind    text not null,
	issuer  text not null,
	subject text not null,
	email   text not null default '',
	claims  text not null default '',
	created bigint not null default 0,
	seen    bigint not null default 0,
	unique (kind, issuer, subject)
);
create index identities_person on identities(person);

create table sessions (
	token   text primary key,
	person  text not null references people(id),
	kind    text not null default '',
	class   text not null default '',
	framed  bigint not null default 0,
	created bigint not null default 0,
	seen    bigint not null default 0,
	expires bigint not null default 0
);
create index sessions_person on sessions(person);
create index sessions_expires on sessions(expires);

create table tickets (
	token   text primary key,
	purpose text not null,
	person  text not null default '',
	data    text not null default '',
	expires bigint not null default 0,
	used    bigint not null default 0
);
create index tickets_expires on tickets(expires);

create table classes (
	id        text primary key,
	name      text not null default '',
	term      text not null default '',
	zone      text not null default 'UTC',
	code      text not null unique,
	open      bigint not null default 1,
	retention bigint not null default 0,
	archived  bigint not null default 0,
	created   bigint not null default 0,
	version   bigint not null default 1
);

create table members (
	class   text not null references classes(id),
	person  text not null references people(id),
	role    text not null,
	name    text not null default '',
	section text not null default '',
	sis     text not null default '',
	login   text not null default '',
	email   text not null default '',
	active  bigint not null default 1,
	joined  bigint not null default 0,
	changed bigint not null default 0,
	primary key (class, person)
);
create index members_person on members(person);

create table versions (
	hash     text primary key,
	scenario text not null default '',
	title    text not null default '',
	blob     text not null default '',
	builtin  bigint not null default 0,
	class    text not null default '',
	created  bigint not null default 0,
	by       text not null default ''
);
create index versions_class on versions(class);

create table lessons (
	id           text primary key,
	class        text not null references classes(id),
	position     bigint not null default 0,
	title        text not null default '',
	version_hash text not null references versions(hash),
	opens        bigint not null default 0,
	due          bigint not null default 0,
	locks        bigint not null default 0,
	counts       text not null default 'best',
	published    bigint not null default 0,
	created      bigint not null default 0,
	version      bigint not null default 1
);
create index lessons_class on lessons(class);

create table extensions (
	lesson  text not null references lessons(id),
	who     text not null,
	due     bigint not null default 0,
	locks   bigint not null default 0,
	by      text not null default '',
	created bigint not null default 0,
	primary key (lesson, who)
);

create table labs (
	id      text primary key,
	kind    text not null,
	person  text not null default '',
	class   text not null default '',
	lesson  text not null default '',
	current bigint not null default 1,
	state   text not null default 'live',
	why     text not null default '',
	created bigint not null default 0,
	used    bigint not null default 0
);
create index labs_lesson on labs(lesson, person);
create index labs_state on labs(state, used);

create table audit (
	id      text primary key,
	at      bigint not null default 0,
	request text not null default '',
	who     text not null default '',
	class   text not null default '',
	what    text not null,
	about   text not null default '',
	detail  text not null default ''
);
create index audit_at on audit(at);
create index audit_class on audit(class, at);
