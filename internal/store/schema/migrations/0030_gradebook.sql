-- One text for SQLite and PostgreSQL, as in 0001. Points are thousandths of one.
-- +goose Up
create table handins (
	id        text primary key,
	class     text not null references classes(id),
	lesson    text not null references lessons(id),
	person    text not null,
	number    bigint not null, -- from 1, of the person in the lesson
	once      text not null default '', -- what a repeated request has in common with the first
	student   text not null, -- whose values the scenario has
	scenario  text not null references versions(hash),
	programs  text not null, -- JSON
	digest    text not null, -- of slots and programs
	size      bigint not null,
	recording text not null default '', -- a blob
	origin    text not null,
	at        bigint not null,
	receipt   text not null,
	signature text not null,
	visible   text not null default '', -- the grading by visible checks that counts
	complete  text not null default '', -- that by all
	version   bigint not null default 1,
	unique (lesson, person, number)
);
create unique index handins_once on handins(lesson, person, once) where once <> '';
create index handins_person on handins(person, at);
create index handins_class on handins(class);
create index handins_digest on handins(digest, student);
create index handins_open on handins(lesson) where complete = '';

create table gradings (
	id       text primary key,
	handin   text not null references handins(id),
	grader   text not null,
	scenario text not null references versions(hash),
	checks   text not null, -- 'visible' or 'all'
	points   bigint not null,
	most     bigint not null,
	passed   bigint not null, -- checks
	total    bigint not null, -- checks
	hidden   bigint not null, -- from its student
	report   text not null, -- a blob: what its student sees
	staff    text not null default '', -- a blob: what staff see; '' is the same
	at       bigint not null,
	took     bigint not null, -- milliseconds
	unique (handin, grader, scenario, checks)
);

create table jobs (
	id       text primary key,
	handin   text not null references handins(id),
	class    text not null,
	lesson   text not null,
	person   text not null,
	grader   text not null,
	scenario text not null references versions(hash),
	checks   text not null,
	rank     bigint not null, -- 0 somebody waits, 1 the due date is over, 2 a regrade
	state    text not null, -- 'queued', 'running', 'done', 'failed'
	owner    text not null default '',
	fence    bigint not null default 0, -- counts claims
	lease    bigint not null default 0, -- until when it is its owner's
	tries    bigint not null default 0,
	why      text not null default '',
	created  bigint not null,
	started  bigint not null default 0,
	ended    bigint not null default 0,
	unique (handin, grader, scenario, checks)
);
create index jobs_state on jobs(state, rank, created);
create index jobs_person on jobs(person, state);

create table served ( -- whose turn it was last
	who  text primary key,
	turn bigint not null
);

create table marks (
	id      text primary key,
	lesson  text not null references lessons(id),
	person  text not null,
	version bigint not null, -- from 1
	points  bigint not null default -1, -- -1: none by hand
	comment text not null default '',
	excused bigint not null default 0,
	pin     text not null default '', -- a hand-in
	author  text not null,
	at      bigint not null,
	unique (lesson, person, version)
);

create table regrades (
	id       text primary key,
	class    text not null references classes(id),
	lesson   text not null references lessons(id),
	grader   text not null,
	scenario text not null references versions(hash),
	reason   text not null,
	author   text not null,
	created  bigint not null,
	applied  bigint not null default 0,
	applier  text not null default ''
);
create index regrades_lesson on regrades(lesson, created);
