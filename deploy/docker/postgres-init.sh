#!/usr/bin/env bash
# The first start of PostgreSQL: one login and one database per service, closed to every other login.
set -euo pipefail

for service in registration scheduling notification feedback; do
    psql --no-psqlrc -v ON_ERROR_STOP=1 -v service="$service" -U "$POSTGRES_USER" -d postgres <<- 'SQL'
	\set password `cat /run/secrets/:service`
	CREATE ROLE :"service" LOGIN PASSWORD :'password';
	CREATE DATABASE :"service" OWNER :"service";
	REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
	SQL
done
psql --no-psqlrc -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres \
    -c 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
