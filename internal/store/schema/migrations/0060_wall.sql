-- +goose Up
-- What benches are at, for the wall; written now and then, and when a bench is parked.
create table progress (
	lab    text primary key,
	did    text not null default '',
	acted  bigint not null default 0,
	passed bigint not null default 0,
	checks bigint not null default 0,
	best   bigint not null default 0,
	tried  bigint not null default 0,
	handed bigint not null default 0
);

create table hands (
	lesson text not null,
	person text not null,
	text   text not null default '',
	raised bigint not null default 0,
	primary key (lesson, person)
);

create table notices (
	class   text not null,
	n       bigint not null,
	at      bigint not null default 0,
	who     text not null default '',
	text    text not null default '',
	lesson  text not null default '',
	slot    text not null default '',
	program text not null default '',
	name    text not null default '',
	primary key (class, n)
);

create table switches (
	name    text primary key,
	on_     bigint not null default 1,
	why     text not null default '',
	who     text not null default '',
	changed bigint not null default 0
);

create index audit_who on audit(who, at);
