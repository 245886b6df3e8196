-- +goose Up

-- What a lab takes of the disk while it is parked: strangers' are deleted when all of them take too much.
alter table labs add column bytes bigint not null default 0;
