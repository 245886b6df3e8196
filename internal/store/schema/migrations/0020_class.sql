-- +goose Up
-- The id of a person in Canvas, which its grade files go by, and how often the roster changed.
alter table members add column canvas text not null default '';
alter table classes add column roster bigint not null default 0;

-- What a roster's file would change, until it is applied: data is JSON.
create table previews (
	id      text primary key,
	class   text not null references classes(id),
	by      text not null default '',
	roster  bigint not null default 0,
	data    text not null default '',
	created bigint not null default 0
);
create index previews_class on previews(class);

-- The scenarios that were uploaded for a class: two classes may have the same one.
create table uploads (
	class   text not null references classes(id),
	hash    text not null references versions(hash),
	by      text not null default '',
	created bigint not null default 0,
	primary key (class, hash)
);

create index audit_about on audit(about, at);
