-- +goose Up

-- Where a lab was that is parked: its journal must end there. version is the hash of a class's scenario.
alter table labs add column step bigint not null default 0;
alter table labs add column hash text not null default '';
alter table labs add column version text not null default '';
