"""What can think: each connector makes an `Agent`, a source of AG-UI events, out of something."""
