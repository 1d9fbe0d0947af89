"""`agui-runtime new`: the files of an application, to begin with."""

from agui_runtime.commands.new.command import add_new_command

__all__ = ["add_new_command"]
