"""The statements about runs that wait for a worker; see `statements` for what braces stand for."""

from __future__ import annotations

from agui_runtime.stores.sql.statements import RUN

ADD = (
    "insert into agui_job (thread_id, run_id, owner, queue, rank, posted, offered, body)"
    " values (:id, :run_id, :owner, :queue, (select 1 + coalesce(max(latest.rank), 0) from"
    " (select max(rank) as rank from agui_job where queue = :queue and owner = :owner"
    " union all select min(rank) - 1 as rank from agui_job where queue = :queue) as latest),"
    " {now}, 0, :body)"
)
"""The first of an owner has the rank of the first that waits, its next one the rank after that."""

NOTE = "update agui_run set nonce = :nonce where thread_id = :id and first = :first"
SEE = (
    "insert into agui_worker (id, queue, seen)"
    " select cast(:worker as text), each.value, {now} from {each_queues}"
    " where not exists (select 1 from agui_worker as known where known.id = :worker"
    " and known.queue = each.value and known.seen > {now} - 2)"
    " on conflict (id, queue) do update set seen = excluded.seen"
)
"""A look that finds nothing writes nothing then: bells wake many workers for one run."""

TAKE = (
    "update agui_job as job set offered = {now} + cast(:seconds as double precision),"
    " nonce = :nonce from (with free as materialized (select thread_id as id from agui_job"
    " where queue = :queue and (offered <= {now} or nonce = :nonce)"
    " order by rank, posted, thread_id limit :most{skip}) select id from free) as free"
    " where thread_id = free.id returning thread_id, run_id, queue, rank, posted"
)
PUT_BACK = (
    "update agui_job set offered = {now} + cast(:seconds as double precision), nonce = null,"
    " rank = (select case when min(other.rank) > agui_job.rank then min(other.rank)"
    " else agui_job.rank end from agui_job as other where other.queue = agui_job.queue"
    " and other.offered <= {now} and other.thread_id <> agui_job.thread_id)"
    " where thread_id = :id and run_id = :run_id"
)
"""It stays among the first, however long nobody can do it: else whoever comes new would have its
rank, and come before all who wait by now.
"""

WAITING = (
    f"select {RUN}, body, {{now}} - posted as waited,"
    " (select token from agui_thread where id = :id) as token from agui_run"
    " join (select thread_id as job_thread, run_id as job_run, posted, body from agui_job) as job"
    " on job_thread = thread_id and job_run = run_id"
    " where thread_id = :id and run_id = :run_id order by first desc limit 1"
)
ADOPT = (
    "update agui_thread set tokens = :token, token = :token, nonce = :nonce,"
    " until = cast(:now as double precision) + cast(:lease as double precision) where id = :id"
)
RUN_ON = "update agui_run set status = 'running' where thread_id = :id and first = :first"
OVERDUE = (
    "select thread_id, run_id, queue from agui_job"
    " where posted <= {now} - cast(:seconds as double precision)"
    " order by posted, thread_id limit :most"
)
POSITION = (
    "select (select count(*) from agui_job as other where other.queue = job.queue"
    " and (other.rank, other.posted, other.thread_id) < (job.rank, job.posted, job.thread_id))"
    " as before from agui_job as job where job.thread_id = :id and job.run_id = :run_id"
)
FIGURES = (
    "select queue, count(*) as waiting, {now} - min(posted) as oldest, 0 as workers from agui_job"
    " group by queue union all select queue, 0, 0, count(*) from agui_worker"
    " where seen > {now} - cast(:seconds as double precision) group by queue"
)
LEAVE = "delete from agui_worker where id = :worker"
FORGET_WORKERS = "delete from agui_worker where seen <= {now} - cast(:seconds as double precision)"
