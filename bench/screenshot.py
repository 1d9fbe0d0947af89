"""A page as a PNG, taken by the browser that the tests have."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def photograph(page: str, width: int, height: int, picture: Path) -> None:
    """Without a browser only the HTML is written, beside where the picture would be."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        picture.with_suffix(".html").write_text(page)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        file.write_text(page)
        size = f"--window-size={width},{height}"
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
        profile = f"--user-data-dir={folder}/profile"
        shot = f"--screenshot={picture.absolute()}"
        subprocess.run(
            [browser, *words, profile, shot, file.as_uri()], check=True, capture_output=True
        )
