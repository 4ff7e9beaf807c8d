"""The pictures of docs/ can be taken anew, and show something."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.screenshots import IMAGES, PICTURES, take


def test_every_picture_can_be_taken_and_none_is_blank(browser: Browser, tmp_path: Path) -> None:
    taken = list(take(browser, tmp_path))

    assert [file.stem for file in taken] == [shot.name for shot in PICTURES]
    assert min(file.stat().st_size for file in taken) > 20_000


def test_the_pictures_of_the_documentation_are_these() -> None:
    assert {file.stem for file in IMAGES.glob("*.png")} == {shot.name for shot in PICTURES}
