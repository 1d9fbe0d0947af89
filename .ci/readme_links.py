"""Gives the built package the README with links that lead somewhere from an index, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")
BRANCH = "blob/main"


class CustomMetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text()
        home = metadata["urls"]["Homepage"]
        absolute = LINK.sub(rf"]({home}/{BRANCH}/\1)", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute}
