"""A Chromium without a window: the system's own, or the one that CHROMIUM names."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return the path of the browser. Without one these tests fail: they are run where a browser is required."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium: install the package chromium, or name one in the variable CHROMIUM")
    return found


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Browser]:
    arguments = ["--disable-background-networking"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to run as root
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        await browser.close()
