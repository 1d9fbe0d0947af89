"""A hot standby of a PostgreSQL server of the tests."""

from __future__ import annotations

import time
from types import TracebackType

from tests.stores.postgres_server import PostgresServer


class Standby(PostgresServer):
    """Follows the primary from the `with` on, until it is promoted."""

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary

    def __enter__(self) -> Standby:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.resume()
        self.stop()

    def catch_up(self) -> None:
        """Return when it has all that the primary has."""
        place = self._primary.value("select pg_current_wal_lsn()")
        while self.value(f"select pg_last_wal_replay_lsn() >= '{place}'") != "t":
            time.sleep(0.05)

    def stop_following(self) -> None:
        """Receive nothing more."""
        self.command("alter system set primary_conninfo = ''")
        self.command("select pg_reload_conf()")
        while self.value("select count(*) from pg_stat_wal_receiver") != "0":
            time.sleep(0.05)

    def _fill_folder(self) -> None:
        where = ("-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "agui")
        options = ("--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf")
        self.run("pg_basebackup", *where, *options, "-D", str(self.folder / "data"))
