"""What can think: each connector makes an `Agent` out of something, that is, turns it into AG-UI events."""
