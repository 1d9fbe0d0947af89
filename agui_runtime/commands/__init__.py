"""The command line: `cli` has the commands; `db`, `state` and `threads` have a module each."""
