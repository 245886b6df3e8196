-- Learning platforms that launch this tool by LTI 1.3, and scores on their way to them.
-- +goose Up
create table platforms (
	id       text primary key,
	name     text not null default '',
	product  text not null default '',
	issuer   text not null,
	client   text not null,
	auth     text not null default '',
	token    text not null default '',
	audience text not null default '',
	keys     text not null default '',
	frames   text not null default '',
	created  bigint not null default 0,
	seen     bigint not null default 0,
	version  bigint not null default 1,
	unique (issuer, client)
);

create table lti_deployments (
	platform   text not null references platforms(id),
	deployment text not null,
	pending    bigint not null default 0,
	created    bigint not null default 0,
	seen       bigint not null default 0,
	primary key (platform, deployment)
);

-- A course of a platform, and the class that it belongs to ('' is none yet). A class may have several.
create table lti_courses (
	id         text primary key,
	platform   text not null references platforms(id),
	deployment text not null,
	context    text not null,
	class      text not null default '',
	title      text not null default '',
	members    text not null default '',
	synced     bigint not null default 0,
	seen       bigint not null default 0,
	unique (platform, deployment, context)
);
create index lti_courses_class on lti_courses(class);

-- A lesson of a class that was copied, by the id that the copied course's links still have.
create table lti_copies (
	course   text not null references lti_courses(id),
	original text not null,
	lesson   text not null,
	primary key (course, original)
);

-- A link of a course to a lesson, and its column in the platform's gradebook.
create table lti_links (
	id       text primary key,
	course   text not null references lti_courses(id),
	resource text not null,
	lesson   text not null default '',
	item     text not null default '',
	items    text not null default '',
	scopes   text not null default '',
	seen     bigint not null default 0,
	unique (course, resource)
);
create index lti_links_lesson on lti_links(lesson);

-- The keys that the tool signs with.
create table lti_keys (
	id    text primary key,
	pem   text not null,
	signs bigint not null
);

-- One row a lesson and person: the newest final score, by which link they came, and what was sent.
create table outbox (
	lesson      text not null,
	person      text not null,
	link        text not null default '',
	subject     text not null default '',
	wants       text not null default '',
	points      bigint not null default 0,
	maximum     bigint not null default 0,
	handin      text not null default '',
	handed      bigint not null default 0,
	comment     text not null default '',
	serial      bigint not null default 0,
	state       text not null default 'none',
	tries       bigint not null default 0,
	again       bigint not null default 0,
	next        bigint not null default 0,
	stamp       bigint not null default 0,
	posting     bigint not null default 0,
	lease       text not null default '',
	until       bigint not null default 0,
	sent        bigint not null default 0,
	sent_wants  text not null default '',
	sent_points bigint not null default 0,
	sent_max    bigint not null default 0,
	sent_handin text not null default '',
	sent_text   text not null default '',
	words       text not null default '',
	todo        text not null default '',
	primary key (lesson, person)
);
create index outbox_due on outbox(state, next);
create index outbox_link on outbox(link);
