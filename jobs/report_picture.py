"""Make a picture of a report: `python jobs/report_picture.py REPORT.html PICTURE.png`, with a Chromium of your own.

`--dark` for the dark theme, `--width` and `--height` in pixels, `--at SECTION` to begin at a section.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take_picture(report: Path, picture: Path, *, dark: bool, width: int, height: int, at: str | None) -> None:
    """Open the file offline, as its reader would, and write what the window shows as PNG.

    Raises:
        FileNotFoundError: there is no Chromium on the PATH.
        ValueError: the report has no section of that name.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise FileNotFoundError(f"none of {', '.join(BROWSERS)} is on the PATH; install Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        window: Any = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        context = window.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            offline=True,
        )
        page = context.new_page()
        page.goto(report.resolve().as_uri())
        if at is not None:
            section = page.query_selector(f"[id='{at}']")
            if section is None:
                names = [one.get_attribute("id") for one in page.query_selector_all("section[id]")]
                raise ValueError(f"{report} has no section {at!r}; it has {', '.join(map(str, names))}")
            section.evaluate("section => section.scrollIntoView()")
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(picture))
        window.close()


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, make the picture, say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1500)
    parser.add_argument("--at", metavar="SECTION")
    given = parser.parse_args(arguments)
    take_picture(given.report, given.picture, dark=given.dark, width=given.width, height=given.height, at=given.at)
    print(f"{given.picture}: {given.picture.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
