"""The statements of the steps, as text for both dialects; each dialect fills in what differs.

They are text, and not built with SQLAlchemy, because importing that takes longer than a server
takes to start, and because a statement of it costs five times what the database does.

`{now}` is the clock that leases go by, `{place}` names the database, `{lock}` keeps others from
changing what was read, `{skip}` does so too and passes over what others have locked, `{turn}` has
steps of one scope wait for each other, `{each_x}` are the values of the list `:x` as a table
`each(value)`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.core.outcomes import Counted
from agui_runtime.core.totals import UsageBy

THREAD = "id, owner, agent, name, archived, created, updated"
RUN = (
    "thread_id, run_id, agent, owner, started, fingerprint, status, ended, schema_version,"
    " first, compacted, error_code, model, provider, input_tokens, output_tokens, cached_tokens,"
    " cache_write_tokens, reasoning_tokens, cost, usd, prices, first_event_seconds,"
    " nonce"
)

# Threads

WHOLE = (
    f"{THREAD}, epoch, place, first, seq, size, spent, tokens, ended, token, live, nonce,"
    " stop, until <= {now} as lapsed, {now} as now, {place} as here,"
    " (select max(run.first) from agui_run as run where run.thread_id = agui_thread.id)"
    " as latest_run"
)
FIND = f"select {WHOLE} from agui_thread where id = :id{{lock}}"
LOOK = FIND.replace(", {place} as here", "").replace("{lock}", "")
INFO = (
    f"select {THREAD} from agui_thread where id = :id and (updated >= :oldest or token is not null)"
)
PRESENT = (
    "select id from agui_thread where id in (select each.value from {each_ids})"
    " and (updated >= :oldest or token is not null)"
)
IDS = (
    "select id from agui_thread where id > :after_id and (updated >= :oldest or token is not null)"
    " order by id limit :limit"
)
MAKE = (
    "insert into agui_thread (id, owner, agent, created, updated, epoch, place, first, seq, size,"
    " tokens, spent) values (:id, :owner, :agent, {now}, {now}, :epoch, {place}, 1, 0, 0,"
    " cast({now} * 1000000 as bigint), 0) on conflict (id) do nothing"
    f" returning {WHOLE}"
)
LIST = (
    f"select {THREAD} from agui_thread where owner = :owner"
    " and (updated, id) < (:updated, :id) and updated >= :oldest and (archived = :no or :archived)"
    " and (:any_agent or agent in (select each.value from {each_agents}))"
    " and (:any_text or lower(name) like lower(cast(:pattern as text)) escape '!'"
    " or exists (select 1 from agui_message as message where message.thread_id = agui_thread.id"
    " and lower(message.text) like lower(cast(:pattern as text)) escape '!'))"
    " order by updated desc, id desc limit :limit"
)
RENAME = "update agui_thread set name = :name where id = :id"
ARCHIVE = "update agui_thread set archived = :archived where id = :id"
DROP_JOB = "delete from agui_job where thread_id = :id"
DELETE = (
    DROP_JOB,
    "delete from agui_state where thread_id = :id",
    "delete from agui_message where thread_id = :id",
    "delete from agui_chunk where thread_id = :id",
    "delete from agui_run where thread_id = :id",
    "delete from agui_thread where id = :id",
)
EXPIRED = "select id from agui_thread where updated < :oldest and token is null limit :limit"

# Leases

CLAIM = (
    "update agui_thread set epoch = :epoch, place = :place, tokens = :token, token = :token,"
    " live = :run_id, until = cast(:now as double precision) + cast(:lease as double precision),"
    " nonce = :nonce, updated = :now, spent = 0, stop = :no where id = :id"
)
RENEW = (
    "update agui_thread set until = {now} + :lease where id = :id and token = :token returning stop"
)
STOP = (
    "update agui_thread set stop = :yes where id = :id and token is not null"
    " and (:any_run or live = :run_id) returning token"
)
LOSE = "update agui_thread set epoch = :epoch, until = 0 where id = :id"
FREE = (
    "update agui_thread set epoch = :epoch, place = :place, seq = seq + :count,"
    " size = size + :bytes, spent = 0, token = null, live = null, until = null, nonce = null,"
    " stop = :no, updated = :now, ended = :nonce where id = :id"
)
LAPSED = "select id from agui_thread where token is not null and until <= {now} limit :limit"

# The log

_APPEND = (
    "update agui_thread set seq = seq + :count, size = size + :bytes, spent = spent + :bytes"
    " where id = :id and token = :token and seq = :expected"
)
APPEND = f"{_APPEND} returning size, spent"
APPEND_WITHIN = (
    f"{_APPEND} and spent + :bytes <= :run_bytes"
    " and size + :bytes <= coalesce(:log_bytes, size + :bytes)"
)
CHUNK = (
    "insert into agui_chunk (thread_id, last, first, run_id, written, bytes, events)"
    " values (:id, :last, :first, :run_id, {now}, :bytes, :events)"
)
END = "select epoch, seq from agui_thread where id = :id"
ENDS = "select id, epoch, seq from agui_thread where id in (select each.value from {each_ids})"
BOUNDS = "select epoch, first, seq from agui_thread where id = :id"
READ = (
    "select chunk.last, chunk.first, chunk.run_id, chunk.compacted, chunk.events from"
    " (select last, sum(bytes) over (order by last) - bytes as bytes_before,"
    " sum(last - first + 1) over (order by last) - (last - first + 1) as records_before"
    " from agui_chunk where thread_id = :id and last > :after order by last limit :records)"
    " as ahead join agui_chunk as chunk on chunk.thread_id = :id and chunk.last = ahead.last"
    " where ahead.bytes_before < cast(:bytes as bigint)"
    " and ahead.records_before < cast(:records as bigint) order by chunk.last"
)
KNOWN = "select id from agui_message where thread_id = :id"
KNOW = (
    "insert into agui_message (thread_id, id) select cast(:id as text), each.value"
    " from {each_ids} where true on conflict (thread_id, id) do nothing"
)
TEXTS = "select id, role, text from agui_message where thread_id = :id"
DESCRIBE = (
    "insert into agui_message as old (thread_id, id, role, run_first, position, model,"
    " input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, cost, usd,"
    " milliseconds, text) values (:id, :message_id, :role, :run_first, :position, :model,"
    " :input_tokens, :output_tokens, :cached_tokens, :cache_write_tokens, :reasoning_tokens, :cost,"
    " :usd, :milliseconds, :text) on conflict (thread_id, id) do update set "
) + ", ".join(
    f"{name} = coalesce(excluded.{name}, old.{name})"
    for name in (
        *("role", "run_first", "position", "model", "input_tokens", "output_tokens"),
        *("cached_tokens", "cache_write_tokens", "reasoning_tokens", "cost", "usd"),
        *("milliseconds", "text"),
    )
)
MEASURED = (
    "select thread_id, run_first, id, milliseconds, input_tokens, output_tokens, cached_tokens,"
    " cache_write_tokens, reasoning_tokens, cost, usd, (select run.prices from agui_run as run"
    " where run.thread_id = agui_message.thread_id and run.first = agui_message.run_first)"
    " as prices from agui_message where thread_id in (select each.value from {each_ids})"
    " and coalesce(milliseconds, input_tokens, output_tokens, cached_tokens, cache_write_tokens,"
    " reasoning_tokens) is not null order by run_first, position, id"
)

# Runs

LATEST = f"select {RUN} from agui_run where thread_id = :id order by first desc limit 1"
RUNS = (
    f"select {RUN} from agui_run where thread_id in (select each.value from {{each_ids}})"
    " order by first"
)
BEGIN = (
    "insert into agui_run (thread_id, first, run_id, agent, owner, fingerprint, status, started,"
    " schema_version, bytes) values (:id, :first, :run_id, :agent, :owner, :fingerprint, :status,"
    " :started, :schema_version, 0)"
)
FINISH = (
    "update agui_run set status = :status, ended = :ended, bytes = :bytes,"
    " error_code = :error_code, model = :model, provider = :provider,"
    " input_tokens = :input_tokens, output_tokens = :output_tokens,"
    " cached_tokens = :cached_tokens, cache_write_tokens = :cache_write_tokens,"
    " reasoning_tokens = :reasoning_tokens, cost = :cost, usd = :usd, prices = :prices,"
    " first_event_seconds = :first_event_seconds"
    " where thread_id = :id and first = :first"
)
OLDEST = "select first, bytes from agui_run where thread_id = :id order by first limit 2"
COUNT = "select count(*) as runs from agui_run where thread_id = :id"
FORGET = (
    "delete from agui_run where thread_id = :id and first < :first",
    "delete from agui_chunk where thread_id = :id and last < :first",
    "update agui_thread set first = :first, size = size - :bytes where id = :id",
)
TO_COMPACT = (  # as an expression: in the order of threads a database would go through all runs
    "select distinct thread_id || '' as thread_id from agui_run"
    " where not compacted and ended <= {now} - :age limit :limit"
)
UNCOMPACTED = (
    f"select {RUN} from agui_run where thread_id = :id and not compacted"
    " and ended <= {now} - :age order by first"
)
NEXT = "select min(first) as first from agui_run where thread_id = :id and first > :first"
COMPACTED = (
    "update agui_run set compacted = :yes, bytes = :bytes"
    " where thread_id = :id and first = :first and not compacted and ended is not null"
    " returning bytes"
)
DROP = "delete from agui_chunk where thread_id = :id and first >= :first and last <= :last"
PUT = (
    "insert into agui_chunk (thread_id, last, first, run_id, written, bytes, compacted, events)"
    " values (:id, :last, :first, :run_id, {now}, :bytes, :yes, :events)"
)
RESIZE = "update agui_thread set size = size + :bytes where id = :id"
SPENT = "select bytes from agui_run where thread_id = :id and first = :first"

_OF_DAY = "cast(round(cast(started / 86400 as numeric) - 0.5) as bigint)"
_TOKENS = (
    "coalesce(input_tokens, output_tokens, cached_tokens, cache_write_tokens, reasoning_tokens)"
)
_SUMS = (
    "prices, count(*) as runs, sum(1.0 * input_tokens) as input_tokens,"  # no integer is too large
    " sum(1.0 * output_tokens) as output_tokens, sum(1.0 * cached_tokens) as cached_tokens,"
    " sum(1.0 * cache_write_tokens) as cache_write_tokens,"
    " sum(1.0 * reasoning_tokens) as reasoning_tokens,"
    f" sum(cost) as cost, sum(case when {_TOKENS} is not null and cost is null then 1 else 0 end)"
    " as unpriced, sum(ended - started) as seconds"
)
_KEYS: Mapping[UsageBy, tuple[str, str]] = {
    "model": ("model", "model, "),
    "agent": ("agent", "agent, "),
    "day": (_OF_DAY, f"{_OF_DAY}, "),
    "thread": ("thread_id", "thread_id, "),
    "all": ("'all'", ""),
}
"""What is selected as the key, and by what rows are grouped for that."""
_ENDED = (
    "from agui_run where (:any_owner or owner = :owner) and started >= :since"
    " and ended is not null group by"
)
USAGE: Mapping[UsageBy, str] = {
    by: f"select {key} as key, {_SUMS} {_ENDED} {group}prices" for by, (key, group) in _KEYS.items()
}

_MILLISECONDS = "cast(round(cast(1000 * ({seconds}) as numeric)) as bigint)"
_COUNTED: Mapping[Counted, str] = {
    "duration": _MILLISECONDS.format(seconds="ended - started"),
    "first_event": _MILLISECONDS.format(seconds="first_event_seconds"),
    "failure": "case when status = 'failed' then coalesce(error_code, '') end",
}
TALLIES: Mapping[UsageBy, Mapping[Counted, str]] = {
    by: {
        of: f"select {key} as key, {value} as value, count(*) as runs {_ENDED} {group}{value}"
        for of, value in _COUNTED.items()
    }
    for by, (key, group) in _KEYS.items()
}

# Counters

COUNT_UP = (
    "insert into agui_counter as old (id, amount, until)"
    " values (:id, :amount, {now} + cast(:seconds as double precision))"
    " on conflict (id) do update set until = excluded.until, amount = excluded.amount"
    " + case when old.until > {now} then old.amount else 0 end returning amount"
)
COUNTED = (
    "select id, amount from agui_counter where until > {now}"
    " and id in (select each.value from {each_ids})"
)
FORGET_COUNTERS = "delete from agui_counter where until <= {now}"

# Places. `{turn}` lets one step at a time go on in the scope `each.value`, until it has ended.

TURNS = "select {turn} as turn from {each_scopes}"
OPEN_PLACES = (
    "select scope, count(*) as taken from agui_place where until > {now}"
    " and scope in (select each.value from {each_scopes})"
    " and id not in (select each.value from {each_ids}) group by scope"
)
TAKE_PLACE = (
    "insert into agui_place (id, scope, until)"
    " values (:id, :scope, {now} + cast(:seconds as double precision))"
    " on conflict (id, scope) do update set until = excluded.until"
)
RENEW_PLACES = (
    "update agui_place set until = {now} + cast(:seconds as double precision)"
    " where id in (select each.value from {each_ids})"
)
FREE_PLACES = "delete from agui_place where id in (select each.value from {each_ids})"
FORGET_PLACES = "delete from agui_place where until <= {now} - 3600"

# States

LOAD = "select payload, version from agui_state where thread_id = :id and agent = :agent"
VERSION = "select version, nonce from agui_state where thread_id = :id and agent = :agent{lock}"
SAVE = (
    "insert into agui_state (thread_id, agent, version, schema_version, saved, nonce, payload)"
    " values (:id, :agent, 1, :schema_version, :saved, :nonce, :payload)"
    " on conflict (thread_id, agent) do update set version = agui_state.version + 1,"
    " schema_version = excluded.schema_version, saved = excluded.saved, nonce = excluded.nonce,"
    " payload = excluded.payload returning version"
)
UNSAVE = "delete from agui_state where thread_id = :id and (:any_agent or agent = :agent)"
KEYS = (
    "select state.thread_id, state.agent from agui_state as state"
    " join agui_thread as thread on thread.id = state.thread_id"
    " where (state.thread_id, state.agent) > (:after_id, :after_agent)"
    " and (:any_thread or state.thread_id = :id) and (thread.updated >= :oldest"
    " or thread.token is not null)"
    " order by state.thread_id, state.agent limit :limit"
)

# All threads, after a backup was put back

RESTORED = "select id from agui_thread"
ANEW = "update agui_thread set epoch = :epoch, until = 0 where id = :id"

# All threads, looked at and derived anew

COUNTS = (
    "select (select count(*) from agui_thread) as threads, (select count(*) from agui_run) as runs,"
    " (select coalesce(sum(seq - first + 1), 0) from agui_thread) as events,"
    " (select coalesce(sum(size), 0) from agui_thread) as bytes,"
    " (select count(*) from agui_state) as states"
)
THREADS = (
    "select id, epoch, first, seq from agui_thread where id > :after and token is null"
    " order by id limit :limit"
)
WEIGH_RUNS = (
    "update agui_run set bytes = coalesce((select sum(chunk.bytes) from agui_chunk as chunk"
    " where chunk.thread_id = agui_run.thread_id and chunk.first >= agui_run.first"
    " and chunk.last < coalesce((select min(later.first) from agui_run as later"
    " where later.thread_id = agui_run.thread_id and later.first > agui_run.first),"
    " chunk.last + 1)), 0) where thread_id = :id"
)
WEIGH = (
    "update agui_thread set size = coalesce((select sum(bytes) from agui_chunk"
    " where thread_id = :id), 0) where id = :id"
)
