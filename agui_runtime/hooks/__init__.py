"""What watches runs; a hook can neither stop nor change one."""
