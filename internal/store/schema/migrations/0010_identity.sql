-- +goose Up
-- creates: may make classes. main: the person that this one was merged with, whose people both are.
alter table people add column creates bigint not null default 0;
alter table people add column main text not null default '';
create index people_main on people(main);

-- Names that want to join a class and are not on its roster: for the teacher.
create table arrivals (
	id     text primary key,
	class  text not null references classes(id),
	folded text not null,
	name   text not null default '',
	asked  bigint not null default 0,
	unique (class, folded)
);
